//! Whether the end of a terminal is to end this process.
//!
//! `nohup` starts a process with SIGHUP ignored; whoever installs a handler for it would undo that.

/// Whether this process was started with SIGHUP ignored. Told by `/proc/self/status`, whose SigIgn is a mask of signals
/// (proc(5)); without it nothing was ignored.
#[must_use]
pub fn is_ignored() -> bool {
    ignored(&std::fs::read_to_string("/proc/self/status").unwrap_or_default())
}

fn ignored(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 << (nix::libc::SIGHUP - 1) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bit_of_the_mask_is_the_hangup() {
        assert!(ignored("Name:\thearth\nSigIgn:\t0000000000000001\n") && ignored("SigIgn:\t0000000000001003\n"));
        for other in ["SigIgn:\t0000000000001002\n", "SigIgn:\tfffffffffffffffe\n", "SigIgn:\t\n", ""] {
            assert!(!ignored(other), "{other}");
        }
    }
}
