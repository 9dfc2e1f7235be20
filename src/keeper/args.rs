//! The command line of `hearth-keeper`, read by hand: fourteen options do not pay for a parser in the vault.
//!
//! Raw words become [`Settings`] or one sentence about the first word that is wrong.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::fault::KeeperFault;
use crate::base::limits;

/// Where users and groups are: on a board there is no other place, and no resolver may be loaded into the vault.
const PASSWD: &str = "/etc/passwd";
const GROUP: &str = "/etc/group";

const HELP: &str = "\
hearth-keeper: the secrets helper of Hearth.

Usage: hearth-keeper --socket PATH --vault DIR [OPTION]...

  --socket PATH      listen here, mode 0600; where a service manager passes a socket, that one is used
  --allow-uid N      this uid may connect too, besides the keeper's own and root (up to 16 times)
  --allow-user NAME  the same by name, as /etc/passwd has it: for a unit that cannot know the number
  --vault DIR        the vault's folder, mode 0700
  --key-file PATH    the master key, mode 0600, where neither a systemd credential nor the kernel keyring
                     has it (default: master.key in the vault's folder); last of all $HEARTH_MASTER_KEY
  --brain-uid N      the brain's uid: with its enrolled key it lists names and buys tickets
  --brain-user NAME  the same by name
  --admin-gid N      members of this group administer, besides root and the keeper's own uid
  --admin-group NAME the same by name, as /etc/group has it
  --user NAME|N      started as root, it takes this user's ids before it opens a file
  --session-seconds N  a session holds so long, 1 to 3600 (default 3600)
  --idle-seconds N   end a connection after so long without a request, 1 to 3600 (default 60)
  -h, --help         print this
  -V, --version      print the version

It seals itself before it reads a byte, holds one Unix socket, and ends on SIGTERM or SIGINT.
Ask it with: hearth keeper status
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Parsed {
    /// Print this and end.
    Say(String),
    /// Serve.
    Serve(Settings),
}

/// How to serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    socket: Option<PathBuf>,
    /// The vault's folder.
    pub vault: Option<PathBuf>,
    /// The master key's file.
    pub key_file: Option<PathBuf>,
    /// The brain's uid; the keeper's own where none is named.
    pub brain: Option<u32>,
    /// The group of administrators.
    pub admins: Option<u32>,
    /// Whose ids a keeper takes that was started as root.
    pub user: Option<u32>,
    /// How long a session holds.
    pub session: Duration,
    /// Uids that may connect, besides the keeper's own and root.
    pub allowed: Vec<u32>,
    /// Time without a request after which a connection is ended.
    pub idle: Duration,
}

impl Settings {
    /// Where to listen when no socket was passed.
    ///
    /// # Errors
    /// [`KeeperFault::Usage`] where `--socket` was not given.
    pub fn socket(&self) -> Result<&Path, KeeperFault> {
        self.socket
            .as_deref()
            .ok_or_else(|| KeeperFault::Usage("no socket was passed, and --socket is missing".to_owned()))
    }
}

