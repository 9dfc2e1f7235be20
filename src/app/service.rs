//! The parts of a running Hearth, made in order.

use std::sync::Arc;

use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::agent::{Agent, Parts, Thoughts, Turned};
use crate::base::{Clock, Fault, IdSource, limits};
use crate::bus::{self, Bus, Inbound, Messages, Outbound, Outside, Principal, Remote, Turn};
use crate::config;
use crate::embed::{Embedder, ModelFile, Priority};
use crate::gate::web::{Purse, Web};
use crate::gate::{Call, Gate, Tool};
use crate::hal::Places;
use crate::memory::Memory;
use crate::obs::{Notify, Ring};
use crate::sandbox::{self, Class, Hands, Holder, Spawner, Standing, Wall};
use crate::store::{CallQuery, DataFolder, Opened, Store};
use crate::tools::{
    Calculate, FileAppend, FileEdit, FileRead, FileWrite, Kept, LineGet, LineSet, LineTable, MemoryTool, MqttSet,
    Shell, TimeNow, WebFetch, Workspace,
};
use crate::wire::hand::Work;

use super::admin::{Answer, Request, Response};
use super::lines::{self, Held};
use super::model::{self, Thinking};
use super::network::Network;
use super::outside::Channels;
use super::vouch::Voucher;
use super::{AppFault, Settings, edges, keeping, places};

/// A running Hearth: what its doors ask.
pub struct Service {
    pub(super) agent: Arc<Agent>,
    pub(super) bus: Bus,
    gate: Arc<Gate>,
    hands: Hands,
    store: Store,
    memory: Memory,
    embedder: Embedder,
    ids: Arc<IdSource>,
    ring: Option<Ring>,
    pub(super) outside: Outside,
    channels: std::sync::Mutex<Option<Channels>>,
    watched: std::sync::Mutex<edges::Watched>,
    voucher: Voucher,
    thinking: Thinking,
    web: Web,
    model: config::Model,
    facts: Facts,
    folder: DataFolder,
}

/// What does not change while it runs.
struct Facts {
    device: String,
    board: String,
    opened: Opened,
    orphans: usize,
    lines_lost: Vec<(String, String)>,
}

/// How much longer the start may take for each migration step.
const MIGRATION_STEP: std::time::Duration = std::time::Duration::from_secs(120);

