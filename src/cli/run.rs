//! `hearth run` and `hearth` alone: the service, or a conversation at this terminal.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use tokio::runtime::{Builder, Runtime};

use crate::app::admin::{Client, Request};
use crate::app::{AppFault, Front, Options, Settings, serve};
use crate::base::{Code, Fault};
use crate::channels::{Console, Speak};
use crate::config::{Config, LogFormat, LogLevel};
use crate::guard;
use crate::obs::{self, Format, Ring};
use crate::{sandbox, tools};

/// Does it.
#[must_use]
pub fn run(options: &Options, front: Front) -> ExitCode {
    match start(options, front) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("hearth: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn start(options: &Options, front: Front) -> Result<(), AppFault> {
    let spawner = sandbox::start(tools::bodies(), options.lowered)?;
    let settings = Settings::load(options)?;
    if front == Front::Console
        && let Some(client) = Client::connect(&settings.socket()).map_err(AppFault::step("admin socket"))?
    {
        drop((spawner, client));
        return attach(settings.socket());
    }
    let ring = log(&settings.config, front == Front::Console)?;
    let runtime = executor()?;
    let served = runtime.block_on(serve(settings, spawner, ring, front));
    // A console waits for its terminal on a thread of its own, which nothing but the end interrupts.
    runtime.shutdown_background();
    served
}

/// A conversation with the service that runs already.
fn attach(socket: PathBuf) -> Result<(), AppFault> {
    let mut console = Console::standard().map_err(AppFault::step("open the console"))?;
    let _ = console.say("Hearth runs already; this is its console. /help helps.");
    let runtime = executor()?;
    let talked = runtime.block_on(console.talk(&There(socket)));
    runtime.shutdown_background();
    talked.map_err(AppFault::step("talk"))
}

/// The console of a running service, at its socket. Each sentence has a connection and a thread of its own, so that
/// one can be said while the answer to another is awaited.
struct There(PathBuf);

impl Speak for There {
    async fn speak(&self, text: String) -> Result<String, Fault> {
        let path = self.0.clone();
        let asked = tokio::task::spawn_blocking(move || {
            let gone = |why: String| Fault::new(Code::Unavailable, format!("the service went away{why}"));
            let client = Client::connect(&path).map_err(|error| gone(format!(": {error}")))?;
            let mut client = client.ok_or_else(|| gone(String::new()))?;
            client.ask(&Request::Say { text, session: "console".into() })
        });
        let answer = asked.await.map_err(|error| Fault::new(Code::Internal, error.to_string()))??;
        let text = answer.get("text").and_then(serde_json::Value::as_str);
        text.map(str::to_owned).ok_or_else(|| Fault::new(Code::Garbage, "the service gave no answer"))
    }
}

/// The brain's executor: one thread.
///
/// # Errors
/// Where the system gives none.
pub(super) fn executor() -> Result<Runtime, AppFault> {
    Builder::new_current_thread().enable_all().build().map_err(AppFault::step("make the executor"))
}

/// Installs the log; beside a conversation only warnings are shown on the terminal.
///
/// # Errors
/// Where a log was installed already.
pub(super) fn log(config: &Config, beside_a_person: bool) -> Result<Option<Ring>, AppFault> {
    let log = &config.log;
    let to_file = !log.file.as_os_str().is_empty();
    let level = match log.level {
        LogLevel::Error => tracing::Level::ERROR,
        LogLevel::Info | LogLevel::Warn if beside_a_person && !to_file => tracing::Level::WARN,
        LogLevel::Warn => tracing::Level::WARN,
        LogLevel::Info => tracing::Level::INFO,
        LogLevel::Debug => tracing::Level::DEBUG,
        LogLevel::Trace => tracing::Level::TRACE,
    };
    let format = match log.format {
        LogFormat::Json => Format::Json,
        LogFormat::Text => Format::Text,
        LogFormat::Auto if !to_file && std::io::stderr().is_terminal() => Format::Text,
        LogFormat::Auto => Format::Json,
    };
    let file = to_file.then(|| log.file.clone());
    let options = obs::Options { level, format, file, max_bytes: log.max_bytes, redact: guard::leak::clean_log };
    obs::init(options).map(Some).map_err(|error| AppFault::step("install the log")(std::io::Error::other(error)))
}
