//! A broker behind a `link` hand: the brain gets a plain stream, the hand keeps TLS and credentials.
//!
//! Each connection has a hand of its own. The brain connects, hands over the socket and one end of a
//! pair; the hand redeems its tickets, adds the credentials to the first packet (CONNECT) and passes
//! bytes on both ways until either side ends, and says why. Dropping the stream ends the hand.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream as Pair;
use std::sync::Arc;

use tokio::net::{TcpStream, UnixStream};

mod linked;

pub use linked::Linked;

use super::web::Purse;
use crate::base::limits::{HAND_WALL, KEEPER_MESSAGE, MQTT_GREETING};
use crate::base::{Code, Fault};
use crate::keeper::message::{Place, Use};
use crate::sandbox::{Class, HandLink, Hands};
use crate::wire::hand::{Outcome, Work};
use crate::wire::net::{Ask, Join, Told, Voucher};

/// What tickets of a connection are bought for.
const TOOL: &str = "mqtt";

/// A broker and how it is joined.
#[derive(Debug)]
pub struct Broker {
    /// Its name or address; what its certificate must be for.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether TLS is spoken.
    pub tls: bool,
    /// Authorities (PEM) that are trusted instead of the web's.
    pub roots: Option<OwnedFd>,
    /// The client's certificate (PEM).
    pub certificate: Option<OwnedFd>,
    /// The user name; empty: none.
    pub user: String,
    /// The secret that holds the password; empty: none.
    pub password: String,
    /// The secret that holds the key (PEM) of the client's certificate; empty: none.
    pub key: String,
    /// A time that has surely passed, in milliseconds since 1970.
    pub floor_ms: i64,
}

/// Joins one broker, again and again; cheap to clone.
#[derive(Clone, Debug)]
pub struct Link {
    hands: Hands,
    purse: Option<Purse>,
    broker: Arc<Broker>,
}

impl Link {
    /// A way to this broker; nothing is connected yet.
    #[must_use]
    pub fn new(hands: Hands, purse: Option<Purse>, broker: Broker) -> Self {
        Self { hands, purse, broker: Arc::new(broker) }
    }

    /// Connects, and has a hand join.
    ///
    /// # Errors
    /// Where the broker is not there, its certificate is refused, or the keeper says no.
    pub async fn join(&self) -> Result<Linked, Fault> {
        let broker = &self.broker;
        let away = |error: io::Error| {
            Fault::new(Code::Unavailable, format!("the broker {}:{}: {error}", broker.host, broker.port))
        };
        let far = TcpStream::connect((broker.host.as_str(), broker.port)).await.map_err(away)?;
        far.set_nodelay(true).map_err(away)?;
        let far: OwnedFd = far.into_std().map_err(away)?.into();
        let (near, inner) = Pair::pair().map_err(away)?;
        for end in [&near, &inner] {
            end.set_nonblocking(true).map_err(away)?;
        }
        let secrets = self.secrets();
        let keeper = match (&self.purse, secrets.len()) {
            (_, 0) => None,
            (Some(purse), count) => purse.at_keeper(count),
            (None, _) => return Err(Fault::new(Code::Unavailable, "no keeper is set, so there are no credentials")),
        };
        let files = [broker.roots.as_ref(), broker.certificate.as_ref()].into_iter().flatten().map(AsFd::as_fd);
        let descriptors: Vec<_> = [far.as_fd(), inner.as_fd()].into_iter().chain(files).collect();
        let mut link = self.hands.spawn_at_keeper(Class::Link, 0, &descriptors, keeper).await?;
        drop((far, inner));
        let vouchers = self.buy(&secrets, &mut link).await?;
        let join = Join {
            host: broker.host.clone(),
            user: broker.user.clone(),
            tls: broker.tls,
            roots: broker.roots.is_some(),
            certificate: broker.certificate.is_some(),
            vouchers,
            floor_ms: broker.floor_ms,
        };
        let within = MQTT_GREETING + HAND_WALL + KEEPER_MESSAGE;
        match link.call(&Work::Net(Ask::Join(Box::new(join))), within).await? {
            Outcome::Done => Ok(Linked::new(UnixStream::from_std(near).map_err(away)?, link)),
            _ => Err(Fault::new(Code::Garbage, "the link hand answered something else than that it joined")),
        }
    }

    /// The secrets that a connection needs, with their marks.
    fn secrets(&self) -> Vec<(&str, &'static str, Place, u8)> {
        let all = [
            (self.broker.password.as_str(), "password", Place::Body, 2),
            (self.broker.key.as_str(), "key", Place::Descriptor, 4),
        ];
        all.into_iter().filter(|(secret, ..)| !secret.is_empty()).collect()
    }

    async fn buy(
        &self,
        secrets: &[(&str, &'static str, Place, u8)],
        link: &mut HandLink,
    ) -> Result<Vec<Voucher>, Fault> {
        let (Some(purse), false) = (&self.purse, secrets.is_empty()) else { return Ok(Vec::new()) };
        let Outcome::Net(Told::Greeted(connections)) =
            link.call(&Work::Net(Ask::Greet), HAND_WALL + KEEPER_MESSAGE).await?
        else {
            return Err(Fault::new(Code::Garbage, "the link hand did not greet"));
        };
        let mut vouchers = Vec::with_capacity(secrets.len());
        for ((secret, mark, place, number), connection) in secrets.iter().zip(connections) {
            let (tool, secret, host) = (TOOL.to_owned(), (*secret).to_owned(), self.broker.host.clone());
            let what = Use { tool: tool.clone(), secret: secret.clone(), place: *place, host: host.clone() };
            let ticket = purse.buy(what, connection).await?;
            vouchers.push(Voucher { ticket, tool, secret, place: *number, host, mark: (*mark).to_owned() });
        }
        Ok(vouchers)
    }
}