impl Service {
    /// Joins the parts; inside a tokio runtime of one thread.
    ///
    /// # Errors
    /// [`AppFault`]; a line that cannot be opened is no error but a device that is unavailable.
    pub async fn open(
        settings: Settings,
        spawner: Spawner,
        ring: Option<Ring>,
    ) -> Result<(Arc<Self>, Messages), AppFault> {
        let reach = settings.reach();
        let Settings { config, dirs, board, home, lowered, without_text_guard } = settings;
        let clock = Clock::system();
        let folder = DataFolder::open(&dirs.data)?;
        private(&dirs.runtime)?;
        let workspace = Workspace::open(&dirs.workspace, IdSource::after(clock.clone(), None))
            .map_err(AppFault::step(format!("workspace {}", dirs.workspace.display())))?;
        let (network, roots) = (Network::open(&config, &dirs.data)?, model::roots(&config)?);
        // Opened here: the sealed brain opens no file outside its folders.
        let model = ModelFile::open(config.models());
        // Settings are read and folders made; the store's thread and foreign bytes come behind it.
        let sealed = sandbox::seal_brain(&reach, lowered)?;
        let names: Vec<_> = sealed.iter().map(Wall::word).collect();
        tracing::info!(walls = names.join(","), "the brain is sealed");
        let progress = |step: crate::store::Progress| {
            Notify.extend(MIGRATION_STEP);
            Notify.status(&format!("migrating the store from {} to {}", step.from, step.to));
        };
        let (store, opened) = Store::open(&folder, clock.clone(), keeping::options(&config.store, &board), progress)?;
        let orphans = keeping::closed_orphans(&store).await;
        let ids = store.ids();

        let hands = Hands::attach(spawner).map_err(AppFault::step("take the spawner over"))?;
        let embedder = Embedder::start(&hands, board.embedder, model);
        let places = Places { dev: "/dev".into(), bank: dirs.runtime.join("sim") };
        let (mut held, failed) = lines::open(&home, &board, &places);
        let watched =
            held.iter_mut().filter_map(|held| Some((held.used.name.clone(), held.open.edges.take()?))).collect();
        for (line, fault) in &failed {
            tracing::error!(line, %fault, "a line could not be opened; what hangs on it is unavailable");
        }
        let workspace = Arc::new(workspace);
        let shell: Box<dyn Tool> = {
            let purse = Purse::new(config.keeper.socket.clone(), model::session_key(&config, &dirs.data));
            let secrets = config.shell.secrets.clone();
            Box::new(Shell::new(Arc::clone(&workspace), !without_text_guard, secrets, Some(purse)))
        };
        let tools = tools(&hands, held, workspace, &clock, &config.timezone);
        // An id of now is never older than the last one that was stored: a clock for boards without one.
        let floor_ms = ids.next().millis();
        let web = model::web(&config, &dirs.data, hands.clone(), roots, floor_ms)?;
        let link = network.link(&hands, floor_ms);
        let fetch: Box<dyn Tool> = Box::new(WebFetch::new(web.clone()));
        let (remote, publications) = Remote::open();
        let outside = Outside { remote: remote.clone(), ..Outside::default() };
        let told: Box<dyn Tool> = Box::new(MqttSet::new(remote, super::outside::devices(&home)));
        let zone = TimeZone::get(&config.timezone).unwrap_or(TimeZone::UTC);
        let memory = Memory::new(store.clone(), clock.clone(), zone.clone(), embedder.clone())
            .with_files(dirs.data.clone())
            .with_retention(keeping::retention(&config));
        let remembering: Box<dyn Tool> = Box::new(MemoryTool::new(memory.clone()));
        let tools = tools.into_iter().chain([shell, told, fetch, remembering]).collect();
        let channels = Channels::of(&config, &home, &board.name, publications, link);
        let gate = Gate::new(tools, hands.clone(), store.clone());
        if super::suspended::is(&folder) {
            tracing::warn!("suspended since an earlier run: no tool is called until hearth resume");
            gate.suspend(true);
        }

        let mind = model::mind(&config.model, web.clone());
        let places = places::of(&config, &home);
        let parts = Parts {
            places,
            home,
            gate: Arc::clone(&gate),
            store: store.clone(),
            clock: clock.clone(),
            zone,
            outside: outside.clone(),
            memory: memory.clone(),
            mind,
        };
        let agent = Agent::new(parts);
        agent.look_at_everything(ids.next()).await;
        if let Err(error) = agent.take_up().await {
            tracing::error!(%error, "timers and lists of earlier runs were not taken up");
        }

        let (bus, messages) = bus::open();
        let bus = bus.knowing(super::outside::people(&config));
        let facts = Facts {
            device: config.device.to_string(),
            board: board.name.clone(),
            opened,
            orphans,
            lines_lost: failed.iter().map(|(line, fault)| (line.clone(), fault.to_string())).collect(),
        };
        let agent = Arc::new(agent);
        let voucher = Voucher::new(&config, &dirs);
        let service = Self {
            agent,
            bus,
            gate,
            hands,
            store,
            memory,
            embedder,
            ids,
            ring,
            outside,
            channels: std::sync::Mutex::new(Some(channels)),
            watched: std::sync::Mutex::new(watched),
            voucher,
            thinking: Thinking::default(),
            web,
            model: config.model.clone(),
            facts,
            folder,
        };
        Ok((Arc::new(service), messages))
    }

