//! Reading and driving a line through its descriptor: what the `lines` hand does.
//!
//! No opening, no names: a grant says what the descriptor is and whether it may be driven.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use gpiocdev_uapi::v2::{LineValues, get_line_values, set_line_values};

use super::{linux::i2c, sim};
use crate::wire::hand::{LineGrant, LineKind};

/// Longest text of a sysfs number.
const NUMBER_BYTES: usize = 64;

/// The value on the line: 0 or 1 for off and on, percent for PWM, the raw number of a reading.
///
/// # Errors
/// The system's answer, or `InvalidData` where there is no number.
pub fn get(line: &File, grant: LineGrant) -> io::Result<f64> {
    Ok(turned(level(line, grant)?, grant))
}

/// The other way round for a thing that is on while its line is low; a reading has no such way.
fn turned(value: f64, grant: LineGrant) -> f64 {
    if !grant.active_low {
        return value;
    }
    if grant.period_ns > 0 { 100.0 - value } else { f64::from(u8::from(value == 0.0)) }
}

fn level(line: &File, grant: LineGrant) -> io::Result<f64> {
    match grant.kind {
        LineKind::Simulated => sim::level(line),
        LineKind::Reading => number(line),
        LineKind::I2cWord => i2c::word(line, grant.register).map(f64::from),
        LineKind::Pwm => Ok(percent(number(line)?, grant.period_ns)),
        LineKind::Digital => {
            let mut values = LineValues { bits: 0, mask: 1 };
            get_line_values(line, &mut values).map_err(system)?;
            Ok(f64::from(u8::from(values.bits & 1 == 1)))
        }
    }
}

/// Drives the line to a value.
///
/// # Errors
/// `PermissionDenied` for a line that is not granted for writing, the system's answer else.
pub fn set(line: &File, grant: LineGrant, value: f64) -> io::Result<()> {
    if !grant.writable {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let value = turned(value, grant);
    match grant.kind {
        LineKind::Simulated => sim::put(line, sim::Field::Drive, Some(value)),
        LineKind::Reading | LineKind::I2cWord => Err(io::ErrorKind::PermissionDenied.into()),
        LineKind::Pwm => line.write_all_at(format!("{:.0}", duty(value, grant.period_ns)).as_bytes(), 0),
        LineKind::Digital => {
            let values = LineValues { bits: u64::from(value != 0.0), mask: 1 };
            set_line_values(line, &values).map_err(system)
        }
    }
}

fn number(line: &File) -> io::Result<f64> {
    let mut bytes = [0; NUMBER_BYTES];
    let length = line.read_at(&mut bytes, 0)?;
    let text = std::str::from_utf8(&bytes[..length]).unwrap_or_default();
    text.trim().parse().map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the attribute holds no number"))
}

#[allow(clippy::cast_precision_loss, reason = "periods are far below 2^52 ns")]
fn percent(duty_ns: f64, period_ns: u64) -> f64 {
    if period_ns == 0 { 0.0 } else { (duty_ns * 100.0 / period_ns as f64).round() }
}

#[allow(clippy::cast_precision_loss, reason = "periods are far below 2^52 ns")]
fn duty(percent: f64, period_ns: u64) -> f64 {
    (period_ns as f64 * percent.clamp(0.0, 100.0) / 100.0).round()
}

fn system(error: gpiocdev_uapi::Error) -> io::Error {
    io::Error::other(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pwm_channel_is_driven_in_percent_and_read_back() {
        let path = std::env::temp_dir().join(format!("hearth-duty-{}", std::process::id()));
        std::fs::write(&path, "0\n").expect("written");
        let file = File::options().read(true).write(true).open(&path).expect("opened");
        let grant =
            LineGrant { kind: LineKind::Pwm, period_ns: 1_000_000, writable: true, active_low: false, register: 0 };
        set(&file, grant, 42.0).expect("set");
        assert!((get(&file, grant).expect("read") - 42.0).abs() < f64::EPSILON);
        let inverted = LineGrant { active_low: true, ..grant };
        assert!((get(&file, inverted).expect("read") - 58.0).abs() < f64::EPSILON);
        let locked = LineGrant { writable: false, ..grant };
        assert_eq!(set(&file, locked, 1.0).map_err(|e| e.kind()), Err(io::ErrorKind::PermissionDenied));
        std::fs::write(&path, "hot\n").expect("spoilt");
        assert!(get(&file, grant).is_err());
        std::fs::remove_file(path).expect("cleaned");
    }
}
