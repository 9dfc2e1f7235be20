//! The service's life: open, doors, ready, until it is told to stop.

use std::future::pending;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Mutex, mpsc};

use super::admin::Server;
use super::{AppFault, Service, Settings};
use crate::base::{Fault, hangup};
use crate::bus::{Notice, Principal};
use crate::channels::{Console, Speak};
use crate::obs::{Notify, Ring};
use crate::sandbox::Spawner;

/// Who sits in front of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Front {
    /// Nobody: it runs until a signal.
    Service,
    /// A person at this process's terminal: it also ends with the conversation.
    Console,
}

/// Runs Hearth until a signal, or the end of the conversation at its console.
///
/// # Errors
/// Why it did not start.
pub async fn serve(settings: Settings, spawner: Spawner, ring: Option<Ring>, front: Front) -> Result<(), AppFault> {
    let mut stop = Stop::watch().map_err(AppFault::step("watch for signals"))?;
    let socket = settings.socket();
    let (service, messages) = Service::open(settings, spawner, ring).await?;
    let server = Server::bind(&socket).map_err(AppFault::step(format!("admin socket {}", socket.display())))?;
    let doors = tokio::spawn(server.serve(Arc::clone(&service)));
    let listening = tokio::spawn(Arc::clone(&service).listen(messages));
    let channels = tokio::spawn(Arc::clone(&service).channels());
    Notify.ready("obeying");
    tracing::info!(socket = %socket.display(), "ready");

    // At start, beside the work: the report is there before anybody asks for it.
    let tried = tokio::spawn(Arc::clone(&service).try_walls());
    let watched = tokio::spawn(feed_watchdog(Arc::clone(&service)));
    let vouched = tokio::spawn(Arc::clone(&service).keep_vouched());
    tokio::select! {
        () = stop.wait() => tracing::info!("told to stop"),
        () = converse(Arc::clone(&service), front) => {}
    }
    Notify.stopping();
    for task in [doors, watched, vouched, channels, listening, tried] {
        task.abort();
        let _ = task.await;
    }
    service.close().await;
    Ok(())
}

/// Signals that end the service in order.
pub(crate) struct Stop {
    interrupt: Signal,
    terminate: Signal,
    /// None under `nohup`: whoever had it ignored wants a service that outlives the terminal.
    hangup: Option<Signal>,
}

impl Stop {
    /// From here on these signals end nothing by themselves.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn watch() -> std::io::Result<Self> {
        let hangup = (!hangup::is_ignored()).then(|| signal(SignalKind::hangup())).transpose()?;
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())?, hangup })
    }

    /// Until one comes.
    pub(crate) async fn wait(&mut self) {
        let hangup = async {
            match &mut self.hangup {
                Some(signal) => signal.recv().await,
                None => pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = hangup => {}
        }
    }
}

async fn converse(service: Arc<Service>, front: Front) {
    if front == Front::Service {
        return pending().await;
    }
    let mut console = match Console::standard() {
        Ok(console) => console,
        Err(error) => return tracing::error!(%error, "no console"),
    };
    let _ = console.say(&service.greeting());
    if let Err(error) = console.talk(&Here::beside(service)).await {
        tracing::debug!(%error, "the console's output is gone");
    }
}

/// The console beside the agent.
struct Here {
    service: Arc<Service>,
    notices: Mutex<mpsc::Receiver<Notice>>,
}

impl Here {
    fn beside(service: Arc<Service>) -> Self {
        let notices = Mutex::new(service.notices("console"));
        Self { service, notices }
    }
}

impl Speak for Here {
    async fn speak(&self, text: String) -> Result<String, Fault> {
        let answer = self.service.say(Principal::owner("console"), "console:local", text).await?;
        Ok(answer.text)
    }

    async fn notice(&self) -> String {
        match self.notices.lock().await.recv().await {
            Some(notice) => notice.text,
            None => pending().await,
        }
    }
}

/// Feeds systemd's watchdog from the agent's own loop: only a turn that can be taken feeds it.
async fn feed_watchdog(service: Arc<Service>) {
    let Some(interval) = Notify.watchdog_interval() else { return pending().await };
    loop {
        tokio::time::sleep(interval).await;
        if service.alive().await {
            Notify.watchdog();
        }
    }
}
