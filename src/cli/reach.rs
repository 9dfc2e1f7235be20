//! Reaches a Hearth: the service that runs, or, where none does, one opened here for this command.

use std::sync::Arc;

use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::app::admin::{Answer, Client, Request};
use crate::app::{AppFault, Options, Service, Settings};
use crate::base::{Code, Fault};
use crate::{sandbox, tools};

/// A way to a Hearth, for as many requests as a command has.
pub(super) enum Door {
    /// The service that runs.
    Running(Client),
    /// One opened for this command.
    Opened {
        /// Its executor.
        runtime: Runtime,
        /// It.
        service: Arc<Service>,
        /// What answers its messages.
        listening: JoinHandle<()>,
    },
}

impl Door {
    /// Connects to the service, or opens one where that may be.
    ///
    /// # Errors
    /// Why neither is possible.
    pub(super) fn open(options: &Options, may_open: bool) -> Result<Self, Fault> {
        // Before settings are read: the spawner must not have seen them.
        let spawner = sandbox::start(tools::bodies(), options.lowered).map_err(|fault| opened(&fault.into()))?;
        let settings = Settings::load(options).map_err(|fault| opened(&fault))?;
        let socket = settings.socket();
        let connected = Client::connect(&socket)
            .map_err(|error| Fault::new(Code::System, format!("admin socket {}: {error}", socket.display())))?;
        if let Some(client) = connected {
            return Ok(Self::Running(client));
        }
        if !may_open {
            return Err(Fault::new(Code::Unavailable, format!("no service listens on {}", socket.display())));
        }
        let ring = super::run::log(&settings.config, true).map_err(|fault| opened(&fault))?;
        let runtime = super::run::executor().map_err(|fault| opened(&fault))?;
        let (service, listening) = runtime.block_on(async {
            let (service, messages) = Service::open(settings, spawner, ring).await.map_err(|fault| opened(&fault))?;
            let listening = tokio::spawn(Arc::clone(&service).listen(messages));
            Ok::<_, Fault>((service, listening))
        })?;
        Ok(Self::Opened { runtime, service, listening })
    }

    /// Puts one request.
    ///
    /// # Errors
    /// The service's fault.
    pub(super) fn ask(&mut self, request: Request) -> Result<Value, Fault> {
        match self {
            Self::Running(client) => client.ask(&request),
            Self::Opened { runtime, service, .. } => {
                let uid = nix::unistd::geteuid().as_raw();
                runtime.block_on(service.answer(request, uid)).into_result()
            }
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        if let Self::Opened { runtime, service, listening } = self {
            runtime.block_on(service.close());
            listening.abort();
        }
    }
}

/// Puts one request to the service, or to one opened for it.
///
/// # Errors
/// The service's fault, or why none could be opened.
pub(super) fn reach(options: &Options, request: Request, may_open: bool) -> Result<Value, Fault> {
    Door::open(options, may_open)?.ask(request)
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
    let mut door = Door::open(options, may_open)?;
    let mut wanted = Some(first);
    while let Some(request) = wanted {
        wanted = next(door.ask(request)?);
    }
    Ok(())
}

fn opened(fault: &AppFault) -> Fault {
    let code = match fault {
        AppFault::Settings(_) => Code::BadInput,
        AppFault::Store(error) => error.code(),
        AppFault::Sandbox(_) | AppFault::Step { .. } => Code::System,
    };
    Fault::new(code, fault.to_string())
}
