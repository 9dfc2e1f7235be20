//! A long-lived hand that holds something, made again when it dies.
//!
//! The brain keeps duplicates of the descriptors, so a line keeps its level while its holder is
//! made again. Restarts are bounded: a holder that keeps dying stays down and says so.

use std::collections::VecDeque;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::hands::Hands;
use super::link::HandLink;
use super::policy::Class;
use crate::base::limits::{HAND_RESTART_WINDOW, HAND_RESTARTS};
use crate::base::{Code, Fault};
use crate::wire::hand::{Outcome, Work};

/// A hand of one class with its descriptors; calls are taken one at a time.
#[derive(Debug)]
pub struct Holder {
    hands: Hands,
    class: Class,
    descriptors: Vec<OwnedFd>,
    first: Work,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    link: Option<HandLink>,
    starts: VecDeque<Instant>,
}

impl Holder {
    /// A holder that makes its hand at the first call; `first` is the hand's first piece of work.
    #[must_use]
    pub fn new(hands: Hands, class: Class, descriptors: Vec<OwnedFd>, first: Work) -> Self {
        Self { hands, class, descriptors, first, state: Mutex::default() }
    }

    /// Gives the hand work, making it (again) where it is not alive.
    ///
    /// # Errors
    /// As [`HandLink::call`]; [`Code::Unavailable`] where it died too often.
    pub async fn call(&self, work: &Work, within: Duration) -> Result<Outcome, Fault> {
        let mut state = self.state.lock().await;
        if state.link.as_ref().is_none_or(HandLink::has_ended) {
            state.link = None;
            state.link = Some(self.start(&mut state.starts, within).await?);
        }
        // Taken out for the call: one that is given up in the middle takes its hand with it, since the answer
        // that comes late would be taken for the next one's.
        let Some(mut link) = state.link.take() else {
            return Err(Fault::new(Code::Internal, "a holder without its hand"));
        };
        let answer = link.call(work, within).await;
        let lost = |fault: &Fault| matches!(fault.code, Code::Timeout | Code::Garbage | Code::Unavailable);
        if !answer.as_ref().is_err_and(lost) {
            state.link = Some(link);
        }
        answer
    }

    /// Whether its hand lives.
    pub async fn is_up(&self) -> bool {
        self.state.lock().await.link.as_ref().is_some_and(|link| !link.has_ended())
    }

    /// Ends the hand, so that its memory returns; the next call makes it again. Answers whether there was one.
    ///
    /// An end that was wanted is no death: it does not count towards the rest.
    pub async fn let_go(&self) -> bool {
        let mut state = self.state.lock().await;
        let was_up = state.link.take().is_some();
        if was_up {
            state.starts.pop_back();
        }
        was_up
    }

    async fn start(&self, starts: &mut VecDeque<Instant>, within: Duration) -> Result<HandLink, Fault> {
        let now = Instant::now();
        while starts.front().is_some_and(|then| now.duration_since(*then) > HAND_RESTART_WINDOW) {
            starts.pop_front();
        }
        if starts.len() > HAND_RESTARTS {
            let word = self.class.word();
            let message =
                format!("the {word} hand died {HAND_RESTARTS} times within {HAND_RESTART_WINDOW:?}; it rests");
            return Err(Fault::new(Code::Unavailable, message));
        }
        if !starts.is_empty() {
            tracing::warn!(class = self.class.word(), "a long-lived hand is made again");
        }
        starts.push_back(now);
        let descriptors: Vec<_> = self.descriptors.iter().map(AsFd::as_fd).collect();
        let mut link = self.hands.spawn(self.class, 0, &descriptors).await?;
        link.call(&self.first, within).await?;
        Ok(link)
    }
}
