//! Line requests on the GPIO character device (uapi v2, include/uapi/linux/gpio.h).
//!
//! A chip is found by its label, never by its number: numbers change with the kernel (Raspberry Pi 5).

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use gpiocdev_uapi::v2::{
    LineConfig, LineFlags, LineRequest, LineValues, Name, Offsets, get_chip_info, get_line, get_line_info,
    get_line_values, set_line_config,
};

use crate::hal::{Direction, HalFault};

/// A line of a chip, as board data names it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    /// By its number on the chip.
    Offset(u32),
    /// By the name the kernel gives it (device tree `gpio-line-names`).
    Named(&'a str),
}

/// Requests one line. An output keeps the level it has, so a restart does not switch a relay; an input
/// tells its edges where `settle` says how long a bounce may last.
pub(crate) fn request(
    dev: &Path,
    label: &str,
    place: Place<'_>,
    direction: Direction,
    settle: Option<Duration>,
) -> Result<OwnedFd, HalFault> {
    let (chip, lines) = chip_labelled(dev, label)?;
    let offset = match place {
        Place::Offset(offset) => offset,
        Place::Named(name) => offset_named(&chip, lines, name)
            .ok_or_else(|| HalFault::NoLine { chip: label.to_owned(), line: name.to_owned() })?,
    };
    let refused = |error: gpiocdev_uapi::Error| HalFault::Request {
        chip: label.to_owned(),
        offset,
        error: io::Error::other(error.to_string()),
    };
    let held = get_line(&chip, as_is(offset)).map_err(refused)?;
    let mut level = LineValues { bits: 0, mask: 1 };
    get_line_values(&held, &mut level).map_err(refused)?;
    set_line_config(&held, config(direction, level, settle)).map_err(refused)?;
    Ok(OwnedFd::from(held))
}

fn as_is(offset: u32) -> LineRequest {
    LineRequest {
        offsets: Offsets::from_slice(&[offset]),
        consumer: Name::from_bytes(b"hearth"),
        num_lines: 1,
        ..LineRequest::default()
    }
}

fn config(direction: Direction, level: LineValues, settle: Option<Duration>) -> LineConfig {
    let mut config = LineConfig::default();
    match direction {
        Direction::In => {
            config.flags = LineFlags::INPUT;
            if let Some(settle) = settle {
                config.flags |= LineFlags::EDGE_RISING | LineFlags::EDGE_FALLING;
                if !settle.is_zero() {
                    // The kernel settles the line itself where its driver cannot; then it reads as it settled last.
                    config.add_debounce(u32::try_from(settle.as_micros()).unwrap_or(u32::MAX), 1);
                }
            }
        }
        Direction::Out => {
            config.flags = LineFlags::OUTPUT;
            config.num_attrs = 1;
            let attribute = config.attr_mut(0);
            attribute.mask = level.mask;
            attribute.attr.set_values(level.bits);
        }
    }
    config
}

fn chip_labelled(dev: &Path, label: &str) -> Result<(File, u32), HalFault> {
    let listed = std::fs::read_dir(dev).map_err(|error| HalFault::Open { path: dev.to_owned(), error })?;
    let mut seen = Vec::new();
    for entry in listed.flatten().filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"gpiochip")) {
        let opened = File::options().read(true).write(true).open(entry.path());
        let chip = opened.map_err(|error| HalFault::Open { path: entry.path(), error })?;
        let Ok(info) = get_chip_info(&chip) else { continue };
        let found = info.label.as_os_str().to_string_lossy().into_owned();
        if found == label {
            return Ok((chip, info.num_lines));
        }
        seen.push(found);
    }
    Err(HalFault::NoChip { label: label.to_owned(), seen: seen.join(", ") })
}

fn offset_named(chip: &File, lines: u32, name: &str) -> Option<u32> {
    (0..lines).find(|offset| get_line_info(chip, *offset).is_ok_and(|info| info.name.as_os_str() == name))
}