    /// Answers what comes over the bus, and takes in what lines and devices tell, until every channel has
    /// closed: each session's messages one after the other, sessions beside each other.
    pub async fn listen(self: Arc<Self>, mut messages: Messages) {
        let agent = Arc::clone(&self.agent);
        let mut reports = self.outside.remote.watch();
        let (to_agent, mut changes) = edges::open();
        let watched = std::mem::take(&mut *self.watched.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        let lines = edges::run(watched, to_agent.clone());
        let hearing = async {
            while reports.changed().await.is_ok() {
                agent.hear_devices().await;
            }
        };
        let reading = async {
            loop {
                self.memory.refresh().await;
                tokio::time::sleep(limits::FILES_EVERY).await;
            }
        };
        let tidying = async {
            // A Hearth that is opened for one command has other things to do.
            tokio::time::sleep(limits::MEMORY_SETTLED).await;
            loop {
                self.memory.tidy().await;
                tokio::time::sleep(limits::MEMORY_TIDY).await;
            }
        };
        let watching = async {
            while let Some(edge) = changes.recv().await {
                agent.hear_line(&edge.line, edge.on).await;
            }
        };
        tokio::select! {
            () = self.take_turns(&mut messages) => {}
            _ = async { tokio::join!(lines, hearing, watching, reading, tidying, Arc::clone(&self).ring()) } => {}
        }
    }

    async fn take_turns(self: &Arc<Self>, messages: &mut Messages) {
        // Dropped with this future: no turn outlives it.
        let mut turns = JoinSet::new();
        loop {
            tokio::select! {
                turn = messages.next() => {
                    let Some(turn) = turn else { break };
                    turns.spawn(Arc::clone(self).attend(turn));
                }
                Some(ended) = turns.join_next() => if let Err(error) = ended {
                    tracing::error!(%error, "a turn did not end in an answer");
                },
            }
        }
        while turns.join_next().await.is_some() {}
    }

    async fn attend(self: Arc<Self>, turn: Turn) {
        let session = turn.session.clone();
        self.take_turn(turn).await;
        // The session goes on meanwhile.
        self.agent.look_back(&session).await;
    }

    async fn take_turn(&self, turn: Turn) {
        let agent = &self.agent;
        if turn.text.trim() == "/stop" && self.thinking.stop(Some(&turn.session)) > 0 {
            let thoughts = Thoughts { text: "All right.".into(), detail: json!({"decision": "answer"}) };
            return turn.answer(agent.conclude(&turn, thoughts).await);
        }
        let thought = match agent.turn(&turn).await {
            Turned::Answered(answer) => return turn.answer(answer),
            Turned::Thinks(thought) => thought,
        };
        match self.thinking.begin(&turn.session) {
            Ok(stopped) => {
                // The conversation goes on meanwhile: it may say /stop.
                let message = turn.leave();
                let thoughts = model::think(*thought, stopped).await;
                self.thinking.end(&message.session);
                message.answer(agent.conclude(&message, thoughts).await);
            }
            Err(busy) => {
                let thoughts = Thoughts { text: busy, detail: json!({"decision": "ask"}) };
                turn.answer(agent.conclude(&turn, thoughts).await);
            }
        }
    }

    /// Runs the channels of the settings, once, until it is dropped.
    pub async fn channels(self: Arc<Self>) {
        let channels = self.channels.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        let (bus, ids, outside) = (self.bus.clone(), Arc::clone(&self.ids), self.outside.clone());
        if let Some(channels) = channels {
            channels.run(bus, ids, outside).await;
        }
    }

    /// Says a sentence on somebody's behalf and waits for the answer.
    ///
    /// # Errors
    /// What [`Bus::say`] refuses.
    pub async fn say(&self, principal: Principal, session: &str, text: String) -> Result<Outbound, Fault> {
        let (reply_to, mut answers) = bus::answers();
        let trace = self.ids.next();
        self.bus.say(Inbound { trace, principal, session: session.to_owned(), text, reply_to })?;
        let gone = || Fault::new(crate::base::Code::Unavailable, "Hearth is stopping");
        answers.recv().await.ok_or_else(gone)
    }

    /// What is true of this Hearth now.
    pub async fn status(&self) -> Value {
        let store = self.store.status().await;
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "device": self.facts.device,
            "board": self.facts.board,
            "pid": std::process::id(),
            "ready": true,
            "hands": self.hands.status(),
            "embedder": self.embedder.status(),
            "store": store.as_ref().map_or_else(|error| json!({"error": error.to_string()}), |store| json!(store)),
            "suspended": self.gate.is_suspended(),
            "audit": self.voucher.status(),
            "opened": self.facts.opened,
            "orphans_closed": self.facts.orphans,
            "lines_lost": self.facts.lines_lost,
            "devices": self.agent.states(),
            "events": self.ring.as_ref().map(Ring::lines).unwrap_or_default(),
        })
    }

    /// Has every wall tried, and logs those that do not hold.
    pub async fn try_walls(self: Arc<Self>) {
        let report = match self.hands.walls().await {
            Ok(report) => report,
            Err(fault) => return tracing::error!(%fault, "the walls were not tried"),
        };
        for class in Class::ALL {
            let named = |wanted: Standing| {
                let walls = Wall::ALL.into_iter().filter(|wall| report.standing(class, *wall) == wanted);
                walls.map(Wall::word).collect::<Vec<_>>().join(",")
            };
            let (holds, broken) = (named(Standing::Holds), named(Standing::Broken));
            if broken.is_empty() {
                tracing::info!(class = class.word(), holds, missing = named(Standing::Missing), "walls tried");
            } else {
                tracing::error!(class = class.word(), holds, broken, "a wall does not refuse what it should");
            }
        }
    }

    /// Whether the agent takes turns: waits until lines could be moved, and asks the store.
    pub async fn alive(&self) -> bool {
        self.agent.alive().await;
        self.store.status().await.is_ok()
    }

    /// Puts everything that was acknowledged on disk and closes the file; nothing is recorded after it.
    pub async fn close(&self) {
        self.voucher.show(&self.store).await;
        if let Err(error) = self.store.clone().close().await {
            tracing::error!(%error, "the last records were not written");
        }
    }

    /// Shows the keeper the audit chain from time to time, until it is dropped.
    pub async fn keep_vouched(self: Arc<Self>) {
        let mut pause = limits::VOUCH_FIRST;
        loop {
            tokio::time::sleep(std::mem::replace(&mut pause, limits::VOUCH_EVERY)).await;
            self.voucher.show(&self.store).await;
            self.voucher.trim(&self.store).await;
        }
    }

    /// What a person reads when the service is there.
    #[must_use]
    pub fn greeting(&self) -> String {
        let version = env!("CARGO_PKG_VERSION");
        format!("Hearth {version} on board {}. Say «turn on the kitchen lamp», or /help.", self.facts.board)
    }

    /// Suspends or resumes, here and for the next start.
    fn suspend(&self, suspended: bool, principal: &Principal) -> Result<Value, Fault> {
        self.gate.suspend(suspended);
        if suspended {
            self.thinking.stop(None);
            self.memory.revoke();
        }
        tracing::warn!(suspended, who = principal.name, "tool calls were suspended or resumed");
        super::suspended::keep(&self.folder, suspended)?;
        Ok(json!({"suspended": suspended}))
    }

    async fn tool(&self, name: &str, arguments: Value, confirmed: bool, principal: &Principal) -> Result<Value, Fault> {
        self.gate.call(Call { tool: name, arguments, principal, trace: self.ids.next(), confirmed }).await
    }
}

