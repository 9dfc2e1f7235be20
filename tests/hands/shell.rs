//! Caps of a command's tree, each with nothing beside it that could end the command first.

use std::os::fd::AsFd as _;
use std::time::Duration;

use hearth::base::limits::SHELL_PROCESSES;
use hearth::sandbox::{Class, Hands, Wall, Walls};
use hearth::wire::hand::{Outcome, Ran, Work};
use tokio::runtime::Runtime;

use super::bad;

pub(crate) const TESTS: &[super::Test] = &[
    ("a_command_ends_by_the_processor_time_of_its_whole_tree", processor),
    ("the_kernel_bounds_processes_where_nobody_counts_them", kernel),
    ("the_supervisor_counts_processes_where_the_kernel_does_not", supervisor),
];

/// The walls that are taken away from a test's hands.
pub(crate) fn lowered(test: &str) -> Walls {
    if test.starts_with("the_supervisor_counts") { Walls::of(&[Wall::Rlimits]) } else { Walls::NONE }
}

/// Longer than any command here runs, however busy the machine.
const NEVER: Duration = Duration::from_secs(1_000);

/// Runs it in a workspace of its own; no process of it has a limit of processor time that it could meet. None where
/// no command is run at all, as in the guest of `tests/heavy/walls-qemu`.
async fn run(hands: &Hands, command: &str) -> Option<Ran> {
    let folder = std::env::temp_dir().join(format!("hearth-hands-shell-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let opened = std::fs::File::open(&folder).expect("opened");
    let mut link = hands.spawn(Class::Shell, 1_000, &[opened.as_fd()]).await.expect("made");
    let wall_ms = u32::try_from(NEVER.as_millis()).expect("a time");
    let work = Work::RunCommand { command: command.to_owned(), wall_ms, vouchers: Vec::new() };
    let outcome = link.call(&work, NEVER).await;
    std::fs::remove_dir_all(folder).expect("removed");
    match outcome {
        Ok(Outcome::Ran(ran)) => Some(ran),
        Err(fault) if fault.message.contains("neither a mount namespace nor Landlock") => {
            eprintln!("SKIPPED: {fault}");
            None
        }
        other => panic!("{command}: {other:?}"),
    }
}

fn processor(hands: Hands, runtime: &Runtime) {
    // It never ends: what makes the time is one process, several at a time, each of many that were waited for,
    // and each of many whose end nobody is told.
    let piece = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done";
    let commands = [
        "while :; do :; done".to_owned(),
        "for i in 1 2 3; do (while :; do :; done) & done; wait".to_owned(),
        "(setsid sh -c 'while :; do :; done' &) ; exec sleep 10000".to_owned(),
        format!("while :; do ({piece}); done"),
        format!("trap '' CHLD; while :; do ({piece}); done"),
    ];
    runtime.block_on(async {
        for command in commands {
            let Some(ran) = run(&hands, &command).await else { return };
            assert_eq!(ran.ended_by, "it used more than 1 s of processor time", "{command}: {ran:?}");
        }
        let Some(idle) = run(&hands, "sleep 2; echo ended").await else { return };
        assert!(idle.ended_by.is_empty() && idle.output == b"ended\n", "waiting takes none: {idle:?}");
    });
}

fn kernel(hands: Hands, runtime: &Runtime) {
    runtime.block_on(async {
        let fault = super::fault_in(&hands, Class::Shell, "crowd", NEVER).await;
        assert!(fault.message.contains("was let through: false"), "{fault}");
    });
    assert!(bad::act("crowd"), "outside a hand");
}

fn supervisor(hands: Hands, runtime: &Runtime) {
    runtime.block_on(async {
        let fault = super::fault_in(&hands, Class::Shell, "crowd", NEVER).await;
        assert!(fault.message.contains("was let through: true"), "the kernel does not bound it here: {fault}");
        let Some(ran) = run(&hands, "for i in $(seq 200); do sleep 10000 & done; wait").await else { return };
        assert_eq!(ran.ended_by, format!("it had more than {SHELL_PROCESSES} processes"), "{ran:?}");
    });
}
