//! The key while it is used: by TLS, by processes that are made to dump, in the act of redeeming.

use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};

use super::scan::{KEY, Scan};
use super::{Talk, everything};
use crate::kit::{Authority, Home, Kept, Model, Running, Step, is_root, pid, wait_for};

const WISH: &str = "please compose a limerick about entropy";

/// A home with a model by TLS that answers so often, then hangs; cores may be as long as they like, and are written
/// where the agent may write.
fn home(model: &Model, authority: &Authority) -> (Home, Kept, Running) {
    let home = Home::with_late_config(|root| {
        let (log, ca) = (root.join("data/hearth.log"), root.join("ca.pem"));
        std::fs::write(&ca, authority.pem()).expect("written");
        let keeper = Kept::settings(root);
        let (log, ca, url) = (log.display(), ca.display(), &model.url);
        format!(
            "{keeper}[log]\nlevel = \"trace\"\nfile = \"{log}\"\n[net]\nlan = [\"127.0.0.1\"]\nca_file = \"{ca}\"\n[model]\nbase_url = \"{url}\"\nname = \"m\"\n"
        )
    });
    let kept = Kept::beside(&home);
    kept.put("model", KEY.as_bytes());
    let running = Running::start(with_cores(&home, home.command(&["run"])));
    wait_for("the service to answer", || home.run(&["status", "--no-start"]).ok.then_some(()));
    (home, kept, running)
}

/// The same command, in the data folder, with no limit on cores.
fn with_cores(home: &Home, command: Command) -> Command {
    let mut with = home.command(&[]);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "ulimit -c unlimited; exec \"$@\"", "sh"]).arg(command.get_program()).args(command.get_args());
    shell.env_clear().current_dir(home.data()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    for (name, value) in with.env("PATH", "/usr/bin:/bin").get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    if is_root() {
        std::os::unix::process::CommandExt::uid(&mut shell, home.uid());
        std::os::unix::process::CommandExt::gid(&mut shell, home.uid());
    }
    shell
}

/// Cores in the data folder.
fn cores(home: &Home) -> Vec<std::path::PathBuf> {
    let all = std::fs::read_dir(home.data()).expect("a folder").flatten().map(|entry| entry.path());
    all.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("core"))).collect()
}

#[test]
fn a_key_that_goes_by_tls_is_in_the_hand_alone_and_in_no_core() {
    if !is_root() {
        eprintln!("SKIPPED: only root can read the memory of sealed processes");
        return;
    }
    let mut script: Vec<Step> = (0..30).map(|_| Step::Say("A limerick, or so.")).collect();
    script.push(Step::Hang);
    let authority = Authority::new("the home's own");
    let model = Model::over(Some(authority.server("127.0.0.1", (2020, 2090))), script);
    let (home, kept, mut running) = home(&model, &authority);
    let mut talk = Talk::with(&home);
    for number in 0..30 {
        let answer = talk.say(WISH);
        assert_eq!(answer["done"]["text"], "A limerick, or so.", "{number}: {answer}");
    }
    let key = format!("Bearer {KEY}");
    assert_eq!(model.asked().iter().filter(|asked| asked.key == key).count(), 30, "the exact key arrived each time");
    let mut idle = Scan::new();
    everything(&mut idle, &home, &running, &[]);
    idle.process(kept.pid());
    idle.clean();

    let child = home.command(&["ask", WISH]).spawn().expect("started");
    wait_for("the server to hang", || (model.hanging() == 1).then_some(()));
    let hand = wait_for("the hand", || running.descendant("hearth-net"));
    let mut others = Scan::new();
    everything(&mut others, &home, &running, &["hearth-net"]);
    others.process(kept.pid());
    others.clean();
    let mut acting = Scan::new();
    acting.process(hand);
    acting.finds("raw", "memory of hearth-net");

    // What kills a process with a core, to the hand that holds the key, to the brain and to the keeper.
    // At once: a hand that is gone is made again, and the server asked again.
    kill(pid(hand), Signal::SIGSEGV).expect("signalled");
    kill(pid(running.pid()), Signal::SIGABRT).expect("signalled");
    wait_for("the brain to end", || (!running.lives()).then_some(()));
    drop(child.wait_with_output());
    kill(pid(kept.pid()), Signal::SIGQUIT).expect("signalled");
    wait_for("the keeper to end", || {
        (!std::path::Path::new(&format!("/proc/{}/maps", kept.pid())).exists()
            || std::fs::read(format!("/proc/{}/maps", kept.pid())).is_ok_and(|maps| maps.is_empty()))
        .then_some(())
    });
    assert_eq!(cores(&home), Vec::<std::path::PathBuf>::new(), "a core was written");
    let mut left = Scan::new();
    left.files(home.root());
    assert!(left.found.is_empty(), "{:#?}", left.found);

    // So that this can fail: an ordinary program of the same user, there, leaves a core, and the key is in it.
    let pattern = std::fs::read_to_string("/proc/sys/kernel/core_pattern").expect("a pattern");
    if pattern.starts_with(['|', '/']) {
        eprintln!("SKIPPED: cores of this machine go to {}", pattern.trim());
        return;
    }
    let mut plain = Command::new("/bin/sleep");
    plain.arg("60");
    let mut plain = with_cores(&home, plain);
    let mut plain = plain.env("LEAK", KEY).spawn().expect("started");
    wait_for("sleep", || {
        let name = std::fs::read_to_string(format!("/proc/{}/comm", plain.id())).unwrap_or_default();
        (name.trim() == "sleep").then_some(())
    });
    kill(pid(plain.id()), Signal::SIGABRT).expect("signalled");
    plain.wait().expect("ended");
    assert_eq!(cores(&home).len(), 1, "an ordinary program's core");
    let mut planted = Scan::new();
    planted.files(&home.data());
    planted.finds("raw", "core");
}