/// Reads the words after the program's name.
///
/// # Errors
/// [`KeeperFault::Usage`] with the word that is wrong.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Parsed, KeeperFault> {
    let mut words = words.into_iter();
    let mut settings = Settings {
        socket: None,
        vault: None,
        key_file: None,
        brain: None,
        admins: None,
        user: None,
        session: limits::KEEPER_SESSION,
        allowed: Vec::new(),
        idle: limits::KEEPER_IDLE,
    };
    while let Some(word) = words.next() {
        match word.to_str() {
            Some("-h" | "--help") => return Ok(Parsed::Say(HELP.to_owned())),
            Some("-V" | "--version") => {
                return Ok(Parsed::Say(format!("hearth-keeper {}\n", env!("CARGO_PKG_VERSION"))));
            }
            Some("--socket") if settings.socket.is_some() => return Err(usage("--socket is given twice")),
            Some("--socket") => settings.socket = Some(PathBuf::from(value(&mut words, "--socket", "a path")?)),
            Some(option @ ("--allow-uid" | "--allow-user")) if settings.allowed.len() == limits::KEEPER_UIDS => {
                return Err(usage(&format!("{option} is given more than {} times", limits::KEEPER_UIDS)));
            }
            Some("--allow-user") => {
                let name = value(&mut words, "--allow-user", "a name")?;
                settings.allowed.push(id_of("--allow-user", &name.to_string_lossy(), PASSWD)?);
            }
            Some("--allow-uid") => settings.allowed.push(number(&mut words, "--allow-uid", 0, u32::MAX - 1)?),
            Some("--vault") => settings.vault = Some(PathBuf::from(value(&mut words, "--vault", "a folder")?)),
            Some("--key-file") => settings.key_file = Some(PathBuf::from(value(&mut words, "--key-file", "a path")?)),
            Some("--brain-uid") => settings.brain = Some(number(&mut words, "--brain-uid", 0, u32::MAX - 1)?),
            Some("--admin-gid") => settings.admins = Some(number(&mut words, "--admin-gid", 0, u32::MAX - 1)?),
            Some("--brain-user") => {
                let name = value(&mut words, "--brain-user", "a name")?;
                settings.brain = Some(id_of("--brain-user", &name.to_string_lossy(), PASSWD)?);
            }
            Some("--admin-group") => {
                let name = value(&mut words, "--admin-group", "a name")?;
                settings.admins = Some(id_of("--admin-group", &name.to_string_lossy(), GROUP)?);
            }
            Some("--user") => settings.user = Some(user(&value(&mut words, "--user", "a name or a number")?)?),
            Some("--session-seconds") => {
                settings.session = Duration::from_secs(number(&mut words, "--session-seconds", 1, 3600)?.into());
            }
            Some("--idle-seconds") => {
                settings.idle = Duration::from_secs(number(&mut words, "--idle-seconds", 1, 3600)?.into());
            }
            _ => return Err(usage(&format!("{} is not an option", word.display()))),
        }
    }
    if settings.socket.as_ref().is_some_and(|path| path.as_os_str().is_empty()) {
        return Err(usage("--socket is empty"));
    }
    Ok(Parsed::Serve(settings))
}

fn usage(text: &str) -> KeeperFault {
    KeeperFault::Usage(text.to_owned())
}

fn value(words: &mut impl Iterator<Item = OsString>, option: &str, what: &str) -> Result<OsString, KeeperFault> {
    words.next().ok_or_else(|| usage(&format!("{option} needs {what}")))
}

fn number(words: &mut impl Iterator<Item = OsString>, option: &str, low: u32, high: u32) -> Result<u32, KeeperFault> {
    let word = value(words, option, "a number")?;
    match word.to_str().and_then(|text| text.parse::<u32>().ok()) {
        Some(number) if (low..=high).contains(&number) => Ok(number),
        _ => Err(usage(&format!("{option} {} is not a number from {low} to {high}", word.display()))),
    }
}

/// A user by number or name; never root.
fn user(word: &OsString) -> Result<u32, KeeperFault> {
    let word = word.to_string_lossy();
    match word.parse::<u32>().or_else(|_| id_of("--user", &word, PASSWD))? {
        0 | u32::MAX => Err(usage(&format!("--user {word} is root, or nobody's number: name another user"))),
        uid => Ok(uid),
    }
}

/// The first group of a user, where `/etc/passwd` has the user.
#[must_use]
pub fn group_of(uid: nix::unistd::Uid) -> Option<nix::unistd::Gid> {
    let text = std::fs::read_to_string(PASSWD).ok()?;
    let uid = uid.to_string();
    let line = text.lines().find(|line| line.split(':').nth(2) == Some(&uid))?;
    line.split(':').nth(3)?.parse().ok().map(nix::unistd::Gid::from_raw)
}

