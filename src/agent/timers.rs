//! Timers that the service keeps: set durably, rung on the clock that does not jump, taken up again at a start.
//!
//! The home holds what people ask about (names, what is left), this the moments at which they end and
//! the rows behind them. A change is on disk before it is true here and before anybody hears of it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::json;
use tokio::sync::{Mutex as Turnstile, Notify};

use super::Behalf;
use super::world::World;
use crate::base::{Code, Fault, Id, limits};
use crate::home::{Change, Home, Timer, TimerCommand};
use crate::intent::timer_title;
use crate::store::{Due, NewTimer, Timer as Row};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Timers {
    kept: Mutex<Vec<Kept>>,
    changed: Notify,
    /// One change at a time, from the plan to the disk.
    changing: Turnstile<()>,
}

/// What is known of a timer besides what the home knows.
#[derive(Clone, Debug)]
struct Kept {
    /// Its id in the home.
    key: String,
    row: Id,
    principal: String,
    session: String,
    /// When it ends; nothing while it is paused.
    until: Option<Instant>,
    /// The same on the wall clock, which counts for timers of an earlier run: it may only now be set.
    due_ms: i64,
    earlier: bool,
}

/// A timer that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Its row, until [`super::Agent::rung_out`].
    pub row: Id,
    /// Who set it, by the name of the principal.
    pub principal: String,
    /// The conversation that it was set in.
    pub session: String,
    /// What to tell.
    pub text: String,
    /// The command to carry out now.
    pub command: Option<String>,
}