impl Answer for Service {
    async fn answer(&self, request: Request, uid: u32) -> Response {
        let principal = Principal::owner(format!("admin:{uid}"));
        let done = match request {
            Request::Say { text, session } => {
                let session = format!("admin:{session}");
                // Whoever hangs up before the answer does not want it any more.
                let mut unheard = Unheard(Some((&self.thinking, &session)));
                let answer = self.say(principal, &session, text).await.map(|answer| json!(answer));
                unheard.0 = None;
                answer
            }
            Request::Status => Ok(self.status().await),
            Request::Walls => match self.hands.walls().await {
                Ok(report) => {
                    let mut told = report.to_json();
                    told["embedder"] = self.embedder.status();
                    told["store"] = self.status().await["store"].take();
                    told["keeper"] = self.voucher.keeper().await;
                    Ok(told)
                }
                Err(fault) => Err(fault),
            },
            Request::Tools => Ok(json!(self.gate.manifests().collect::<Vec<_>>())),
            Request::Tool { name, arguments, confirmed } => self.tool(&name, arguments, confirmed, &principal).await,
            Request::TryModel { base_url, name, secret } => {
                let set = config::Model { base_url, name, secret, ..self.model.clone() };
                model::try_once(&set, self.web.clone()).await
            }
            Request::Suspend => self.suspend(true, &principal),
            Request::Resume => self.suspend(false, &principal),
            Request::AuditVerify => self.voucher.verify(&self.store).await,
            Request::AuditPage { after } => {
                self.store.chain_page(after).await.map(|rows| json!(rows)).map_err(Fault::from)
            }
            Request::Memory(order) => {
                self.memory.refresh().await;
                self.memory.serve(order).await.map_err(Fault::from)
            }
            Request::DbStatus => self.store.status().await.map(|status| json!(status)).map_err(Fault::from),
            Request::DbCheck => self.store.check().await.map(|faults| json!(faults)).map_err(Fault::from),
            Request::DbBackup => {
                let copy = self.folder.path().join(format!("backup-{}.db", self.ids.next()));
                self.store.backup(copy).await.map(|backup| json!(backup)).map_err(Fault::from)
            }
            Request::DbCompact => self.store.compact().await.map(|compacted| json!(compacted)).map_err(Fault::from),
            Request::Embed { texts } => {
                let made = self.embedder.embed(texts, Priority::Talk, limits::EMBED_WALL).await;
                made.map(|made| json!(made))
            }
            Request::Calls { limit } => {
                self.store.calls(CallQuery::Latest(limit)).await.map(|calls| json!(calls)).map_err(Fault::from)
            }
        };
        done.into()
    }
}

