//! Carrying steps out on the model alone: what `hearth say` does, and what entities without a wire do.

use serde_json::{Value, json};

use super::call::{Call, Command, TimerCommand, TimerWhich};
use super::entity::{EntityRef, ListItem};
use super::kind::Kind;
use super::model::{Change, Home};
use super::plan::{Declined, Step};
use super::timer::Timer;
use super::words;
use crate::base::limits;

/// What came of a call that was carried out on the model alone.
#[derive(Clone, Debug, Default)]
pub struct Simulated {
    /// What changed.
    pub changes: Vec<Change>,
    /// The entities that did as they were told.
    pub done: Vec<EntityRef>,
    /// Those that could not.
    pub declined: Vec<Declined>,
    /// Why a call without entities could not be carried out.
    pub refused: Option<String>,
}

impl Home {
    /// Carries out a call on the model alone.
    pub fn simulate_call(&mut self, call: &Call) -> Simulated {
        let mut out = Simulated::default();
        if let Command::Timer(timer) = &call.command {
            match self.change_timers(timer) {
                Ok(changes) => out.changes = changes,
                Err(why) => out.refused = Some(why),
            }
            return out;
        }
        if call.targets.is_empty() {
            out.changes = self.edit_shopping(&call.command);
            return out;
        }
        let plan = self.plan(call);
        for step in &plan.steps {
            out.changes.extend(self.simulate(step));
            out.done.push(step.entity);
        }
        out.declined = plan.declined;
        out
    }

    /// Makes a step true without hardware; what changed.
    pub fn simulate(&mut self, step: &Step) -> Vec<Change> {
        let Some(entity) = self.entities.get_mut(step.entity.0) else { return Vec::new() };
        let mut changes: Vec<Change> =
            step.want.iter().filter_map(|(property, to)| entity.set(property, to.clone())).collect();
        if let Command::AddItem(item) | Command::CompleteItem(item) | Command::RemoveItem(item) = &step.command {
            changes.extend(edit(&entity.id, &mut entity.items, &step.command, item));
            if entity.kind == Kind::Todo {
                let open = entity.items.iter().filter(|i| !i.done).count();
                changes.extend(entity.set("state", Value::from(open.to_string())));
            }
        }
        changes
    }

