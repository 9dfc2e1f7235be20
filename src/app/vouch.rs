//! The keeper vouches for the chain of audit records: it is shown the head, and what it remembers is compared.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use crate::base::{Code, Fault};
use crate::config::{Config, Dirs};
use crate::keeper::message::{Head, State};
use crate::keeper::{Client, KeeperFault, enrol};
use crate::store::{ChainHead, Store, Vouched};

use super::plain::{Find, Finds};
use super::seen::Seen;

/// Where settings of the whole board lie, and what is put beside them.
const SETTINGS: &str = "/etc/hearth";

/// The way to the keeper, and what it was shown last.
#[derive(Debug)]
pub(super) struct Voucher {
    socket: PathBuf,
    key: PathBuf,
    /// Where no secret should lie in plain text.
    open: Vec<PathBuf>,
    seen: Seen,
    last: Mutex<Last>,
}

#[derive(Clone, Debug, Default)]
struct Last {
    place: Option<i64>,
    fault: Option<String>,
}

impl Voucher {
    pub(super) fn new(config: &Config, dirs: &Dirs) -> Self {
        let key = super::model::session_key(config, &dirs.data);
        let open = vec![dirs.data.clone(), dirs.workspace.clone(), SETTINGS.into()];
        let seen = Seen::within(&dirs.data);
        Self { socket: config.keeper.socket.clone(), key, open, seen, last: Mutex::default() }
    }

    /// For `hearth doctor`: how the keeper stands, and what a person should know of it.
    pub(super) async fn keeper(&self) -> Value {
        let (socket, open) = (self.socket.clone(), self.open.clone());
        let asked = tokio::task::spawn_blocking(move || (state(&socket), Finds::within(&open))).await;
        let (state, finds) = match asked {
            Ok(asked) => asked,
            Err(error) => return json!({"running": false, "told": [error.to_string()]}),
        };
        let mut keeper = match state {
            Ok(state) => stands(&state),
            Err(fault) => json!({"running": false, "told": [format!("{fault}; what needs a secret is refused")]}),
        };
        let plain: Vec<_> = finds.all.iter().map(Find::told).collect();
        if let Value::Array(told) = &mut keeper["told"] {
            told.extend(plain.iter().map(|line| json!(line)));
            if finds.full() {
                told.push(json!("there are more files, or more of the like, than were looked through for secrets"));
            }
        }
        keeper["plain"] = json!(plain);
        keeper
    }

    /// For `hearth status`.
    pub(super) fn status(&self) -> Value {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        json!({"vouched_for": last.place, "fault": last.fault})
    }

    /// Shows the keeper the head, where it has not seen it; a keeper that is down is noted, once.
    pub(super) async fn show(&self, store: &Store) {
        let head = match store.chain_head().await {
            Ok(Some(head)) => head,
            Ok(None) => return,
            Err(error) => return tracing::debug!(%error, "the audit chain has no head to show"),
        };
        if self.last.lock().unwrap_or_else(PoisonError::into_inner).place == Some(head.place) {
            return;
        }
        let shown = self.go_on(store, head).await;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match shown {
            Ok(()) => *last = Last { place: Some(head.place), fault: None },
            Err(fault) => {
                if last.fault.as_ref() != Some(&fault.message) {
                    let told = "the audit records are chained, but the keeper does not vouch for them";
                    // Where nobody ever set up a keeper, nothing is lost; `hearth doctor` tells.
                    if self.key.exists() { tracing::warn!(%fault, "{told}") } else { tracing::info!(%fault, "{told}") }
                }
                last.fault = Some(fault.message);
            }
        }
    }

    /// Shows the head, if the chain still holds what the keeper saw before, and the keeper still knows what it saw:
    /// a chain that was cut off or rewritten, or a vault that went back, must not pass because it grew again.
    async fn go_on(&self, store: &Store, head: ChainHead) -> Result<(), Fault> {
        match self.ask(|client| client.head().map_err(Fault::from)).await {
            Ok((known, _)) => {
                let known = from_keeper(known)?;
                self.seen.compare(store, known.place).await?;
                if store.chain_at(known.place).await? != Some(known) {
                    let message =
                        "the records are not those that the keeper vouches for; hearth audit verify tells more";
                    return Err(Fault::new(Code::Refused, message));
                }
            }
            Err(fault) if fault.code == Code::NotFound => self.seen.compare(store, 0).await?,
            Err(fault) => return Err(fault),
        }
        self.ask(move |client| client.vouch(to_keeper(head)?).map(drop).map_err(Fault::from)).await?;
        self.seen.keep(head);
        Ok(())
    }

    /// Lets the oldest records go where there are too many: those that fit, and that the keeper lets go.
    pub(super) async fn trim(&self, store: &Store) {
        let due = match store.cut_due().await {
            Ok(Some(due)) => due,
            Ok(None) => return,
            Err(error) => return tracing::debug!(%error, "whether the audit is full is not known"),
        };
        let Err(fault) = self.let_go(store, due.upto).await else { return };
        if !due.urgent {
            return tracing::warn!(%fault, "the audit is full and cannot be cut at its front");
        }
        // Unbounded it must not be; from here on `verify` says what went without the keeper's word.
        tracing::error!(%fault, place = due.upto.place, "the audit is twice as full as it may be; its front goes");
        if let Err(error) = store.cut_chain(due.upto).await {
            tracing::error!(%error, "the front of the audit was not cut off");
        }
    }

