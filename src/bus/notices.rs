//! What nobody asked for just now: a timer ends, a command that was put off is carried out.
//!
//! A notice goes to the channel of the session that it belongs to. Where that channel is not there, or
//! cannot be written to unasked (the admin socket), it is kept and told with the session's next answer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use super::channel_of;
use crate::base::limits::{NOTICES, OUTBOUND_QUEUE};

/// Something to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The conversation that it belongs to, after its channel's name.
    pub session: String,
    /// What is told.
    pub text: String,
}

/// Notices on their way to channels; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Notices(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    takers: Vec<(&'static str, mpsc::Sender<Notice>)>,
    kept: VecDeque<Notice>,
}

impl Notices {
    /// The notices of a channel, from now on; one taker a channel, the last counts.
    #[must_use]
    pub fn of(&self, channel: &'static str) -> mpsc::Receiver<Notice> {
        let (sender, receiver) = mpsc::channel(OUTBOUND_QUEUE);
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.takers.retain(|(of, _)| *of != channel);
        // What came before the channel was there.
        let (mine, rest): (VecDeque<_>, _) =
            std::mem::take(&mut inner.kept).into_iter().partition(|notice| channel_of(&notice.session) == channel);
        inner.kept = rest;
        inner.takers.push((channel, sender));
        drop(inner);
        mine.into_iter().for_each(|notice| self.tell(notice));
        receiver
    }

    /// Tells a notice, or keeps it for the session's next answer; of [`NOTICES`] kept ones the oldest goes.
    pub fn tell(&self, notice: Notice) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taker = inner.takers.iter().find(|(channel, _)| *channel == channel_of(&notice.session));
        let untold = match taker.map(|(_, taker)| taker.try_send(notice.clone())) {
            Some(Ok(())) => return,
            Some(Err(_)) | None => notice,
        };
        if inner.kept.len() >= NOTICES
            && let Some(lost) = inner.kept.pop_front()
        {
            tracing::warn!(session = lost.session, text = lost.text, "a notice was never heard");
        }
        inner.kept.push_back(untold);
    }

    /// What was kept for a session, once.
    #[must_use]
    pub fn missed(&self, session: &str) -> Vec<String> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (mine, rest): (VecDeque<_>, _) =
            std::mem::take(&mut inner.kept).into_iter().partition(|notice| notice.session == session);
        inner.kept = rest;
        mine.into_iter().map(|notice| notice.text).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(session: &str, text: &str) -> Notice {
        Notice { session: session.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_notice_goes_to_its_channel_and_else_waits_for_the_sessions_next_answer() {
        let notices = Notices::default();
        let mut serial = notices.of("serial");
        notices.tell(notice("serial:text", "one"));
        notices.tell(notice("admin:ask", "two"));
        assert_eq!(serial.try_recv(), Ok(notice("serial:text", "one")));
        assert!(serial.try_recv().is_err());
        assert!(notices.missed("admin:other").is_empty());
        assert_eq!(notices.missed("admin:ask"), ["two"]);
        assert!(notices.missed("admin:ask").is_empty(), "once");
        drop(serial);
        notices.tell(notice("serial:text", "three"));
        assert_eq!(notices.of("serial").try_recv(), Ok(notice("serial:text", "three")), "when it is there again");
    }

    #[test]
    fn no_more_are_kept_than_fit() {
        let notices = Notices::default();
        for number in 0..=NOTICES {
            notices.tell(notice("admin:ask", &number.to_string()));
        }
        let kept = notices.missed("admin:ask");
        assert_eq!((kept.len(), kept[0].as_str()), (NOTICES, "1"));
    }
}
