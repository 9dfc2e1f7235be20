//! Sysfs attributes that act as lines: PWM channels.
//!
//! `/sys/class/pwm` (Documentation/driver-api/pwm.rst): a channel is exported, its period set and
//! enabled here; the descriptor of `duty_cycle` is what crosses to the hand.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use crate::hal::HalFault;

/// Opens a PWM channel's `duty_cycle` with the channel enabled at `period_ns`.
pub(crate) fn open_pwm(chip: &Path, channel: u32, period_ns: u64) -> Result<OwnedFd, HalFault> {
    let folder = chip.join(format!("pwm{channel}"));
    if !folder.exists() {
        put(&chip.join("export"), &channel.to_string())?;
    }
    let period = folder.join("period");
    let wanted = period_ns.to_string();
    // A channel that runs at this period keeps its level; a duty above a new period is refused by the kernel.
    if std::fs::read_to_string(&period).ok().is_none_or(|now| now.trim() != wanted) {
        put(&folder.join("duty_cycle"), "0")?;
        put(&period, &wanted)?;
    }
    put(&folder.join("enable"), "1")?;
    open(folder.join("duty_cycle"))
}

fn put(path: &Path, text: &str) -> Result<(), HalFault> {
    std::fs::write(path, text).map_err(|error| HalFault::Open { path: path.to_owned(), error })
}

fn open(path: PathBuf) -> Result<OwnedFd, HalFault> {
    match File::options().read(true).write(true).open(&path) {
        Ok(file) => Ok(file.into()),
        Err(error) => Err(HalFault::Open { path, error }),
    }
}
