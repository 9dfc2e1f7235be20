//! The body of a `pure` hand: calendars and arithmetic, no descriptor but its socket.

use std::os::fd::OwnedFd;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::expression;
use crate::base::{Code, Fault};
use crate::sandbox::Port;
use crate::wire::PacketFault;
use crate::wire::hand::{Outcome, Work};

pub(super) fn body(port: &mut Port, _none: Vec<OwnedFd>) -> Result<(), PacketFault> {
    while let Some((id, work)) = port.take()? {
        let outcome = match work {
            Work::TellTime { zone, unix_ms } => tell_time(&zone, unix_ms),
            Work::Evaluate { expression } => expression::evaluate(&expression).map(Outcome::Number),
            other => Err(Fault::new(Code::Refused, format!("a pure hand does not do {other:?}"))),
        };
        port.reply(id, outcome)?;
    }
    Ok(())
}

/// RFC 9557 text with the weekday before it.
fn tell_time(zone: &str, unix_ms: i64) -> Result<Outcome, Fault> {
    let bad = |error: jiff::Error| Fault::new(Code::BadInput, error.to_string());
    let zone = TimeZone::get(zone).map_err(bad)?;
    let time = Timestamp::from_millisecond(unix_ms).map_err(bad)?.to_zoned(zone);
    Ok(Outcome::Text(time.strftime("%A %Y-%m-%d %H:%M:%S %:z").to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_time_follows_the_zone() {
        let text = |zone| tell_time(zone, 1_700_000_000_000);
        assert_eq!(text("UTC"), Ok(Outcome::Text("Tuesday 2023-11-14 22:13:20 +00:00".into())));
        assert_eq!(text("Asia/Tokyo"), Ok(Outcome::Text("Wednesday 2023-11-15 07:13:20 +09:00".into())));
        assert_eq!(text("Mars/Olympus").map_err(|f| f.code), Err(Code::BadInput));
    }
}
