//! The secrets helper: see `hearth-keeper --help`.

fn main() -> std::process::ExitCode {
    hearth::keeper::main()
}
