//! `hearth db`: care of the database, through the service that runs or, where none does, on the file itself.

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::{fail, print, print_json};
use crate::app::admin::{Client, Request};
use crate::app::{Options, Settings};
use crate::base::{Clock, Code, Fault};
use crate::store::{self, Backup, DataFolder, Store, VERSION, policy};

/// `hearth db …`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Prints JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Tells schema version, sizes, what was written today, and when each kind of record is on disk
    Status,
    /// Reads everything and tells every fault; exit code 1 where there is one
    Check,
    /// Brings the schema up; the service does this by itself when it starts
    Migrate {
        /// The version; the newest without it
        #[arg(long, value_name = "VERSION")]
        to: Option<u32>,
    },
    /// Brings the schema down, after a backup beside the database: rows of tables that go are lost
    Rollback {
        /// The version; the one before without it
        #[arg(long, value_name = "VERSION")]
        to: Option<u32>,
    },
    /// Copies the database into a new file, also while the service runs
    Backup {
        /// The file; it must not exist
        file: PathBuf,
    },
    /// Puts a backup in the place of the database, which is kept beside it
    Restore {
        /// The backup
        file: PathBuf,
    },
    /// Makes the file as small as its rows; writes all of it, so not every day
    Compact,
}

/// Does it.
#[must_use]
pub fn run(args: &Args, options: &Options) -> ExitCode {
    match done(&args.command, options) {
        Ok(answer) if args.json => print_json(&answer),
        Ok(answer) => print(&readable(&args.command, &answer)),
        Err(fault) => return fail(&fault, args.json),
    }
    ExitCode::SUCCESS
}

fn done(command: &Command, options: &Options) -> Result<Value, Fault> {
    let settings = Settings::load(options).map_err(|fault| Fault::new(Code::BadInput, fault.to_string()))?;
    let socket = settings.socket();
    let client = Client::connect(&socket)
        .map_err(|error| Fault::new(Code::System, format!("admin socket {}: {error}", socket.display())))?;
    let place = Place { client, data: settings.dirs.data };
    match command {
        Command::Status => place.status(),
        Command::Check => place.check(),
        Command::Migrate { to } => place.migrate(to.unwrap_or(VERSION), true),
        Command::Rollback { to } => place.rollback(*to),
        Command::Backup { file } => place.backup(file),
        Command::Restore { file } => place.restore(file),
        Command::Compact => place.compact(),
    }
}

/// Where the database is: with a service, or in a folder that nobody holds.
struct Place {
    client: Option<Client>,
    data: PathBuf,
}

impl Place {
    fn folder(&self) -> Result<DataFolder, Fault> {
        if self.client.is_some() {
            let message = "the service runs and has the database open; stop it first (systemctl stop hearth)";
            return Err(Fault::new(Code::Unavailable, message));
        }
        Ok(DataFolder::open(&self.data)?)
    }

    fn status(self) -> Result<Value, Fault> {
        let mut status = match self.client {
            Some(mut client) => client.ask(&Request::DbStatus)?,
            None => json!(store::look(&self.folder()?)?),
        };
        status["policies"] = json!(policy::POLICIES);
        Ok(status)
    }

    fn check(self) -> Result<Value, Fault> {
        let faults = match self.client {
            Some(mut client) => client.ask(&Request::DbCheck)?,
            None => json!(store::check_closed(&self.folder()?)?),
        };
        let told: Vec<_> = faults.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if told.is_empty() {
            return Ok(json!({"ok": true, "faults": faults}));
        }
        let way = "start the service: it sets a damaged file aside and makes damaged words anew; or restore a backup";
        Err(Fault::new(Code::Internal, format!("the database is damaged:\n{}\n{way}", told.join("\n"))))
    }

    fn migrate(&self, to: u32, up: bool) -> Result<Value, Fault> {
        let folder = self.folder()?;
        let from = store::look(&folder)?.version;
        if (up && to < from) || (!up && to >= from) {
            let other = if up { "rollback" } else { "migrate" };
            let message = format!("the database has version {from}; `hearth db {other}` leads to version {to}");
            return Err(Fault::new(Code::BadInput, message));
        }
        let mut steps = Vec::new();
        store::migrate_to(&folder, to, |step| steps.push(json!({"from": step.from, "to": step.to})))?;
        Ok(json!({"from": from, "to": to, "steps": steps}))
    }

    fn rollback(&self, to: Option<u32>) -> Result<Value, Fault> {
        let folder = self.folder()?;
        let from = store::look(&folder)?.version;
        let to = to.unwrap_or_else(|| from.saturating_sub(1));
        let backup = folder.path().join(format!("hearth.db.v{from}-{}", Clock::system().wall_ms()));
        if to < from {
            on_the_file(&folder, |store| async move { store.backup(backup).await.map(|kept| json!(kept)) })?;
        }
        drop(folder);
        self.migrate(to, false)
    }

