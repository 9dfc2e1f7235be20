//! Reaches a Hearth: the service that runs, or, where none does, one opened here for one request.

use serde_json::Value;

use crate::app::admin::{Answer, Client, Request};
use crate::app::{AppFault, Options, Service, Settings};
use crate::base::{Code, Fault};
use crate::{sandbox, tools};

/// Puts a request to the service, or to one opened for it.
///
/// # Errors
/// The service's fault, or why none could be opened.
pub(super) fn reach(options: &Options, request: Request, may_open: bool) -> Result<Value, Fault> {
    let mut answer = Value::Null;
    reach_each(options, request, may_open, |value| {
        answer = value;
        None
    })?;
    Ok(answer)
}

/// Puts requests one after the other, each made from the answer before.
///
/// # Errors
/// As [`reach`]; what was answered before it stays answered.
pub(super) fn reach_each(
    options: &Options,
    first: Request,
    may_open: bool,
    mut next: impl FnMut(Value) -> Option<Request>,
) -> Result<(), Fault> {
    let mut wanted = Some(first);
    // Before settings are read: the spawner must not have seen them.
    let spawner = sandbox::start(tools::bodies(), options.lowered).map_err(|fault| opened(&fault.into()))?;
    let settings = Settings::load(options).map_err(|fault| opened(&fault))?;
    let socket = settings.socket();
    let connected = Client::connect(&socket)
        .map_err(|error| Fault::new(Code::System, format!("admin socket {}: {error}", socket.display())))?;
    if let Some(mut client) = connected {
        while let Some(request) = wanted {
            wanted = next(client.ask(&request)?);
        }
        return Ok(());
    }
    if !may_open {
        return Err(Fault::new(Code::Unavailable, format!("no service listens on {}", socket.display())));
    }
    let ring = super::run::log(&settings.config, true).map_err(|fault| opened(&fault))?;
    let runtime = super::run::executor().map_err(|fault| opened(&fault))?;
    runtime.block_on(async {
        let (service, messages) = Service::open(settings, spawner, ring).await.map_err(|fault| opened(&fault))?;
        let listening = tokio::spawn(std::sync::Arc::clone(&service).listen(messages));
        let mut done = Ok(());
        while let Some(request) = wanted.take() {
            match service.answer(request, nix::unistd::geteuid().as_raw()).await.into_result() {
                Ok(value) => wanted = next(value),
                Err(fault) => done = Err(fault),
            }
        }
        service.close().await;
        listening.abort();
        done
    })
}

fn opened(fault: &AppFault) -> Fault {
    let code = match fault {
        AppFault::Settings(_) => Code::BadInput,
        AppFault::Store(error) => error.code(),
        AppFault::Sandbox(_) | AppFault::Step { .. } => Code::System,
    };
    Fault::new(code, fault.to_string())
}
