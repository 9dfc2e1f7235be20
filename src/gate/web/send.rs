//! One request on its way: judged, connected, its tickets bought, its redirects judged again.

use std::os::fd::AsFd;
use std::time::Duration;

use super::{Answer, MARK, Parts, Request, Secret, Spot};
use crate::base::limits::{HAND_TICKETS, HAND_WALL, KEEPER_MESSAGE, NET_BODY_BYTES, NET_CPU_SECONDS, NET_REDIRECTS};
use crate::base::{Code, Fault};
use crate::guard::url::{Target, join};
use crate::keeper::message::{Place, Use};
use crate::net::Connected;
use crate::sandbox::{Class, HandLink};
use crate::wire::hand::{Outcome, Work};
use crate::wire::net::{Ask, Fetch, Header, Told, Voucher};

/// Pieces in which a body goes to the hand.
const PIECE: usize = 64 * 1024;

pub(super) async fn send(parts: &Parts, request: &Request) -> Result<Answer, Fault> {
    if request.body.len() > NET_BODY_BYTES {
        return Err(Fault::new(Code::Full, format!("a body has at most {NET_BODY_BYTES} bytes")));
    }
    if request.secrets.len() > usize::from(HAND_TICKETS) {
        return Err(Fault::new(Code::BadInput, format!("a request takes at most {HAND_TICKETS} secrets")));
    }
    let mut request = request.clone();
    let mut target = parts.door.target(&request.url)?;
    let mut left = request.redirects.min(NET_REDIRECTS);
    loop {
        let answer = once(parts, &request, &target).await?;
        let location = answer.header("location").filter(|_| matches!(answer.status, 301 | 302 | 303 | 307 | 308));
        let Some(location) = location.filter(|_| request.redirects > 0) else { return Ok(answer) };
        left = left.checked_sub(1).ok_or_else(|| Fault::new(Code::Refused, "too many redirects"))?;
        let refused = |why| Fault::new(Code::Refused, format!("a redirect is not followed: {why}"));
        let next = join(&target, location).map_err(refused)?;
        let next = parts.door.judged(next)?;
        onward(&mut request, &target, &next, answer.status)?;
        target = next;
    }
}

/// What of a request goes on to where a redirect leads.
fn onward(request: &mut Request, from: &Target, to: &Target, status: u16) -> Result<(), Fault> {
    if !from.same_origin(to) {
        if !request.secrets.is_empty() {
            let message = "a redirect to another server is not followed: the request carries a secret";
            return Err(Fault::new(Code::Refused, message));
        }
        request.headers.retain(|(name, _)| !["authorization", "cookie"].iter().any(|of| name.eq_ignore_ascii_case(of)));
    }
    // RFC 9110, 15.4: 303 always, 301 and 302 of a POST, ask for the answer with GET.
    if status == 303 || (request.method == "POST" && matches!(status, 301 | 302)) {
        request.method = "GET".into();
        request.body.clear();
        request.secrets.retain(|secret| secret.spot != Spot::Body);
        request.headers.retain(|(name, _)| !name.to_ascii_lowercase().starts_with("content-"));
    }
    Ok(())
}

async fn once(parts: &Parts, request: &Request, target: &Target) -> Result<Answer, Fault> {
    // In the clear a secret stays in the house.
    let granted_only = !request.secrets.is_empty() && !target.https;
    let Connected { socket, .. } = parts.door.connect(target, granted_only).await?;
    let keeper = match (&parts.purse, request.secrets.len()) {
        (_, 0) => None,
        (Some(purse), count) => purse.at_keeper(count),
        (None, _) => return Err(Fault::new(Code::Unavailable, "no keeper is set, so there are no secrets")),
    };
    let roots = parts.roots.as_ref().filter(|_| target.https);
    let descriptors: Vec<_> = [Some(&socket), roots].into_iter().flatten().map(AsFd::as_fd).collect();
    let mut link = parts.hands.spawn_at_keeper(Class::Net, NET_CPU_SECONDS, &descriptors, keeper).await?;
    // From here on the connection is the hand's alone, and ends with it.
    drop(socket);
    for piece in request.body.chunks(PIECE) {
        link.call(&Work::Net(Ask::Body(piece.to_vec())), HAND_WALL).await?;
    }
    let vouchers = buy(parts, request, target, &mut link).await?;
    let fetch = Fetch {
        method: request.method.clone(),
        url: target.url.clone(),
        headers: request.headers.iter().map(lower).collect(),
        vouchers,
        roots: roots.is_some(),
        floor_ms: parts.floor_ms,
        idle_ms: u32::try_from(request.idle.as_millis()).unwrap_or(u32::MAX),
    };
    // The hand's own deadline is for each wait; this is for a hand that does not keep it.
    let within = request.idle.saturating_mul(4).saturating_add(HAND_WALL + KEEPER_MESSAGE * 2);
    match link.call(&Work::Net(Ask::Fetch(Box::new(fetch))), within).await? {
        Outcome::Net(Told::Head { status, headers }) => {
            let (url, left, within) = (target.url.clone(), request.most, request.idle + HAND_WALL);
            Ok(Answer { status, headers, url, link, within, left, over: false })
        }
        _ => Err(Fault::new(Code::Garbage, "the net hand answered something else than a head")),
    }
}

fn lower((name, value): &Header) -> Header {
    (name.to_ascii_lowercase(), value.clone())
}

/// The hand tells the numbers of its connections; a ticket is bought for each secret, for this host.
async fn buy(parts: &Parts, request: &Request, target: &Target, link: &mut HandLink) -> Result<Vec<Voucher>, Fault> {
    let (Some(purse), false) = (&parts.purse, request.secrets.is_empty()) else { return Ok(Vec::new()) };
    let within: Duration = HAND_WALL + KEEPER_MESSAGE;
    let Outcome::Net(Told::Greeted(connections)) = link.call(&Work::Net(Ask::Greet), within).await? else {
        return Err(Fault::new(Code::Garbage, "the net hand did not greet"));
    };
    let mut vouchers = Vec::with_capacity(request.secrets.len());
    for (Secret { name, spot }, connection) in request.secrets.iter().zip(connections) {
        let (place, number, mark) = match spot {
            Spot::Header { name, before } => (Place::Header, 0, format!("{name}:{before}")),
            Spot::Path => (Place::Path, 1, MARK.to_owned()),
            Spot::Body => (Place::Body, 2, MARK.to_owned()),
        };
        let (tool, host) = (request.tool.clone(), target.host_text());
        let what = Use { tool: tool.clone(), secret: name.clone(), place, host: host.clone() };
        let ticket = purse.buy(what, connection).await?;
        vouchers.push(Voucher { ticket, tool, secret: name.clone(), place: number, host, mark });
    }
    Ok(vouchers)
}
