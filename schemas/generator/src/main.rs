//! Runs the pinned `flatc` with the arguments it was given.
//!
//! `schemas/generate` is the only caller.

use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let ran = Command::new(flatc::flatc()).args(std::env::args_os().skip(1)).status();
    match ran {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(status) => {
            eprintln!("flatc: {status}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("flatc: {error}");
            ExitCode::FAILURE
        }
    }
}