impl Timers {
    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings what is left of each timer up to now.
    pub(super) fn refresh(&self, home: &mut Home, now: Instant) {
        for kept in self.kept().iter() {
            let (Some(until), Some(timer)) = (kept.until, home.timers.iter_mut().find(|t| t.id == kept.key)) else {
                continue;
            };
            // A second that has begun is still left.
            timer.left = until.saturating_duration_since(now).as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX);
        }
    }

    /// Takes up the timers of earlier runs.
    pub(super) fn take_up(&self, home: &mut Home, rows: Vec<Row>, now: Instant, wall_ms: i64) {
        for row in rows {
            let Row { id, principal, session, timer, .. } = row;
            let area = home.find_area(&timer.area);
            let mut it = Timer::running(u64::try_from(timer.span_s).unwrap_or(0), timer.name, area);
            it.reminder = timer.reminder;
            it.command = Some(timer.command).filter(|command| !command.is_empty());
            it.active = timer.due.held_s.is_none();
            if let Some(held) = timer.due.held_s {
                it.left = u64::try_from(held).unwrap_or(0);
            }
            let left = u64::try_from(timer.due.at_ms.saturating_sub(wall_ms)).unwrap_or(0);
            let until = it.active.then(|| after(now, Duration::from_millis(left)));
            let key = home.keep_timer(it);
            let due_ms = timer.due.at_ms;
            self.kept().push(Kept { key, row: id, principal, session, until, due_ms, earlier: true });
        }
        self.refresh(home, now);
    }

    /// Changes timers as one was told to; what changed. All of it is on disk then.
    ///
    /// # Errors
    /// [`Code::BadInput`] where it cannot be done, what the store says.
    /// Of several timers those before the fault have changed.
    pub(super) async fn change(
        &self,
        world: &World,
        command: &TimerCommand,
        behalf: Behalf<'_>,
        session: &str,
    ) -> Result<Vec<Change>, Fault> {
        let _one = self.changing.lock().await;
        let now = world.clock.monotonic();
        let (changes, before, after) = {
            let mut home = world.home();
            self.refresh(&mut home, now);
            let before = home.timers.clone();
            let changes = home.change_timers(command);
            // Not true yet.
            let after = std::mem::replace(&mut home.timers, before.clone());
            (changes.map_err(|why| Fault::new(Code::BadInput, why))?, before, after)
        };
        for timer in &before {
            match after.iter().find(|t| t.id == timer.id) {
                None => self.end(world, &timer.id).await?,
                Some(now_so) if now_so != timer => self.moved(world, now_so, now).await?,
                Some(_) => {}
            }
        }
        for timer in after {
            if before.iter().all(|t| t.id != timer.id) {
                self.set(world, timer, behalf, session, now).await?;
            }
        }
        self.changed.notify_one();
        Ok(world.take_in(|_| changes))
    }

    async fn set(
        &self,
        world: &World,
        timer: Timer,
        behalf: Behalf<'_>,
        session: &str,
        now: Instant,
    ) -> Result<(), Fault> {
        let area = timer.area.and_then(|area| world.home().areas.get(area.0).map(|area| area.id.clone()));
        let due = due(world, &timer);
        let new = NewTimer {
            name: timer.name.clone(),
            area: area.unwrap_or_default(),
            span_s: i64::try_from(timer.total()).unwrap_or(i64::MAX),
            command: timer.command.clone().unwrap_or_default(),
            reminder: timer.reminder,
            due,
        };
        let row = world.store.set_timer(&behalf.principal.name, session, new).await?;
        let until = Some(after(now, Duration::from_secs(timer.left)));
        let (principal, session) = (behalf.principal.name.clone(), session.to_owned());
        let key = timer.id.clone();
        world.home().timers.push(timer);
        self.kept().push(Kept { key, row, principal, session, until, due_ms: due.at_ms, earlier: false });
        Ok(())
    }

    async fn moved(&self, world: &World, timer: &Timer, now: Instant) -> Result<(), Fault> {
        let Some(row) = self.row(&timer.id) else { return Ok(()) };
        let due = due(world, timer);
        world.store.move_timer(row, due).await?;
        if let Some(kept) = self.kept().iter_mut().find(|kept| kept.row == row) {
            kept.until = timer.active.then(|| after(now, Duration::from_secs(timer.left)));
            (kept.due_ms, kept.earlier) = (due.at_ms, false);
        }
        if let Some(it) = world.home().timers.iter_mut().find(|t| t.id == timer.id) {
            it.clone_from(timer);
        }
        Ok(())
    }

    async fn end(&self, world: &World, key: &str) -> Result<(), Fault> {
        if let Some(row) = self.row(key) {
            world.store.end_timer(row).await?;
        }
        self.kept().retain(|kept| kept.key != key);
        world.home().timers.retain(|timer| timer.id != key);
        Ok(())
    }

    fn row(&self, key: &str) -> Option<Id> {
        self.kept().iter().find(|kept| kept.key == key).map(|kept| kept.row)
    }

    /// Waits until a timer ends.
    pub(super) async fn next(&self, world: &World) -> Rung {
        loop {
            {
                let _one = self.changing.lock().await;
                if let Some(rung) = self.ripe(world) {
                    return rung;
                }
            }
            let (next, earlier) = {
                let kept = self.kept();
                (kept.iter().filter_map(|k| k.until).min(), kept.iter().any(|k| k.earlier && k.until.is_some()))
            };
            // The wall clock of a board may be set long after the start: then those of earlier runs are due.
            let look = earlier.then(|| after(world.clock.monotonic(), limits::CLOCK_LOOK));
            match [next, look].into_iter().flatten().min() {
                Some(at) => {
                    let sleep = tokio::time::sleep_until(at.into());
                    tokio::select! { () = sleep => {}, () = self.changed.notified() => {} }
                }
                None => self.changed.notified().await,
            }
        }
    }

    /// Takes the first timer out that has ended.
    fn ripe(&self, world: &World) -> Option<Rung> {
        let (now, wall) = (world.clock.monotonic(), world.clock.wall_ms());
        let kept = {
            let mut all = self.kept();
            let over = |k: &Kept| k.until.is_some_and(|until| until <= now || k.earlier && k.due_ms <= wall);
            let first = all.iter().enumerate().filter(|(_, k)| over(k)).min_by_key(|(_, k)| k.due_ms)?.0;
            all.remove(first)
        };
        let late = Duration::from_millis(u64::try_from(wall.saturating_sub(kept.due_ms)).unwrap_or(0));
        let mut it = None;
        world.take_in(|home| {
            let place = home.timers.iter().position(|timer| timer.id == kept.key);
            it = place.map(|place| (timer_title(home, &home.timers[place]), home.timers.remove(place)));
            let told = |to: &str| Change {
                entity: kept.key.clone(),
                property: "state".into(),
                from: json!("active"),
                to: json!(to),
            };
            vec![told("finished")]
        });
        let (title, timer) = it?;
        let when = moment(world, kept.due_ms);
        let missed = kept.earlier && late > limits::LATE;
        let text = match (&timer.command, timer.reminder, missed) {
            (Some(command), _, true) => {
                format!("«{command}» was due at {when}, while I was off; that is too long ago, so I did not do it.")
            }
            (Some(command), _, false) => format!("As you said, «{command}»:"),
            (None, true, true) => format!("I was off at {when}, when I should have reminded you: {}.", timer.name),
            (None, true, false) => format!("You wanted to be reminded: {}.", timer.name),
            (None, false, true) => format!("{title} ended at {when}, while I was off."),
            (None, false, false) => format!("{title} has ended."),
        };
        let Kept { row, principal, session, .. } = kept;
        tracing::info!(session, late_s = late.as_secs(), "a timer has ended");
        Some(Rung { row, principal, session, text, command: timer.command.filter(|_| !missed) })
    }
}

/// A moment as people say it: `7:05 PM`, with the day where it is another one.
fn moment(world: &World, at_ms: i64) -> String {
    let civil = |ms: i64| {
        let stamp = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
        stamp.to_zoned(world.zone.clone()).datetime()
    };
    let (at, now) = (civil(at_ms), civil(world.clock.wall_ms()));
    at.strftime(if at.date() == now.date() { "%-I:%M %p" } else { "%-I:%M %p on %B %-d" }).to_string()
}

fn due(world: &World, timer: &Timer) -> Due {
    let left = i64::try_from(timer.left).unwrap_or(i64::MAX / 1000);
    let held_s = (!timer.active).then_some(left);
    Due { at_ms: world.clock.wall_ms().saturating_add(left.saturating_mul(1000)), held_s }
}

/// A moment from now; a span that no clock holds is a century.
fn after(now: Instant, span: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 366 * 86_400);
    now.checked_add(span.min(CENTURY)).unwrap_or(now)
}
