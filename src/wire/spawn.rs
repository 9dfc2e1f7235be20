//! Messages between the brain and the spawner, as ordinary values (`schemas/spawn.fbs`).

use flatbuffers::FlatBufferBuilder;

use super::generated::spawn as fb;
pub use super::generated::spawn::Class;
use super::verify::same_version;
use super::{VERSION, WireFault, read};
use crate::base::{Code, Fault};

/// Connections that a hand makes to the keeper before it is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtKeeper {
    /// The keeper's socket, an absolute path.
    pub socket: String,
    /// How many; one for each ticket.
    pub connections: u8,
}

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
        /// Its connections to the keeper, made before it is sealed.
        keeper: Option<AtKeeper>,
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

/// One attempt of a forbidden act (`Tried` of the schema; the numbers' meaning is the sandbox's).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The class of hand that tried.
    pub class: u8,
    /// The act.
    pub act: u8,
    /// The wall that stood.
    pub wall: u8,
    /// What came of it.
    pub verdict: u8,
    /// An errno or a signal.
    pub number: i32,
}

/// What a probe child found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// Walls that can be raised, as bits.
    pub raised: u32,
    /// Walls that were taken away for a test, as bits.
    pub lowered: u32,
    /// Every attempt.
    pub tried: Vec<Tried>,
}

/// The buffer of a probe's report.
#[must_use]
pub fn encode_probed(probed: &Probed) -> Vec<u8> {
    let mut b = FlatBufferBuilder::new();
    let tried: Vec<_> =
        probed.tried.iter().map(|t| fb::Tried::new(t.class, t.act, t.wall, t.verdict, t.number)).collect();
    let tried = Some(b.create_vector(&tried));
    let args = fb::ProbedArgs { version: VERSION, raised: probed.raised, lowered: probed.lowered, tried };
    let report = fb::Probed::create(&mut b, &args);
    b.finish_minimal(report);
    b.finished_data().to_vec()
}

/// The probe's report in a buffer.
///
/// # Errors
/// Whatever makes the buffer not a report of this version.
pub fn decode_probed(bytes: &[u8]) -> Result<Probed, WireFault> {
    let probed = read::<fb::Probed<'_>>(bytes)?;
    same_version(probed.version())?;
    let plain = |t: &fb::Tried| Tried {
        class: t.class(),
        act: t.act(),
        wall: t.wall(),
        verdict: t.verdict(),
        number: t.number(),
    };
    let tried = probed.tried().iter().map(plain).collect();
    Ok(Probed { raised: probed.raised(), lowered: probed.lowered(), tried })
}

/// The buffer of an order.
#[must_use]
pub fn encode_order(order: &Order) -> Vec<u8> {
    let mut b = FlatBufferBuilder::new();
    let (order_type, order) = match order {
        Order::Spawn { ticket, class, cpu_seconds, keeper } => {
            let connections = keeper.as_ref().map_or(0, |keeper| keeper.connections);
            let keeper = keeper.as_ref().map(|keeper| b.create_string(&keeper.socket));
            let (ticket, class, cpu_seconds) = (*ticket, *class, *cpu_seconds);
            let args = fb::SpawnArgs { ticket, class, cpu_seconds, connections, keeper };
            (fb::Order::Spawn, fb::Spawn::create(&mut b, &args).as_union_value())
        }
        Order::Kill { ticket } => {
            (fb::Order::Kill, fb::Kill::create(&mut b, &fb::KillArgs { ticket: *ticket }).as_union_value())
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
        let keeper = spawn.keeper().filter(|_| spawn.connections() > 0);
        let keeper = keeper.map(|socket| AtKeeper { socket: socket.to_owned(), connections: spawn.connections() });
        let (ticket, class, cpu_seconds) = (spawn.ticket(), spawn.class(), spawn.cpu_seconds());
        return Ok(Order::Spawn { ticket, class, cpu_seconds, keeper });
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
        let keeper = Some(AtKeeper { socket: "/run/k".into(), connections: 2 });
        for order in [
            Order::Spawn { ticket: 1, class: Class::Lines, cpu_seconds: 4, keeper: None },
            Order::Spawn { ticket: 1, class: Class::Net, cpu_seconds: 4, keeper },
            Order::Kill { ticket: u64::MAX },
        ] {
            assert_eq!(decode_order(&encode_order(&order)), Ok(order));
        }
        for event in [
            Event::Started { ticket: 1, pid: 77 },
            Event::Refused { ticket: 2, fault: Fault::new(Code::Full, "too many hands") },
            Event::Ended { ticket: 3, pid: 78, status: 0, signal: 31 },
        ] {
            assert_eq!(decode_event(&encode_event(&event)), Ok(event));
        }
        let tried = Tried { class: 3, act: 19, wall: 255, verdict: 2, number: -31 };
        let probed = Probed { raised: 5, lowered: 2, tried: vec![tried; 700] };
        assert_eq!(decode_probed(&encode_probed(&probed)), Ok(probed));
    }

    proptest::proptest! {
        #[test]
        fn bytes_from_outside_never_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = decode_order(&bytes);
            let _ = decode_event(&bytes);
            let _ = decode_probed(&bytes);
        }
    }
}
