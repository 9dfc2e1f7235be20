//! Texts that wait for the hand: people before imports, both bounded, a slice at a time.

#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use crate::base::{Code, Fault, limits};
use crate::wire::hand::Embedded;

/// On whose behalf a text is embedded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// A person waits.
    Talk,
    /// An import or back-fill: done when nobody waits.
    Import,
}

/// One text that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) text: String,
    pub(super) until: Instant,
    pub(super) answer: oneshot::Sender<Result<Embedded, Fault>>,
}

/// Which hand takes texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taker {
    /// The one that is always there: takes what waits, people first.
    First,
    /// Its help on another processor: takes of an import what is more than the first one's next slice.
    Help,
}

/// Both queues; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    lanes: Arc<Mutex<Lanes>>,
    news: Arc<Notify>,
    news_for_help: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Lanes {
    talk: VecDeque<Waiting>,
    import: VecDeque<Waiting>,
}

impl Queue {
    /// Puts texts into their lane, all or none.
    ///
    /// # Errors
    /// [`Code::Full`] where they do not all fit.
    pub(super) fn put(&self, priority: Priority, texts: Vec<Waiting>) -> Result<(), Fault> {
        let mut lanes = self.lanes();
        let (lane, most) = match priority {
            Priority::Talk => (&mut lanes.talk, limits::EMBED_QUEUE.0),
            Priority::Import => (&mut lanes.import, limits::EMBED_QUEUE.1),
        };
        if lane.len() + texts.len() > most {
            let waiting = lane.len();
            return Err(Fault::new(Code::Full, format!("{waiting} of {most} texts wait to be embedded; try again")));
        }
        lane.extend(texts);
        drop(lanes);
        self.news.notify_one();
        self.news_for_help.notify_one();
        Ok(())
    }

    /// What the hand is given next: from one lane, few and short, so that a person who speaks up meanwhile
    /// waits for this and no more. Texts whose asker has gone or whose time is over are left out. Where
    /// nothing waits, waits; `None` after `idle` without a text.
    pub(super) async fn slice(&self, taker: Taker, idle: std::time::Duration) -> Option<Vec<Waiting>> {
        loop {
            let news = match taker {
                Taker::First => self.news.notified(),
                Taker::Help => self.news_for_help.notified(),
            };
            let slice = self.take(taker);
            if !slice.is_empty() {
                return Some(slice);
            }
            tokio::time::timeout(idle, news).await.ok()?;
        }
    }

    /// Texts that wait, by lane.
    pub(super) fn waiting(&self) -> (usize, usize) {
        let lanes = self.lanes();
        (lanes.talk.len(), lanes.import.len())
    }

    fn take(&self, taker: Taker) -> Vec<Waiting> {
        let mut lanes = self.lanes();
        let now = Instant::now();
        let wanted = |waiting: &Waiting| !waiting.answer.is_closed() && waiting.until > now;
        lanes.talk.retain(wanted);
        lanes.import.retain(wanted);
        let (texts, mut bytes) = limits::EMBED_SLICE;
        if taker == Taker::Help && lanes.import.len() <= texts {
            return Vec::new();
        }
        let first = taker == Taker::First && !lanes.talk.is_empty();
        let lane = if first { &mut lanes.talk } else { &mut lanes.import };
        let mut slice = Vec::new();
        while let Some(next) = lane.front() {
            let fits = next.text.len() <= bytes || slice.is_empty();
            if slice.len() == texts || !fits {
                break;
            }
            bytes = bytes.saturating_sub(next.text.len());
            slice.extend(lane.pop_front());
        }
        slice
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn waiting(text: &str) -> (Waiting, oneshot::Receiver<Result<Embedded, Fault>>) {
        let (answer, heard) = oneshot::channel();
        (Waiting { text: text.to_owned(), until: Instant::now() + Duration::from_secs(60), answer }, heard)
    }

    fn texts(slice: &[Waiting]) -> Vec<&str> {
        slice.iter().map(|waiting| waiting.text.as_str()).collect()
    }

    #[tokio::test]
    async fn people_go_before_imports_and_a_slice_is_small() {
        let queue = Queue::default();
        let mut heard = Vec::new();
        let mut put = |priority, text: &str| {
            let (one, answer) = waiting(text);
            heard.push(answer);
            queue.put(priority, vec![one]).expect("room");
        };
        for n in 0..20 {
            put(Priority::Import, &format!("import {n}"));
        }
        put(Priority::Import, &"x".repeat(limits::EMBED_SLICE.1 + 1));
        put(Priority::Talk, "a person");
        let idle = Duration::from_secs(60);
        assert_eq!(texts(&queue.slice(Taker::First, idle).await.expect("a slice")), ["a person"]);
        assert_eq!(queue.slice(Taker::First, idle).await.expect("a slice").len(), limits::EMBED_SLICE.0);
        assert_eq!(queue.slice(Taker::First, idle).await.expect("a slice").len(), limits::EMBED_SLICE.0);
        assert_eq!(queue.slice(Taker::First, idle).await.expect("a slice").len(), 4, "a long text goes alone");
        assert_eq!(queue.slice(Taker::First, idle).await.expect("a slice").len(), 1);
        assert!(queue.slice(Taker::First, Duration::ZERO).await.is_none(), "nothing waits");
    }

    #[tokio::test]
    async fn help_takes_of_an_import_what_the_first_cannot_and_never_what_a_person_waits_for() {
        let queue = Queue::default();
        let mut heard = Vec::new();
        let mut put = |priority, text: &str| {
            let (one, answer) = waiting(text);
            heard.push(answer);
            queue.put(priority, vec![one]).expect("room");
        };
        put(Priority::Talk, "a person");
        for n in 0..limits::EMBED_SLICE.0 {
            put(Priority::Import, &format!("import {n}"));
        }
        assert!(queue.slice(Taker::Help, Duration::ZERO).await.is_none(), "the first one takes that next");
        put(Priority::Import, "one more");
        let helped = queue.slice(Taker::Help, Duration::ZERO).await.expect("a slice");
        assert!(texts(&helped).iter().all(|text| text.starts_with("import")) && helped.len() == limits::EMBED_SLICE.0);
        assert_eq!(texts(&queue.slice(Taker::First, Duration::ZERO).await.expect("a slice")), ["a person"]);
        assert_eq!(texts(&queue.slice(Taker::First, Duration::ZERO).await.expect("a slice")), ["one more"]);
    }

    #[tokio::test]
    async fn a_full_lane_refuses_and_the_other_has_room() {
        let queue = Queue::default();
        let (many, _heard): (Vec<_>, Vec<_>) = (0..limits::EMBED_QUEUE.1).map(|_| waiting("import")).unzip();
        queue.put(Priority::Import, many).expect("room");
        let refused = queue.put(Priority::Import, vec![waiting("one more").0]).expect_err("full");
        assert_eq!(refused.code, Code::Full);
        queue.put(Priority::Talk, vec![waiting("a person").0]).expect("room for a person");
        assert_eq!(queue.waiting(), (1, limits::EMBED_QUEUE.1));
    }

    #[tokio::test]
    async fn who_has_gone_or_waited_too_long_is_left_out() {
        let queue = Queue::default();
        let (gone, heard) = waiting("gone");
        drop(heard);
        let (mut late, _late) = waiting("late");
        late.until = Instant::now();
        let (here, _here) = waiting("here");
        queue.put(Priority::Talk, vec![gone, late, here]).expect("room");
        assert_eq!(texts(&queue.slice(Taker::First, Duration::ZERO).await.expect("a slice")), ["here"]);
    }
}
