//! The processes below a hand: who they are, and what they take together.
//!
//! Limits of setrlimit(2) count one process or all of a uid; caps of a command are of its whole tree, and
//! are read from `/proc` (proc_pid_stat(5)).

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use nix::unistd::{Pid, getpid};

/// One process, as `/proc/PID/stat` shows it; times are in clock ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Process {
    pid: i32,
    parent: i32,
    /// With its number, who it is: numbers are used again.
    started: u64,
    /// Processor time of its own.
    own: u64,
    /// Processor time of the children that it has waited for, and of theirs.
    waited: u64,
    /// Pages in memory.
    pages: u64,
}

impl Process {
    /// Fields are counted behind the name, which may hold anything.
    fn read(pid: i32, stat: &[u8]) -> Option<Self> {
        let behind = stat.iter().rposition(|byte| *byte == b')')? + 1;
        let text = String::from_utf8_lossy(&stat[behind..]);
        let fields: Vec<&str> = text.split_whitespace().collect();
        // Numbered from 1 in the manual, where the name is the second.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        // Times of children can be negative for a moment; none is then as good an answer.
        let time = |one: usize, other: usize| field(one).unwrap_or(0).saturating_add(field(other).unwrap_or(0));
        Some(Self {
            pid,
            parent: fields.get(1)?.parse().ok()?,
            started: field(22)?,
            own: time(14, 15),
            waited: time(16, 17),
            pages: field(24)?,
        })
    }
}

/// The processes below this one, the nearest first; those that have ended and were not waited for as well.
pub(super) fn below() -> Vec<Pid> {
    processes().into_iter().map(|process| Pid::from_raw(process.pid)).collect()
}

fn processes() -> Vec<Process> {
    let all: Vec<Process> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid: i32| Process::read(pid, &fs::read(format!("/proc/{pid}/stat")).ok()?))
        .collect();
    beneath(getpid().as_raw(), &all)
}

/// Those of `all` that descend from `root`, without it.
fn beneath(root: i32, all: &[Process]) -> Vec<Process> {
    let mut found: Vec<Process> = all.iter().filter(|process| process.parent == root).copied().collect();
    let mut at = 0;
    while at < found.len() {
        let parent = found[at].pid;
        found.extend(all.iter().filter(|process| process.parent == parent));
        at += 1;
    }
    found
}

/// What a tree takes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Taken {
    /// Processes, those included that ended and were not waited for.
    pub(super) processes: u64,
    /// Memory that is in memory, in bytes; what is shared counts for each.
    pub(super) bytes: u64,
    /// Processor time since the first look, of those that have ended as well.
    pub(super) processor: Duration,
}

/// Counts the tree below this process again and again.
#[derive(Debug, Default)]
pub(super) struct Count {
    /// Processor time of each that lived at the last look, by number and start.
    seen: BTreeMap<(i32, u64), u64>,
    /// Processor time of those that have gone since, in ticks.
    gone: u64,
}

impl Count {
    /// Looks now.
    pub(super) fn look(&mut self) -> Taken {
        let tree = processes();
        let pages = tree.iter().fold(0, |sum: u64, process| sum.saturating_add(process.pages));
        Taken {
            processes: tree.len() as u64,
            bytes: pages.saturating_mul(page_size()),
            processor: time(self.ticks(&tree)),
        }
    }

    /// Processor time of a tree, in ticks: the larger of two sums, each of which sees what the other may miss.
    fn ticks(&mut self, tree: &[Process]) -> u64 {
        // What was waited for is with the parent: also who lived between two looks.
        let waited = tree.iter().map(|process| process.own.saturating_add(process.waited));
        let waited = waited.fold(0, u64::saturating_add);
        // Whoever ignores SIGCHLD is not told the times of its children; then what was seen of them counts.
        let now: BTreeMap<_, _> = tree.iter().map(|process| ((process.pid, process.started), process.own)).collect();
        let gone = self.seen.iter().filter(|(who, _)| !now.contains_key(who)).map(|(_, ticks)| *ticks);
        self.gone = gone.fold(self.gone, u64::saturating_add);
        let seen = now.values().copied().fold(self.gone, u64::saturating_add);
        self.seen = now;
        waited.max(seen)
    }
}

fn time(ticks: u64) -> Duration {
    let a_second = sysconf(libc::_SC_CLK_TCK, 100);
    Duration::from_millis(ticks.saturating_mul(1000) / a_second)
}

fn page_size() -> u64 {
    sysconf(libc::_SC_PAGESIZE, 4096)
}

fn sysconf(what: libc::c_int, otherwise: u64) -> u64 {
    // SAFETY: asks for a number.
    u64::try_from(unsafe { libc::sysconf(what) }).ok().filter(|number| *number > 0).unwrap_or(otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn process(pid: i32, parent: i32, own: u64, waited: u64) -> Process {
        Process { pid, parent, started: 7, own, waited, pages: 1 }
    }

    #[test]
    fn a_process_is_read_whatever_its_name_is() {
        let rest = " S 4 3 3 0 -1 4194560 9 9 9 9 11 22 33 44 20 0 1 0 777 8888 99 18446744073709551615 1 1";
        for name in ["sh", "a) R 1 (b", "x y", ")", ""] {
            let read = Process::read(5, format!("5 ({name}){rest}").as_bytes());
            let wanted = Process { pid: 5, parent: 4, started: 777, own: 33, waited: 77, pages: 99 };
            assert_eq!(read, Some(wanted), "{name}");
        }
        for torn in ["", "5", "5 (sh", "5 (sh) S", "5 (sh) S x 3", "5 (sh) S 4 3 3 0"] {
            assert_eq!(Process::read(5, torn.as_bytes()), None, "{torn}");
        }
        let own = fs::read("/proc/self/stat").expect("a stat");
        assert!(Process::read(1, &own).is_some_and(|process| process.pages > 0 && process.started > 0));
    }

    #[test]
    fn a_tree_is_who_descends() {
        let all = [process(9, 8, 0, 0), process(5, 1, 0, 0), process(8, 5, 0, 0), process(6, 2, 0, 0)];
        let pids = |root| beneath(root, &all).iter().map(|process| process.pid).collect::<Vec<_>>();
        assert_eq!((pids(1), pids(5), pids(9)), (vec![5, 8, 9], vec![8, 9], vec![]));
    }

    #[test]
    fn processor_time_of_those_that_have_gone_stays() {
        let mut count = Count::default();
        assert_eq!(count.ticks(&[process(5, 1, 10, 0), process(6, 5, 20, 0)]), 30);
        // 6 was waited for, with a child that nobody saw; then 5 goes on.
        assert_eq!(count.ticks(&[process(5, 1, 10, 25)]), 35);
        assert_eq!(count.ticks(&[process(5, 1, 12, 25)]), 37);
        // One whose end nobody is told.
        let mut count = Count::default();
        count.ticks(&[process(5, 1, 10, 0), process(6, 5, 20, 0)]);
        assert_eq!(count.ticks(&[process(5, 1, 10, 0)]), 30);
        // Its number is used again.
        let again = Process { started: 8, ..process(6, 5, 3, 0) };
        assert_eq!(count.ticks(&[process(5, 1, 10, 0), again]), 33);
        assert_eq!(count.ticks(&[process(5, 1, 10, 0)]), 33);
    }
}