    async fn let_go(&self, store: &Store, upto: ChainHead) -> Result<(), Fault> {
        self.show(store).await;
        let known = self.known().await?;
        let report = store.check_chain(Some(known.0), upto.place).await?;
        if let Some(fault) = report.fault {
            return Err(Fault::new(Code::Refused, fault));
        }
        // A cut that the keeper knows of and the file does not was cut short itself.
        let begun = known.0.cut.filter(|cut| report.cut.is_none_or(|here| here.place < cut.place));
        let upto = match begun {
            Some(cut) => cut,
            None => {
                self.ask(move |client| client.cut(to_keeper(upto)?).map(drop).map_err(Fault::from)).await?;
                upto
            }
        };
        Ok(store.cut_chain(upto).await?)
    }

    /// What the keeper remembers, with its MAC of the head.
    async fn known(&self) -> Result<(Vouched, [u8; 32]), Fault> {
        let (head, mac, cut) = self
            .ask(|client| {
                let (head, mac) = client.head()?;
                Ok((head, mac, client.cut_at()?))
            })
            .await?;
        let cut = if cut.place == 0 { None } else { Some(from_keeper(cut)?) };
        Ok((Vouched { head: from_keeper(head)?, cut }, mac))
    }

    /// Walks the chain beside what the keeper remembers, and, where all fits, shows it the present head.
    pub(super) async fn verify(&self, store: &Store) -> Result<Value, Fault> {
        let known = self.known().await;
        let vouched = known.as_ref().ok().map(|(vouched, _)| *vouched);
        store.flush().await?;
        let report = store.check_chain(vouched, i64::MAX).await?;
        let older = match &known {
            Ok((known, _)) => self.seen.compare(store, known.head.place).await.err(),
            Err(fault) if fault.code == Code::NotFound => self.seen.compare(store, 0).await.err(),
            Err(_) => None,
        };
        let fits = report.fault.is_none() && older.is_none();
        if fits {
            self.show(store).await;
        }
        let mut keeper = match known {
            Ok((known, mac)) => {
                let let_go = known.cut.map_or(0, |cut| cut.place);
                json!({"vouches_for": known.head.place, "let_go": let_go, "mac": hex(&mac)})
            }
            // It answers, and was shown nothing yet: this is the first time.
            Err(fault) if fault.code == Code::NotFound => json!({"vouches_for": 0}),
            Err(fault) => json!({"fault": fault.message}),
        };
        if let Some(older) = older {
            keeper["older"] = json!(older.message);
        }
        let mut answer = json!(report);
        answer["ok"] = json!(fits);
        answer["keeper"] = keeper;
        Ok(answer)
    }

    /// On a thread of its own: the keeper's client blocks.
    async fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut Client) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (socket, key) = (self.socket.clone(), self.key.clone());
        let asked = tokio::task::spawn_blocking(move || {
            let mut client = Client::connect(&socket)?;
            client.prove(&enrol::load(&key)?)?;
            ask(&mut client)
        });
        asked.await.map_err(|error| Fault::new(Code::Internal, error.to_string()))?
    }
}

fn state(socket: &Path) -> Result<State, KeeperFault> {
    Client::connect(socket)?.status()
}

fn stands(state: &State) -> Value {
    let separated = if state.separated {
        "separated: it runs under another uid than the brain"
    } else {
        "keeper: not separated: it runs under the brain's uid, so file modes do not hold the brain off the vault; \
         Landlock does, where it stands and the vault lies outside the agent's folders"
    };
    let mut told = vec![separated.to_owned()];
    match state.key.as_str() {
        "environment" => told.push(
            "the master key comes from the environment: whoever starts the keeper knows it; use a systemd credential \
             or the kernel keyring"
                .to_owned(),
        ),
        "key file" => told.push(
            "the master key is a file: it protects a copied vault, not a stolen card; use a systemd credential (sealed \
             to a TPM where there is one)"
                .to_owned(),
        ),
        "" => {}
        from => told.push(format!("the master key comes from the {from}")),
    }
    if !state.note.is_empty() {
        told.push(format!("the vault is LOCKED: {}", state.note));
    }
    if !state.missing.is_empty() {
        told.push(format!("NOT SEALED: missing {}", state.missing.join(", ")));
    }
    json!({
        "running": true,
        "separated": state.separated,
        "key": state.key,
        "vault": state.vault.word(),
        "missing": state.missing,
        "told": told,
    })
}

fn from_keeper(head: Head) -> Result<ChainHead, Fault> {
    let place = i64::try_from(head.place).map_err(|_| Fault::new(Code::Garbage, "the keeper's head is none"))?;
    Ok(ChainHead { place, link: head.link })
}

fn to_keeper(head: ChainHead) -> Result<Head, Fault> {
    let place = u64::try_from(head.place).map_err(|_| Fault::new(Code::Internal, "the chain's place is none"))?;
    Ok(Head { place, link: head.link })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