    fn backup(self, to: &Path) -> Result<Value, Fault> {
        let wrong = |error: std::io::Error| Fault::new(Code::System, format!("{}: {error}", to.display()));
        if to.exists() {
            return Err(Fault::new(Code::BadInput, format!("{} exists already; name a new file", to.display())));
        }
        let to = std::path::absolute(to).map_err(wrong)?;
        let Some(mut client) = self.client else {
            let folder = DataFolder::open(&self.data)?;
            return on_the_file(&folder, |store| async move { store.backup(to).await.map(|backup| json!(backup)) });
        };
        let made = client.ask(&Request::DbBackup)?;
        let made: Backup =
            serde_json::from_value(made).map_err(|error| Fault::new(Code::Garbage, error.to_string()))?;
        // The service may write in its own folders only, so the copy is carried on from here.
        let moved = fs::hard_link(&made.path, &to).or_else(|_| carry(&made.path, &to));
        drop(fs::remove_file(&made.path));
        moved.map_err(wrong)?;
        Ok(json!({"path": to, "bytes": made.bytes, "missing": made.missing}))
    }

    fn restore(&self, from: &Path) -> Result<Value, Fault> {
        Ok(json!(store::restore(&self.folder()?, from, &Clock::system())?))
    }

    fn compact(self) -> Result<Value, Fault> {
        match self.client {
            Some(mut client) => client.ask(&Request::DbCompact),
            None => {
                let folder = self.folder()?;
                on_the_file(&folder, |store| async move { store.compact().await.map(|compacted| json!(compacted)) })
            }
        }
    }
}

/// Copies to another disk into a file of this user only, flushed with its name; what is half done is removed.
fn carry(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut source = fs::File::open(from)?;
    let mut target = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let done = std::io::copy(&mut source, &mut target)
        .and_then(|_| target.sync_all())
        .and_then(|()| fs::File::open(folder)?.sync_all());
    if done.is_err() {
        drop(fs::remove_file(to));
    }
    done
}

/// Does something with a store opened for it alone.
fn on_the_file<T, F>(folder: &DataFolder, act: impl FnOnce(Store) -> F) -> Result<T, Fault>
where
    F: Future<Output = Result<T, store::StoreError>>,
{
    let runtime = super::run::executor().map_err(|fault| Fault::new(Code::System, fault.to_string()))?;
    runtime.block_on(async {
        let (store, opened) = Store::open(folder, Clock::system(), store::Options::default(), |_| {})?;
        if let Some(aside) = opened.quarantined {
            eprintln!("hearth: {}", set_aside(&aside.display().to_string(), &json!(opened.carried)));
        }
        let done = act(store.clone()).await;
        let closed = store.close().await;
        let done = done?;
        // What is done is done; that the disk took no more of the records beside it is told by who counts them.
        match closed {
            Ok(()) | Err(store::StoreError::Degraded(_)) => Ok(done),
            Err(error) => Err(error.into()),
        }
    })
}

fn readable(command: &Command, answer: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match command {
        Command::Status => status(answer),
        Command::Check => "every page, index and word is sound\n".to_owned(),
        Command::Migrate { .. } | Command::Rollback { .. } => {
            format!("schema {} is now {}\n", answer["from"], answer["to"])
        }
        Command::Backup { .. } => {
            let missing =
                answer["missing"].as_u64().filter(|missing| *missing > 0).map_or_else(String::new, |missing| {
                    format!("; the disk takes no writes, and {missing} records that wait in memory are not in it")
                });
            format!("{} ({} bytes){missing}\n", text(&answer["path"]), answer["bytes"])
        }
        Command::Restore { .. } if answer["before"].is_null() => "restored\n".to_owned(),
        Command::Restore { .. } => format!("restored; the one before is {}\n", text(&answer["before"])),
        Command::Compact => format!("{} bytes are now {}\n", answer["before"], answer["after"]),
    }
}

/// What happened to a damaged file.
pub(super) fn set_aside(aside: &str, carried: &Value) -> String {
    format!("the database was damaged; it is set aside as {aside}, and {carried} rows of it are in the new one")
}

fn status(answer: &Value) -> String {
    let mut out =
        format!("schema {} · {} bytes, and {} in the log\n", answer["version"], answer["bytes"], answer["log_bytes"]);
    if let Some(reason) = answer["degraded"].as_str() {
        out.push_str(&format!("DEGRADED: {reason}; {} records are held in memory\n", answer["held"]));
    }
    if let Some(aside) = answer["quarantined"].as_str() {
        out.push_str(&format!("{}\n", set_aside(aside, &answer["carried"])));
    }
    if let Some(written) = answer["written_today"].as_u64() {
        out.push_str(&format!("written today: {written} bytes of {}\n", answer["flash_day"]));
    }
    if let Some(held) = answer["shedding"].as_str() {
        out.push_str(&format!("the flash budget is spent: {held} wait in memory until tomorrow (UTC)\n"));
    }
    for policy in policy::POLICIES {
        out.push_str(&format!("  {:<16} {:<8} {}\n", policy.kind.word(), policy.durability.word(), policy.reason));
    }
    out
}
