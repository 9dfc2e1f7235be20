//! Messages between the brain and the spawner, as ordinary values (`schemas/spawn.fbs`).

use flatbuffers::FlatBufferBuilder;

use super::generated::spawn as fb;
pub use super::generated::spawn::Class;
use super::verify::same_version;
use super::{VERSION, WireFault, read};
use crate::base::{Code, Fault};

/// What the brain asks of the spawner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Make a hand; its socket and its descriptors travel beside this, in that order.
    Spawn {
        /// The brain's number for the hand.
        ticket: u64,
        /// Which job.
        class: Class,
        /// Processor time it may use, in seconds; 0 for a long-lived hand.
        cpu_seconds: u32,
    },
    /// End a hand at once.
    Kill {
        /// The number it was made under.
        ticket: u64,
    },
}

/// What the spawner tells the brain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The hand was forked (it seals itself before it reads).
    Started {
        /// The brain's number.
        ticket: u64,
        /// Its process id.
        pid: u32,
    },
    /// The hand was not made.
    Refused {
        /// The brain's number.
        ticket: u64,
        /// Why.
        fault: Fault,
    },
    /// The hand has ended and was reaped.
    Ended {
        /// The brain's number.
        ticket: u64,
        /// Its process id.
        pid: u32,
        /// Exit status where it exited.
        status: i32,
        /// Signal that ended it, or 0.
        signal: i32,
    },
}

/// The buffer of an order.
#[must_use]
pub fn encode_order(order: &Order) -> Vec<u8> {
    let mut b = FlatBufferBuilder::new();
    let (order_type, order) = match *order {
        Order::Spawn { ticket, class, cpu_seconds } => {
            let args = fb::SpawnArgs { ticket, class, cpu_seconds };
            (fb::Order::Spawn, fb::Spawn::create(&mut b, &args).as_union_value())
        }
        Order::Kill { ticket } => {
            (fb::Order::Kill, fb::Kill::create(&mut b, &fb::KillArgs { ticket }).as_union_value())
        }
    };
    let request = fb::Request::create(&mut b, &fb::RequestArgs { version: VERSION, order_type, order: Some(order) });
    b.finish_minimal(request);
    b.finished_data().to_vec()
}

/// The order in a buffer.
///
/// # Errors
/// Whatever makes the buffer not an order of this version.
pub fn decode_order(bytes: &[u8]) -> Result<Order, WireFault> {
    let request = read::<fb::Request<'_>>(bytes)?;
    same_version(request.version())?;
    if let Some(spawn) = request.order_as_spawn() {
        return Ok(Order::Spawn { ticket: spawn.ticket(), class: spawn.class(), cpu_seconds: spawn.cpu_seconds() });
    }
    if let Some(kill) = request.order_as_kill() {
        return Ok(Order::Kill { ticket: kill.ticket() });
    }
    Err(WireFault::UnknownKind(request.order_type().0))
}

/// The buffer of an event.
#[must_use]
pub fn encode_event(event: &Event) -> Vec<u8> {
    let mut b = FlatBufferBuilder::new();
    let (event_type, event) = match event {
        Event::Started { ticket, pid } => {
            let args = fb::StartedArgs { ticket: *ticket, pid: *pid };
            (fb::Event::Started, fb::Started::create(&mut b, &args).as_union_value())
        }
        Event::Refused { ticket, fault } => {
            let message = Some(b.create_string(&fault.message));
            let args = fb::RefusedArgs { ticket: *ticket, code: fault.code.number(), message };
            (fb::Event::Refused, fb::Refused::create(&mut b, &args).as_union_value())
        }
        Event::Ended { ticket, pid, status, signal } => {
            let args = fb::EndedArgs { ticket: *ticket, pid: *pid, status: *status, signal: *signal };
            (fb::Event::Ended, fb::Ended::create(&mut b, &args).as_union_value())
        }
    };
    let report = fb::Report::create(&mut b, &fb::ReportArgs { version: VERSION, event_type, event: Some(event) });
    b.finish_minimal(report);
    b.finished_data().to_vec()
}

/// The event in a buffer.
///
/// # Errors
/// Whatever makes the buffer not an event of this version.
pub fn decode_event(bytes: &[u8]) -> Result<Event, WireFault> {
    let report = read::<fb::Report<'_>>(bytes)?;
    same_version(report.version())?;
    if let Some(started) = report.event_as_started() {
        return Ok(Event::Started { ticket: started.ticket(), pid: started.pid() });
    }
    if let Some(refused) = report.event_as_refused() {
        let fault = Fault::new(Code::from_number(refused.code()), refused.message());
        return Ok(Event::Refused { ticket: refused.ticket(), fault });
    }
    if let Some(e) = report.event_as_ended() {
        return Ok(Event::Ended { ticket: e.ticket(), pid: e.pid(), status: e.status(), signal: e.signal() });
    }
    Err(WireFault::UnknownKind(report.event_type().0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_and_event_reads_back() {
        for order in [Order::Spawn { ticket: 1, class: Class::Lines, cpu_seconds: 4 }, Order::Kill { ticket: u64::MAX }]
        {
            assert_eq!(decode_order(&encode_order(&order)), Ok(order));
        }
        for event in [
            Event::Started { ticket: 1, pid: 77 },
            Event::Refused { ticket: 2, fault: Fault::new(Code::Full, "too many hands") },
            Event::Ended { ticket: 3, pid: 78, status: 0, signal: 31 },
        ] {
            assert_eq!(decode_event(&encode_event(&event)), Ok(event));
        }
    }

    proptest::proptest! {
        #[test]
        fn bytes_from_outside_never_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = decode_order(&bytes);
            let _ = decode_event(&bytes);
        }
    }
}
