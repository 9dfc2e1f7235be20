//! Faults of the home, with their places in the settings that a person edits.

use crate::base::KeyFault;
use crate::config::Config;
use crate::home::HomeFault;

/// A fault of the home with its place in the settings.
pub(super) fn in_config(config: &Config, fault: &HomeFault) -> KeyFault {
    let mut told = KeyFault::of_file(config.origin(), fault.message.clone());
    told.key = format!("home.{}", fault.path);
    told.line = config.line_of(&fault.path);
    told
}
