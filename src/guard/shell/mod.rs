//! Judges a shell command by its text: refuse, ask a person, or let it go to the walls.
//!
//! A shell has endless ways to write one thing, so this stops honest mistakes and plain attempts, with
//! a sentence that says why. The same commands are harmless with this guard off: tests try them.

mod paths;
mod words;

use words::{Step, steps};

/// What the text tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing speaks against it.
    Allow,
    /// A person should look at it, because of this.
    Confirm(&'static str),
    /// It is not run, because of this.
    Deny(&'static str),
}

/// Longest pause that is not refused, in seconds.
const PAUSE: u64 = 30;

/// Judges a command for `/bin/sh -c` in the workspace.
#[must_use]
pub fn judge(command: &str) -> Verdict {
    let steps = steps(command);
    let denied = whole(command).or_else(|| steps.iter().find_map(denied));
    if let Some(why) = denied {
        return Verdict::Deny(why);
    }
    steps.iter().find_map(doubtful).or_else(|| mentions(command)).map_or(Verdict::Allow, Verdict::Confirm)
}

/// What is seen without taking the command apart.
fn whole(command: &str) -> Option<&'static str> {
    let close: String = command.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
    let table = [
        (":(){", "it is a fork bomb"),
        ("rmtree(", "it deletes folders from a script"),
        ("os.system(", "it runs a command from a script"),
        ("subprocess.", "it runs a command from a script"),
        ("path=/", "it changes where programs are found"),
    ];
    if matches!(command.trim(), "" | ":") {
        return Some("it does nothing");
    }
    table.into_iter().find(|(part, _)| close.contains(part)).map(|(_, why)| why)
}

fn denied(step: &Step) -> Option<&'static str> {
    if step.substituted {
        return Some("its program is the output of another command");
    }
    let program = step.program();
    let flag = |short: &[char], long: &[&str]| step.has_flag(short, long);
    let reason = match program {
        "rm" if flag(&['r', 'R', 'f'], &["--recursive", "--force"]) => "it deletes without asking",
        "find" if step.has(&["-delete", "-exec", "-execdir", "-ok"]) => "it deletes or runs what it finds",
        "dd" if step.arguments().any(|word| word.starts_with("if=") || word.starts_with("of=")) => {
            "it copies raw devices"
        }
        "mkfs" | "fdisk" | "parted" | "diskpart" | "wipefs" | "mkswap" | "losetup" => "it formats disks",
        "shutdown" | "reboot" | "poweroff" | "halt" | "init" | "telinit" => "it stops the machine",
        "sudo" | "su" | "doas" | "pkexec" | "runuser" => "it asks for another user's rights",
        "crontab" | "at" => "it plants commands for later",
        "kill" | "killall" | "pkill" | "fuser" => "it ends processes",
        "chmod" if step.has(&["777", "0777", "a+rwx", "ugo+rwx"]) => "it opens files to everybody",
        "nc" | "ncat" | "netcat" | "socat" if flag(&['l'], &["--listen"]) => "it listens for connections",
        "eval" | "source" | "." => "it runs text as commands",
        "flashcp" | "flash_erase" | "flashrom" | "mtd_debug" | "nandwrite" | "ubiformat" => "it writes flash memory",
        "devmem" | "devmem2" | "i2cset" | "fw_setenv" => "it writes registers or the boot environment",
        "mount" | "umount" | "swapon" | "swapoff" | "chroot" | "unshare" | "nsenter" => "it changes what is mounted",
        "insmod" | "modprobe" | "rmmod" | "kexec" => "it changes the kernel",
        "useradd" | "usermod" | "passwd" | "visudo" => "it changes users",
        "sysctl" if step.arguments().any(|word| word.contains('=')) => "it changes the kernel's settings",
        "sleep" if step.arguments().filter_map(|word| word.parse::<u64>().ok()).sum::<u64>() > PAUSE => {
            "it waits longer than a command may run"
        }
        name if name.starts_with("mkfs.") => "it formats disks",
        name if interpreter(name) && step.has(&["-c", "-e"]) && runs_code(step) => "it runs a command from a script",
        name if shell(name) && step.piped => "it runs what another program writes",
        _ => "",
    };
    if !reason.is_empty() {
        return Some(reason);
    }
    paths::outside(step)
}

fn doubtful(step: &Step) -> Option<&'static str> {
    match step.program() {
        "rm" | "unlink" | "shred" => Some("it deletes files"),
        "curl" | "wget" | "nc" => Some("it talks to the network"),
        "apt" | "apt-get" | "pip" | "pip3" | "npm" => Some("it installs software"),
        "chmod" | "chown" => Some("it changes who may use files"),
        "dd" => Some("it copies raw bytes"),
        _ => None,
    }
}

fn mentions(command: &str) -> Option<&'static str> {
    let table = [("config.toml", "it names settings"), (".env", "it names secrets"), (".ssh", "it names keys")];
    table.into_iter().find(|(part, _)| command.contains(part)).map(|(_, why)| why)
}

fn shell(name: &str) -> bool {
    matches!(name, "sh" | "bash" | "zsh" | "dash" | "ash" | "ksh" | "fish") || interpreter(name)
}

fn interpreter(name: &str) -> bool {
    ["python", "perl", "ruby", "node", "lua", "php"].iter().any(|known| name.starts_with(known))
}

fn runs_code(step: &Step) -> bool {
    let risky = ["exec", "system", "popen", "eval", "spawn", "remove", "unlink", "rmdir", "import os"];
    step.arguments().any(|word| risky.iter().any(|part| word.contains(part)))
}

#[cfg(test)]
mod tests;