    /// Changes the shopping list of a home where no entity is one.
    pub fn edit_shopping(&mut self, command: &Command) -> Vec<Change> {
        match command {
            Command::AddItem(item) | Command::CompleteItem(item) | Command::RemoveItem(item) => {
                edit("todo.shopping_list", &mut self.shopping, command, item).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// The timers that fit, the one that ends first at the head.
    #[must_use]
    pub fn timers_like(&self, which: &TimerWhich) -> Vec<&Timer> {
        let mut fit: Vec<&Timer> = self.timers.iter().filter(|t| fits(t, which)).collect();
        fit.sort_by_key(|t| (!t.active, t.left));
        fit
    }

    /// Takes in a timer that was kept elsewhere; its id here.
    pub fn keep_timer(&mut self, timer: Timer) -> String {
        let id = self.timer_id();
        self.timers.push(Timer { id: id.clone(), ..timer });
        id
    }

    /// Carries out something with timers; what changed.
    ///
    /// # Errors
    /// Why it cannot be done, for a person.
    pub fn change_timers(&mut self, command: &TimerCommand) -> Result<Vec<Change>, String> {
        match command {
            TimerCommand::Start { hms: [hours, minutes, seconds], name, area, command, reminder } => {
                if self.timers.len() >= limits::TIMERS {
                    return Err(format!("There are {} timers already.", limits::TIMERS));
                }
                let mut timer = Timer {
                    id: self.timer_id(),
                    name: name.clone(),
                    area: *area,
                    start_hours: *hours,
                    start_minutes: *minutes,
                    start_seconds: *seconds,
                    left: 0,
                    active: true,
                    command: command.clone(),
                    reminder: *reminder,
                };
                timer.left = timer.total();
                let change = change(&timer.id, "total_seconds_left", Value::Null, json!(timer.left));
                self.timers.push(timer);
                Ok(vec![change])
            }
            TimerCommand::CancelAll(area) => {
                Ok(self.end_timers(|t| !t.reminder && (area.is_none() || t.area == *area)))
            }
            TimerCommand::CancelReminders => Ok(self.end_timers(|t| t.reminder)),
            TimerCommand::Cancel(which) => {
                let at = self.timer_at(which)?;
                Ok(vec![ended(&self.timers.remove(at))])
            }
            TimerCommand::Add(which, seconds) => {
                let left = self.timers[self.timer_at(which)?].left.saturating_add(*seconds);
                self.set_left(which, left)
            }
            TimerCommand::Subtract(which, seconds) => {
                let left = self.timers[self.timer_at(which)?].left.saturating_sub(*seconds);
                self.set_left(which, left)
            }
            TimerCommand::Pause(which) => self.set_active(which, false),
            TimerCommand::Resume(which) => self.set_active(which, true),
        }
    }

    fn end_timers(&mut self, gone: impl Fn(&Timer) -> bool) -> Vec<Change> {
        let changes = self.timers.iter().filter(|t| gone(t)).map(ended).collect();
        self.timers.retain(|t| !gone(t));
        changes
    }

    fn timer_at(&self, which: &TimerWhich) -> Result<usize, String> {
        let first = self.timers_like(which).first().map(|t| t.id.clone());
        first
            .and_then(|id| self.timers.iter().position(|t| t.id == id))
            .ok_or_else(|| "There is no such timer.".to_owned())
    }

    fn set_left(&mut self, which: &TimerWhich, left: u64) -> Result<Vec<Change>, String> {
        let at = self.timer_at(which)?;
        let timer = &mut self.timers[at];
        let change = change(&timer.id, "total_seconds_left", json!(timer.left), json!(left));
        timer.left = left;
        Ok(vec![change])
    }

    fn set_active(&mut self, which: &TimerWhich, active: bool) -> Result<Vec<Change>, String> {
        let at = self.timer_at(which)?;
        let timer = &mut self.timers[at];
        if timer.active == active {
            return Ok(Vec::new());
        }
        timer.active = active;
        Ok(vec![change(&timer.id, "is_active", json!(!active), json!(active))])
    }
}

fn fits(timer: &Timer, which: &TimerWhich) -> bool {
    let named = which.name.as_ref().is_none_or(|n| words::slug(n) == words::slug(&timer.name));
    let there = which.area.is_none_or(|a| timer.area == Some(a));
    let asked = which.start.iter().map(|s| s.unwrap_or(0));
    let span = asked.zip([3600, 60, 1]).map(|(n, unit)| n.saturating_mul(unit)).sum::<u64>();
    let long = which.start.iter().all(Option::is_none) || span == timer.total();
    named && there && long
}

fn ended(timer: &Timer) -> Change {
    change(&timer.id, "total_seconds_left", json!(timer.left), Value::Null)
}

fn change(entity: &str, property: &str, from: Value, to: Value) -> Change {
    Change { entity: entity.to_owned(), property: property.to_owned(), from, to }
}

/// Changes a list; nothing where the item is not on it.
fn edit(list: &str, items: &mut Vec<ListItem>, command: &Command, item: &str) -> Option<Change> {
    let from = json!(items);
    let same = |i: &ListItem| words::slug(&i.summary) == words::slug(item);
    match command {
        Command::AddItem(_) if items.len() < limits::LIST_ITEMS => {
            items.push(ListItem { summary: item.to_owned(), done: false });
        }
        Command::CompleteItem(_) => items.iter_mut().find(|i| same(i) && !i.done)?.done = true,
        Command::RemoveItem(_) => {
            let at = items.iter().position(same)?;
            items.remove(at);
        }
        _ => return None,
    }
    Some(change(list, "items", from, json!(items)))
}
