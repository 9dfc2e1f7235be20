//! `hearth board`: the boards that are known, and what one of them has.
//!
//! Exit codes: 0 good, 1 faults found, 2 wrong usage.

use std::path::Path;
use std::process::ExitCode;

use super::{print, tell};
use crate::app::Options;
use crate::board::{At, Board, BoardFault, Boards, read_compatible, schema};

/// Boards: list them, show one.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Tells the result as JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Lists the boards; the one of this machine bears a star.
    List,
    /// Shows a board: its chips, lines, buses and budget.
    Show {
        /// Its name; else the board of this machine.
        name: Option<String>,
    },
    /// Prints the limits of a board's memory, as a drop-in for systemd's hearth.service.
    Limits {
        /// Its name; else the board of this machine.
        name: Option<String>,
    },
    /// Prints the JSON Schema of a board file.
    Schema,
}

/// Does it.
#[must_use]
pub fn run(args: &Args, options: &Options) -> ExitCode {
    let done = match &args.command {
        Command::List => known(&options.boards).and_then(|boards| list(&boards, args.json)),
        Command::Show { name } => known(&options.boards).and_then(|boards| show(&boards, name.as_deref(), args.json)),
        Command::Limits { name } => {
            known(&options.boards).and_then(|boards| limits(&boards, name.as_deref(), args.json))
        }
        Command::Schema => {
            print(&format!("{:#}\n", schema()));
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(faults) => tell(&faults, args.json),
    }
}

fn known(folder: &Path) -> Result<Boards, Vec<BoardFault>> {
    let mut boards = Boards::embedded()?;
    let faults = boards.load_dir(folder);
    if faults.is_empty() { Ok(boards) } else { Err(faults) }
}

fn here(boards: &Boards) -> Result<Board, Vec<BoardFault>> {
    boards.detect(read_compatible(Path::new("/")).as_deref(), std::env::consts::ARCH)
}

fn list(boards: &Boards, json: bool) -> Result<(), Vec<BoardFault>> {
    let here = here(boards)?.name;
    let all = boards.names().map(|name| boards.named(name)).collect::<Result<Vec<_>, _>>()?;
    if json {
        let list: Vec<_> = all
            .iter()
            .map(|b| serde_json::json!({"name": b.name, "description": b.description, "here": b.name == here}))
            .collect();
        print(&format!("{:#}\n", serde_json::json!({"boards": list})));
        return Ok(());
    }
    let star = |name: &str| if name == here { '*' } else { ' ' };
    print(&all.iter().map(|b| format!("{} {:16} {}\n", star(&b.name), b.name, b.description)).collect::<String>());
    Ok(())
}

fn chosen(boards: &Boards, name: Option<&str>) -> Result<Board, Vec<BoardFault>> {
    name.map_or_else(|| here(boards), |name| boards.named(name))
}

/// What systemd.resource-control(5) is told: reclaim hard at seven eighths, never more than all.
fn limits(boards: &Boards, name: Option<&str>, json: bool) -> Result<(), Vec<BoardFault>> {
    let board = chosen(boards, name)?;
    let (most, high) = (board.budget_mb, board.budget_mb * 7 / 8);
    if json {
        let limits = serde_json::json!({"board": board.name, "memory_high_mb": high, "memory_max_mb": most});
        print(&format!("{limits:#}\n"));
    } else {
        print(&format!("# Board {}.\n[Service]\nMemoryHigh={high}M\nMemoryMax={most}M\n", board.name));
    }
    Ok(())
}

fn show(boards: &Boards, name: Option<&str>, json: bool) -> Result<(), Vec<BoardFault>> {
    let board = chosen(boards, name)?;
    if json {
        print(&format!("{:#}\n", serde_json::json!(board)));
        return Ok(());
    }
    let mut out = format!("{}: {}\nmemory budget: {} MB\n", board.name, board.description, board.budget_mb);
    for (name, chip) in &board.chips {
        let simulated = if chip.simulated { ", simulated" } else { "" };
        out.push_str(&format!("chip {name}: label {}, {} lines{simulated}\n", chip.label, chip.lines));
    }
    for line in board.lines.values() {
        let at = match &line.at {
            At::Offset(offset) => offset.to_string(),
            At::KernelName(name) => format!("«{name}»"),
        };
        let use_ = format!("{:?} {:?}", line.kind, line.direction).to_lowercase();
        out.push_str(&format!("line {}: {} {at}, {use_}\n", line.name, line.chip.label));
    }
    for (name, reading) in &board.readings {
        let (bus, register) = (reading.bus.display(), reading.register);
        out.push_str(&format!("reading {name}: {bus} {:#04x}, register {register}\n", reading.address));
    }
    for (table, map) in [("i2c", &board.i2c), ("spi", &board.spi), ("uart", &board.uarts), ("led", &board.leds)] {
        map.iter().for_each(|(name, path)| out.push_str(&format!("{table} {name}: {}\n", path.display())));
    }
    print(&out);
    Ok(())
}