/// Stops the thought of a session when it is dropped.
struct Unheard<'a>(Option<(&'a Thinking, &'a str)>);

impl Drop for Unheard<'_> {
    fn drop(&mut self) {
        if let Some((thinking, session)) = self.0 {
            thinking.stop(Some(session));
        }
    }
}

fn tools(hands: &Hands, held: Vec<Held>, workspace: Arc<Workspace>, clock: &Clock, zone: &str) -> Vec<Box<dyn Tool>> {
    let mut descriptors = Vec::with_capacity(held.len());
    let mut grants = Vec::with_capacity(held.len());
    let mut uses = Vec::with_capacity(held.len());
    for Held { used, open } in held {
        descriptors.push(open.descriptor);
        grants.push(open.grant);
        uses.push(used);
    }
    let holder = Holder::new(hands.clone(), Class::Lines, descriptors, Work::Hold(grants));
    let lines = LineTable::new(holder, uses);
    vec![
        Box::new(LineSet::new(Arc::clone(&lines))),
        Box::new(LineGet::new(lines)),
        Box::new(TimeNow::new(clock.clone(), zone)),
        Box::new(Calculate::default()),
        Box::new(FileRead::new(Arc::clone(&workspace))),
        Box::new(FileWrite::new(Arc::clone(&workspace))),
        Box::new(FileAppend::new(Arc::clone(&workspace))),
        Box::new(FileEdit::new(workspace)),
        Box::new(Kept::timers()),
        Box::new(Kept::lists()),
    ]
}

/// The runtime folder, made for this user only.
fn private(folder: &std::path::Path) -> Result<(), AppFault> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(AppFault::step(format!("runtime folder {}", folder.display())))
}
