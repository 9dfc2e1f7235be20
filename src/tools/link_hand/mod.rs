//! The body of a `link` hand: it joins a broker and passes bytes on, holding TLS and the credentials.
//!
//! Descriptors: the connected socket, one end of a pair whose other end the brain holds, then the files
//! of authorities and of a certificate as `Join` names them. Until the handshake is done and the tickets
//! are redeemed nothing is passed on; then the first packet gets its credentials, and what comes back is
//! looked through for them.

mod far;
mod pump;

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use super::pem;
use super::vouchers::{Redeemed, Vouchers};
use crate::base::limits::MQTT_GREETING;
use crate::base::{Code, Fault};
use crate::guard::spill::Spill;
use crate::keeper::message::Value;
use crate::net::stream::Patient;
use crate::net::tls::{self, Trust};
use crate::sandbox::Port;
use crate::wire::PacketFault;
use crate::wire::hand::{Outcome, Work};
use crate::wire::net::{Ask, Join, Told};
use far::Far;
use pump::Pump;

pub(super) fn body(port: &mut Port, descriptors: Vec<OwnedFd>) -> Result<(), PacketFault> {
    let mut vouchers = Vouchers::new(port.take_keeper());
    let mut descriptors = descriptors.into_iter();
    while let Some((id, work)) = port.take()? {
        match work {
            Work::Net(Ask::Greet) => {
                port.reply(id, vouchers.greet().map(|connections| Outcome::Net(Told::Greeted(connections))))?;
            }
            Work::Net(Ask::Join(join)) => match prepare(&join, &mut vouchers, &mut descriptors) {
                Ok(mut pump) => {
                    port.reply(id, Ok(Outcome::Done))?;
                    // The end of either side is the end of this hand. Why is said first: the brain asks when it
                    // sees its stream close.
                    let Err(ended) = pump.run();
                    return port.reply(0, Err(Fault::new(Code::Unavailable, ended.to_string())));
                }
                Err(fault) => port.reply(id, Err(fault))?,
            },
            other => port.reply(id, Err(Fault::new(Code::Refused, format!("a link hand does not do {other:?}"))))?,
        }
    }
    Ok(())
}

fn prepare(
    join: &Join,
    vouchers: &mut Vouchers,
    descriptors: &mut impl Iterator<Item = OwnedFd>,
) -> Result<Pump, Fault> {
    let missing = || Fault::new(Code::BadInput, "a link hand needs a socket and a stream");
    let socket = descriptors.next().ok_or_else(missing)?;
    let near = UnixStream::from(descriptors.next().ok_or_else(missing)?);
    let roots = if join.roots { Some(pem::read(descriptors.next())?) } else { None };
    let certificate = if join.certificate { Some(pem::read(descriptors.next())?) } else { None };
    // The client's key is part of the handshake, so tickets come first here; the password is written
    // only to a broker whose certificate was accepted.
    let Redeemed { values, spill } = vouchers.redeem(&join.vouchers, &join.host)?;
    let marked = |mark: &str| {
        let at = join.vouchers.iter().position(|voucher| voucher.mark == mark);
        at.and_then(|at| values.get(at)).cloned()
    };
    let (password, key) = (marked("password"), marked("key"));
    let far = shake(join, socket, roots.as_deref(), certificate.as_deref(), key.as_ref())
        .map_err(|fault| if spill.is_in(fault.message.as_bytes()) { silent(fault.code) } else { fault })?;
    let login = match (join.user.is_empty(), password) {
        (true, None) => None,
        (false, Some(password)) => Some((join.user.clone(), password)),
        _ => return Err(Fault::new(Code::BadInput, "a user name and a password go together")),
    };
    // The key has done its work; only the password is looked for from here on, if there is one.
    let spill = login.as_ref().map_or_else(|| Spill::of([]), |(_, password)| Spill::of([password.0.as_slice()]));
    Ok(Pump::new(far, near, login, spill))
}

fn silent(code: Code) -> Fault {
    Fault::new(code, "the broker was not joined; why would tell a secret")
}

fn shake(
    join: &Join,
    socket: OwnedFd,
    roots: Option<&[u8]>,
    certificate: Option<&[u8]>,
    key: Option<&Value>,
) -> Result<Far, Fault> {
    let mut socket = Patient::new(socket, Some(MQTT_GREETING));
    if !join.tls {
        return Ok(Far::plain(socket.into_inner()));
    }
    let client = match (certificate, key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some((certificate, key.0.as_slice())),
        _ => return Err(Fault::new(Code::BadInput, "a client's certificate and its key go together")),
    };
    let trust = Trust { roots, web: roots.is_none(), client, floor_ms: join.floor_ms };
    let mut session = tls::session(&join.host, &trust)?;
    while session.is_handshaking() {
        session.complete_io(&mut socket).map_err(|error| tls::shaken(&join.host, &error))?;
    }
    Ok(Far::tls(session, socket.into_inner()))
}
