//! The agent: see `hearth --help`.

fn main() -> std::process::ExitCode {
    hearth::cli::run()
}
