//! One question to a model: send, read the stream, try again where that may help.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use super::fault::{ModelFault, Why};
use super::openai::{self, Heard};
use super::sse::Parser;
use super::{Answer, Head, Pieces, Request, Wire};
use crate::base::limits::{MODEL_BACKOFF, MODEL_BODY_BYTES, MODEL_TRIES};

/// What one question may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Until when all must be over.
    pub until: Instant,
    /// Tries altogether.
    pub tries: u32,
}

impl Limits {
    /// As many tries as are usual, until then.
    #[must_use]
    pub const fn until(until: Instant) -> Self {
        Self { until, tries: MODEL_TRIES }
    }
}

/// Hears the words while they arrive.
pub type Progress<'a> = &'a mut (dyn FnMut(&str) + Send);

/// Asks; the whole answer. Dropping the future closes the connection.
///
/// # Errors
/// The last try's.
pub async fn ask(
    wire: &dyn Wire,
    request: &Request,
    limits: Limits,
    progress: Progress<'_>,
) -> Result<Answer, ModelFault> {
    let body = openai::body(request);
    if body.len() > MODEL_BODY_BYTES {
        let message = format!("the conversation is longer than {MODEL_BODY_BYTES} bytes");
        return Err(ModelFault::new(Why::TooLong, message));
    }
    let mut pause = MODEL_BACKOFF;
    for left in (0..limits.tries).rev() {
        let fault = match timeout_at(limits.until, once(wire, body.clone(), progress)).await {
            Ok(Ok(answer)) => return Ok(counted(answer, body.len())),
            Ok(Err(fault)) => fault,
            Err(_) => return Err(ModelFault::new(Why::Silent, "the model did not answer in time")),
        };
        let wait = fault.retry_after.map_or(pause, Duration::from_secs);
        let again = Instant::now() + wait;
        if left == 0 || !fault.why.passes() || again >= limits.until {
            return Err(fault);
        }
        tracing::info!(
            why = fault.why.word(),
            wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "the model is asked again"
        );
        sleep_until(again).await;
        pause *= 2;
    }
    Err(ModelFault::new(Why::Silent, "the model was not asked"))
}

/// Servers that count no tokens are many: then about four bytes are one, so that a limit of tokens holds there too.
fn counted(mut answer: Answer, asked: usize) -> Answer {
    if answer.tokens == 0 {
        let wished: usize = answer.wishes.iter().map(|wish| wish.tool.len() + wish.arguments.len()).sum();
        let bytes = asked + answer.text.len() + wished;
        answer.tokens = u64::try_from(bytes.div_ceil(BYTES_PER_TOKEN)).unwrap_or(u64::MAX);
    }
    answer
}

/// Of English, by the usual vocabularies.
const BYTES_PER_TOKEN: usize = 4;

async fn once(wire: &dyn Wire, body: Vec<u8>, progress: Progress<'_>) -> Result<Answer, ModelFault> {
    let (head, mut pieces) = wire.send(body).await.map_err(|fault| ModelFault::of_wire(&fault))?;
    if !(200..300).contains(&head.status) {
        let body = whole(&mut *pieces, REFUSAL_BYTES).await.unwrap_or_default();
        return Err(ModelFault::of_status(head.status, &String::from_utf8_lossy(&body), head.retry_after));
    }
    listen(head, &mut *pieces, progress).await
}

/// Most that is read of a refusal.
const REFUSAL_BYTES: usize = 16 * 1024;

async fn listen(head: Head, pieces: &mut dyn Pieces, progress: Progress<'_>) -> Result<Answer, ModelFault> {
    let mut heard = Heard::default();
    if !head.events {
        // A server that does not stream answers in one piece.
        let body = whole(pieces, MODEL_BODY_BYTES).await?;
        progress(&heard.take(&body)?);
        return heard.finish();
    }
    let mut parser = Parser::default();
    while let Some(piece) = pieces.next().await.map_err(|fault| broken(&fault))? {
        let too_long = |_| ModelFault::new(Why::Garbage, "the model's server sent an event without end");
        for event in parser.push(&piece).map_err(too_long)? {
            let new = heard.take(&event)?;
            if !new.is_empty() {
                progress(&new);
            }
        }
        if heard.done() {
            return heard.finish();
        }
    }
    if parser.unfinished() {
        return Err(ModelFault::new(Why::Cut, "the model's answer broke off"));
    }
    heard.finish()
}

async fn whole(pieces: &mut dyn Pieces, most: usize) -> Result<Vec<u8>, ModelFault> {
    let mut body = Vec::new();
    while let Some(piece) = pieces.next().await.map_err(|fault| broken(&fault))? {
        body.extend_from_slice(&piece);
        if body.len() > most {
            body.truncate(most);
            break;
        }
    }
    Ok(body)
}

fn broken(fault: &crate::base::Fault) -> ModelFault {
    ModelFault::new(Why::Cut, format!("the model's answer broke off: {}", fault.message))
}
