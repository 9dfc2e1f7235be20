//! A connection to an address that was checked, and to no other.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::NetFault;
use super::resolve::{Resolve, System};
use crate::base::limits::{NET_ADDRESSES, NET_CONNECT};
use crate::guard::address::Grants;
use crate::guard::url::{Host, Target, parse};

/// A connected socket to hand over, not blocking.
#[derive(Debug)]
pub struct Connected {
    /// The socket.
    pub socket: OwnedFd,
    /// The address that was checked and connected to.
    pub address: SocketAddr,
}

/// Resolves, checks, connects.
#[derive(Clone)]
pub struct Door {
    resolver: Arc<dyn Resolve>,
    grants: Arc<Grants>,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("grants", &self.grants).finish_non_exhaustive()
    }
}

impl Door {
    /// A door with the system's resolver.
    #[must_use]
    pub fn new(grants: Grants) -> Self {
        Self::with(Arc::new(System), grants)
    }

    /// A door with this resolver.
    #[must_use]
    pub fn with(resolver: Arc<dyn Resolve>, grants: Grants) -> Self {
        Self { resolver, grants: Arc::new(grants) }
    }

    /// Reads a URL and judges it by its text.
    ///
    /// # Errors
    /// [`NetFault::Refused`].
    pub fn target(&self, url: &str) -> Result<Target, NetFault> {
        let target = parse(url).map_err(|why| NetFault::Refused { host: "the URL".into(), why })?;
        self.judged(target)
    }

    /// Judges a URL that was read (where a redirect leads) by its text.
    ///
    /// # Errors
    /// [`NetFault::Refused`].
    pub fn judged(&self, target: Target) -> Result<Target, NetFault> {
        match target.refused(&self.grants) {
            Some(why) => Err(NetFault::Refused { host: target.host_text(), why }),
            None => Ok(target),
        }
    }

    /// The addresses of a target that may be connected to; with `granted_only` none of the public ones.
    ///
    /// # Errors
    /// [`NetFault::NoAddress`]; [`NetFault::Refused`] where there are some, but none that may be.
    pub async fn addresses(&self, target: &Target, granted_only: bool) -> Result<Vec<IpAddr>, NetFault> {
        let host = target.host_text();
        let found = match &target.host {
            Host::Address(address) => vec![*address],
            Host::Name(name) => {
                let none = |error: std::io::Error| NetFault::NoAddress { host: host.clone(), why: error.to_string() };
                self.resolver.resolve(name).await.map_err(none)?
            }
        };
        let mut why = None;
        let mut good = Vec::new();
        for address in found.into_iter().map(|address| address.to_canonical()) {
            match target.refuses(address, &self.grants) {
                Some(reason) => why = Some(reason),
                None if granted_only && !self.grants.hold(address) => {
                    why = Some("a secret goes over https only, or to an address that net.lan grants".into());
                }
                None => good.push(address),
            }
        }
        if let Some(why) = &why {
            tracing::warn!(host, why, "an address was left out");
        }
        good.truncate(NET_ADDRESSES);
        match (good.is_empty(), why) {
            (false, _) => Ok(good),
            (true, Some(why)) => Err(NetFault::Refused { host, why }),
            (true, None) => Err(NetFault::NoAddress { host, why: "the resolver knows none".into() }),
        }
    }

    /// Resolves once, checks every address, connects to the first that answers.
    ///
    /// # Errors
    /// [`NetFault`]; within [`NET_CONNECT`].
    pub async fn connect(&self, target: &Target, granted_only: bool) -> Result<Connected, NetFault> {
        let end = Instant::now() + NET_CONNECT;
        let late = |_| NetFault::Timeout { host: target.host_text(), within: NET_CONNECT };
        let addresses = timeout_at(end, self.addresses(target, granted_only)).await.map_err(late)??;
        let mut last = None;
        for (tried, address) in addresses.iter().enumerate() {
            let address = SocketAddr::new(*address, target.port);
            // What is left, shared among the addresses that are left: a dead first one leaves time for the next.
            let left = end.saturating_duration_since(Instant::now());
            let share = left / u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
            match timeout_at(Instant::now() + share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return connected(stream, address, target),
                Ok(Err(error)) => last = Some(NetFault::Unreachable { host: target.host_text(), address, error }),
                Err(elapsed) => last = last.or_else(|| Some(late(elapsed))),
            }
        }
        Err(last.unwrap_or_else(|| NetFault::NoAddress { host: target.host_text(), why: "none is left".into() }))
    }
}

fn connected(stream: TcpStream, address: SocketAddr, target: &Target) -> Result<Connected, NetFault> {
    let fault = |error| NetFault::Unreachable { host: target.host_text(), address, error };
    // A request is written whole and waited for: Nagle would hold its end back.
    stream.set_nodelay(true).map_err(fault)?;
    let socket = stream.into_std().map_err(fault)?.into();
    Ok(Connected { socket, address })
}
