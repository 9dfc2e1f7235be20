//! Input lines that are listened to: each change goes to the agent, a line that flickers does not drown it.

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::base::limits::{EDGE_BURST, EDGE_WINDOW, EDGES};
use crate::hal::{self, Listening};

/// A change of a line.
pub(super) struct Edge {
    /// The line's name on the board.
    pub(super) line: String,
    /// Whether it is on now.
    pub(super) on: bool,
}

/// The lines that are listened to, by name, until they are run.
pub(super) type Watched = Vec<(String, hal::Edges)>;

/// What the agent hears of them.
pub(super) fn open() -> (mpsc::Sender<Edge>, mpsc::Receiver<Edge>) {
    mpsc::channel(EDGES)
}

/// Listens until it is dropped.
pub(super) async fn run(watched: Watched, agent: mpsc::Sender<Edge>) {
    let mut lines = JoinSet::new();
    for (line, edges) in watched {
        let agent = agent.clone();
        lines.spawn(async move {
            let heard = match edges.listen() {
                Ok(listening) => hear(&line, listening, &agent).await,
                Err(error) => Err(error),
            };
            if let Err(error) = heard {
                tracing::error!(line, %error, "a line is not listened to any more; it is read when it is asked for");
            }
        });
    }
    while lines.join_next().await.is_some() {}
}

async fn hear(line: &str, mut edges: Listening, agent: &mpsc::Sender<Edge>) -> std::io::Result<()> {
    let mut window = Window::new();
    loop {
        let mut on = edges.next().await?;
        if let Some(until) = window.full() {
            tracing::warn!(line, "a line changes too often; for a while only what it ends at is heard");
            let rest = sleep_until(until);
            tokio::pin!(rest);
            loop {
                tokio::select! {
                    () = &mut rest => break,
                    next = edges.next() => on = next?,
                }
            }
        }
        if agent.send(Edge { line: line.to_owned(), on }).await.is_err() {
            return Ok(());
        }
    }
}

/// How many changes the running window has had.
struct Window {
    began: Instant,
    changes: u32,
}

impl Window {
    fn new() -> Self {
        Self { began: Instant::now(), changes: 0 }
    }

    /// Counts a change; the window's end where it has had too many.
    fn full(&mut self) -> Option<Instant> {
        let now = Instant::now();
        if now >= self.began + EDGE_WINDOW {
            *self = Self { began: now, changes: 0 };
        }
        self.changes += 1;
        (self.changes > EDGE_BURST).then_some(self.began + EDGE_WINDOW)
    }
}
