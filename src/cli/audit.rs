//! `hearth audit`: the records of tool calls, and whether anybody has changed them.
//!
//! Exit code of `verify`: 0 where every record is in its place, 1 otherwise. Without the keeper the chain is
//! walked all the same, and it is said that nobody vouches for it.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::reach::{reach, reach_each};
use super::{fail, print, print_json};
use crate::app::Options;
use crate::app::admin::Request;
use crate::base::{Code, Fault};
use crate::keeper::message::Head;
use crate::keeper::{Client, DEFAULT_SOCKET};

/// `hearth audit …`
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
    /// Shows the latest calls, the newest first
    Show {
        /// How many
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Looks whether a record was removed, changed, moved or cut off
    Verify,
    /// Prints every record with its link, oldest first, one JSON object a line
    Export,
    /// Has the keeper take the records as they are for a new beginning (for administrators of the keeper)
    Accept {
        /// The keeper's socket
        #[arg(long, value_name = "PATH", default_value = DEFAULT_SOCKET)]
        socket: PathBuf,
    },
}

/// Does it.
#[must_use]
pub fn run(args: &Args, options: &Options) -> ExitCode {
    let done = match &args.command {
        Command::Show { limit } => show(*limit, args.json, options),
        Command::Verify => return verify(args.json, options),
        Command::Export => export(options),
        Command::Accept { socket } => accept(socket, args.json, options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => fail(&fault, args.json),
    }
}

fn show(limit: u16, json: bool, options: &Options) -> Result<(), Fault> {
    let calls = reach(options, Request::Calls { limit: limit.into() }, true)?;
    if json {
        print_json(&calls);
    } else {
        calls.as_array().into_iter().flatten().for_each(|call| print(&row(call)));
    }
    Ok(())
}

fn verify(json: bool, options: &Options) -> ExitCode {
    let report = match reach(options, Request::AuditVerify, true) {
        Ok(report) => report,
        Err(fault) => return fail(&fault, json),
    };
    if json {
        print_json(&report);
    } else {
        print(&told(&report));
    }
    if report["ok"] == json!(true) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn told(report: &Value) -> String {
    let (records, older) = (&report["records"], &report["older"]);
    let found = report["fault"].as_str().map_or_else(
        || format!("{records} audit records are in their places, and {older} from before there was a chain\n"),
        |fault| format!("AUDIT RECORDS DO NOT FIT: {fault}\n"),
    );
    let cut = report["cut"]["place"].as_u64();
    let cut = cut.map_or_else(String::new, |place| format!("the first {place} went because there were too many\n"));
    let keeper = match (report["keeper"]["older"].as_str(), report["keeper"]["fault"].as_str()) {
        (Some(older), _) => format!("THE VAULT WENT BACK: {older}\n"),
        (None, Some(fault)) => {
            format!("not vouched for: the records are chained, but the keeper was not asked: {fault}\n")
        }
        (None, None) => format!("the keeper vouched for the first {} of them\n", report["keeper"]["vouches_for"]),
    };
    found + &cut + &keeper
}

fn export(options: &Options) -> Result<(), Fault> {
    reach_each(options, Request::AuditPage { after: i64::MIN }, true, |page| {
        let rows = page.as_array().map(Vec::as_slice).unwrap_or_default();
        rows.iter().for_each(|row| print(&format!("{row}\n")));
        rows.last().and_then(|row| row["place"].as_i64()).map(|after| Request::AuditPage { after })
    })
}

fn accept(socket: &std::path::Path, json: bool, options: &Options) -> Result<(), Fault> {
    let report = reach(options, Request::AuditVerify, true)?;
    let garbage = || Fault::new(Code::NotFound, "there is no chain of audit records yet");
    let link = report["head"]["link"].as_str().and_then(crate::keeper::armor::from_hex);
    let link = link.and_then(|link| link.as_slice().try_into().ok()).ok_or_else(garbage)?;
    let place = report["head"]["place"].as_u64().ok_or_else(garbage)?;
    let cut = match report["cut"]["place"].as_u64() {
        Some(place) => {
            let link = report["cut"]["link"].as_str().and_then(crate::keeper::armor::from_hex);
            let link = link.and_then(|link| link.as_slice().try_into().ok()).ok_or_else(garbage)?;
            Head { place, link }
        }
        None => Head { place: 0, link: [0; 32] },
    };
    let mut client = Client::connect(socket)?;
    client.administer()?;
    client.vouch(Head { place, link })?;
    client.cut(cut)?;
    if json {
        print_json(&json!({"ok": true, "place": place}));
    } else {
        print(&format!("the keeper vouches for {place} records from here on\n"));
    }
    Ok(())
}

fn row(call: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let ended = call["end"]
        .as_object()
        .map_or_else(|| "no end yet".to_owned(), |end| format!("{} in {} µs", text(&end["outcome"]), end["took_us"]));
    let [id, tool, principal, decision] = ["id", "tool", "principal", "decision"].map(|key| text(&call[key]));
    format!("{id}  {tool:<12} {principal:<12} {decision:<7} {ended}\n")
}
