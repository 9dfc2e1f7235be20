//! `hearth offboard`: this Hearth forgets everything, before the board is given away.
//!
//! The vault goes first, by the keeper, which also deletes the key file that it made. Bytes that a flash
//! keeps in worn cells are sealed by a key that is gone with it; a master key from elsewhere must go there.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use super::{fail, print, print_json};
use crate::app::{Options, Settings};
use crate::base::{Code, Fault};
use crate::keeper::{Client, DEFAULT_SOCKET};
use crate::store::DataFolder;

/// `hearth offboard`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Does not ask
    #[arg(long)]
    yes: bool,
    /// Leaves the vault: where there is no keeper
    #[arg(long)]
    keep_vault: bool,
    /// The keeper's socket
    #[arg(long, value_name = "PATH", default_value = DEFAULT_SOCKET)]
    socket: PathBuf,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Does it.
#[must_use]
pub fn run(args: &Args, options: &Options) -> ExitCode {
    match wipe(args, options) {
        Ok(wiped) if args.json => print_json(&json!({"ok": true, "wiped": wiped})),
        Ok(wiped) => print(&format!("wiped: {}\n", wiped.join(", "))),
        Err(fault) => return fail(&fault, args.json),
    }
    ExitCode::SUCCESS
}

fn wipe(args: &Args, options: &Options) -> Result<Vec<String>, Fault> {
    let settings = Settings::load(options).map_err(|fault| Fault::new(Code::BadInput, fault.to_string()))?;
    // Held until the end: no service may begin on a folder that is half gone.
    let held = DataFolder::open(&settings.dirs.data)?;
    let dirs = &settings.dirs;
    let log = &settings.config.log.file;
    let mut folders = vec![dirs.data.clone(), dirs.workspace.clone(), dirs.runtime.clone()];
    folders.retain(|folder| folder.is_dir());
    let mut wiped: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
    if !args.keep_vault {
        wiped.push("the vault and its key file".to_owned());
    }
    if !args.yes {
        confirmed(&wiped, settings.config.device.as_str())?;
    }
    if !args.keep_vault {
        let keeper = || -> Result<(), crate::keeper::KeeperFault> {
            let mut client = Client::connect(&args.socket)?;
            client.administer()?;
            client.wipe()
        };
        keeper().map_err(|fault| {
            let message = format!("nothing was wiped, because the vault was not: {fault}; --keep-vault leaves it");
            Fault::new(Fault::from(fault).code, message)
        })?;
    }
    for folder in &folders {
        // The workspace may have been within the data folder.
        if !folder.is_dir() {
            continue;
        }
        empty(folder).map_err(|error| Fault::new(Code::System, format!("{}: {error}", folder.display())))?;
    }
    if !log.as_os_str().is_empty() {
        for path in [log.clone(), log.with_extension("log.1")] {
            match std::fs::remove_file(&path) {
                Ok(()) => wiped.push(path.display().to_string()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(Fault::new(Code::System, format!("{}: {error}", path.display()))),
            }
        }
    }
    drop(held);
    Ok(wiped)
}

/// Everything in the folder; the folder itself may be another's to remove.
fn empty(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        } else {
            std::fs::remove_file(entry.path())?;
        }
    }
    std::fs::File::open(folder)?.sync_all()
}

fn confirmed(wiped: &[String], device: &str) -> Result<(), Fault> {
    let refused = |message: &str| Fault::new(Code::NeedsConfirmation, message);
    if !io::stdin().is_terminal() {
        return Err(refused("nobody is there to confirm it; --yes does"));
    }
    print(&format!("This wipes {}.\nType the name of this device ({device}) to go on: ", wiped.join(", ")));
    let _shown = io::stdout().flush();
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    if read.is_ok() && line.trim() == device { Ok(()) } else { Err(refused("nothing was wiped")) }
}