/// The uid of a user in a file of passwd(5), or the gid of a group in one of group(5): the third field of both.
fn id_of(option: &str, name: &str, file: &str) -> Result<u32, KeeperFault> {
    let text = std::fs::read_to_string(file).map_err(|error| usage(&format!("{option} {name}: {file}: {error}")))?;
    let line = text.lines().find(|line| line.split(':').next() == Some(name));
    let id = line.and_then(|line| line.split(':').nth(2)).and_then(|id| id.parse().ok());
    id.ok_or_else(|| usage(&format!("{option} {name}: there is none in {file}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Parsed, String> {
        parse(words.iter().map(OsString::from)).map_err(|fault| fault.to_string())
    }

    #[test]
    fn every_option_is_read() {
        let Ok(Parsed::Serve(settings)) =
            read(&["--socket", "/s", "--allow-uid", "7", "--allow-uid", "8", "--idle-seconds", "3"])
        else {
            panic!("not served")
        };
        assert_eq!(settings.socket().unwrap(), Path::new("/s"));
        assert_eq!(settings.allowed, [7, 8]);
        assert_eq!(settings.idle, Duration::from_secs(3));
        assert!(matches!(read(&["--version"]), Ok(Parsed::Say(text)) if text.contains(env!("CARGO_PKG_VERSION"))));
        assert!(matches!(read(&["--help", "--nonsense"]), Ok(Parsed::Say(_))));
    }

    #[test]
    fn a_user_is_looked_up_by_its_whole_name() {
        let path = std::env::temp_dir().join(format!("hearth-passwd-{}", std::process::id()));
        std::fs::write(&path, "hearth-keeper:x:7:7::/:/bin/sh\nhearth:x:8:8::/:/bin/sh\nbroken:x\n").unwrap();
        let file = path.to_str().unwrap();
        assert_eq!(id_of("--allow-user", "hearth", file).unwrap(), 8);
        for name in ["heart", "broken", ""] {
            assert!(id_of("--user", name, file).unwrap_err().to_string().contains("there is none"), "{name}");
        }
        std::fs::remove_file(&path).unwrap();
        let words = ["--brain-user", "daemon", "--admin-group", "root", "--user", "daemon"];
        let Ok(Parsed::Serve(settings)) = read(&words) else { panic!("not served") };
        assert_eq!((settings.brain, settings.admins, settings.user), (Some(1), Some(0), Some(1)));
        assert!(matches!(read(&["--allow-user", "root"]), Ok(Parsed::Serve(settings)) if settings.allowed == [0]));
    }

    #[test]
    fn a_wrong_word_is_named() {
        for (words, wanted) in [
            (vec!["--sokcet", "/s"], "--sokcet is not an option"),
            (vec!["--socket"], "--socket needs a path"),
            (vec!["--socket", ""], "--socket is empty"),
            (vec!["--socket", "/a", "--socket", "/b"], "twice"),
            (vec!["--allow-uid", "-1"], "--allow-uid -1 is not a number from 0"),
            (vec!["--allow-uid", "4294967295"], "4294967295 is not a number"),
            (vec!["--idle-seconds", "0"], "from 1 to 3600"),
            (vec!["--user", "root"], "is root"),
            (vec!["--user", "0"], "is root"),
            (vec!["--admin-group", "no such group"], "there is none in /etc/group"),
        ] {
            let error = read(&words).unwrap_err();
            assert!(error.contains(wanted), "{words:?}: {error}");
        }
        let many: Vec<_> = std::iter::repeat_n(["--allow-uid", "1"], 17).flatten().collect();
        assert!(read(&many).unwrap_err().contains("more than 16"));
    }

    #[test]
    fn a_missing_socket_is_said_only_when_none_was_passed() {
        let Ok(Parsed::Serve(settings)) = read(&[]) else { panic!("not served") };
        assert!(settings.socket().unwrap_err().to_string().contains("--socket is missing"));
    }
}
