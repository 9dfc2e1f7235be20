//! The names of ttys that a serial line may have.

use std::path::PathBuf;

/// The device node behind a name such as `ttyUSB0` or `/dev/ttyAMA0`; `None` for anything else: no other
/// device, no file, no step out of `/dev`.
#[must_use]
pub fn path(text: &str) -> Option<PathBuf> {
    let name = text.strip_prefix("/dev/").unwrap_or(text);
    let numbered = |prefix: &str| {
        let rest = name.strip_prefix(prefix)?;
        let digits = rest.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        (!digits.is_empty() && digits.len() <= 4 && digits.chars().all(|c| c.is_ascii_digit())).then_some(())
    };
    let terminal =
        || name.strip_prefix("pts/").filter(|n| !n.is_empty() && n.len() <= 6 && n.chars().all(|c| c.is_ascii_digit()));
    let by_id = || {
        let rest = name.strip_prefix("serial/by-id/").or_else(|| name.strip_prefix("serial/by-path/"))?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        (!rest.is_empty() && !rest.contains("..") && rest.len() <= 200 && rest.chars().all(plain)).then_some(())
    };
    let ok = numbered("tty").is_some() || numbered("rfcomm").is_some() || terminal().is_some() || by_id().is_some();
    ok.then(|| PathBuf::from("/dev").join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ttys_and_nothing_else() {
        for good in ["ttyUSB0", "/dev/ttyACM0", "ttymxc1", "rfcomm0", "pts/12", "/dev/serial/by-id/usb-FTDI_x-if00"] {
            assert!(path(good).is_some_and(|path| path.starts_with("/dev")), "{good}");
        }
        for bad in [
            "",
            "ttyUSB",
            "COM3",
            "/tmp/ttyUSB0",
            "ttyUSB0/../../passwd",
            "/dev/../etc/passwd",
            "sda1",
            "serial/by-id/..",
            "/dev//dev/ttyS0",
        ] {
            assert_eq!(path(bad), None, "{bad}");
        }
    }
}
