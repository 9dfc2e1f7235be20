//! A language model, asked over the protocol of OpenAI-compatible servers.
//!
//! ```text
//! Request ── openai::body ── Wire (bytes there and back) ── sse::Parser ── openai::Heard ── Answer
//! ```
//!
//! A [`Wire`] carries the bytes: the way over a net hand is made in `app`, the one of the tests in the tests.
//! Nothing here opens a socket, holds a key or trusts a byte: what a server sends is bounded, and what it
//! asks for is a wish that goes through the gate.

#![forbid(unsafe_code)]

mod ask;
mod fault;
mod openai;
mod sse;

use std::future::Future;
use std::pin::Pin;

pub use ask::{Limits, Progress, ask};
pub use fault::{ModelFault, Why};

use crate::base::Fault;

/// Who said a message of the conversation that a model is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Hearth's own instruction.
    System(String),
    /// The person.
    User(String),
    /// The model: its words, and the tools that it wished for.
    Assistant(String, Vec<Wish>),
    /// What came of a wish.
    Tool {
        /// The wish's id.
        id: String,
        /// The result, as text.
        text: String,
    },
}

/// A tool that a model may wish for.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// JSON Schema of its arguments.
    pub arguments: serde_json::Value,
}

/// A tool that the model wishes to use. Nothing about it is to be trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// The server's id for it; repeated with the result.
    pub id: String,
    /// The tool's name.
    pub tool: String,
    /// Its arguments as the model wrote them: JSON, if all is well.
    pub arguments: String,
}

/// Why the model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It has said what it has to say.
    Done,
    /// It waits for the results of its wishes.
    Tools,
    /// The answer's length was used up.
    Length,
    /// The server keeps the rest back.
    Filtered,
}

/// What a model answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its words.
    pub text: String,
    /// The tools that it wishes for, in its order.
    pub wishes: Vec<Wish>,
    /// Why it stopped.
    pub stop: Stop,
    /// Tokens of question and answer, by the server's count; estimated where it does not count.
    pub tokens: u64,
}

/// What a model is asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// The model's name at the server.
    pub model: String,
    /// The conversation.
    pub messages: Vec<Message>,
    /// The tools that it may wish for.
    pub offers: Vec<Offer>,
    /// Most tokens of the answer.
    pub answer_tokens: u32,
}

/// The head of a server's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The status of HTTP.
    pub status: u16,
    /// Whether the body is a stream of events (`text/event-stream`).
    pub events: bool,
    /// Seconds that the server wants to be left alone (`Retry-After`).
    pub retry_after: Option<u64>,
}

/// A future on the brain's one thread, or on another.
pub type Sent<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The head of an answer, and its body while it arrives.
pub type Opened = Result<(Head, Box<dyn Pieces>), Fault>;

/// The way to a server: sends one body, then gives the answer piece by piece. Dropping what it gave
/// closes the connection.
pub trait Wire: Send + Sync {
    /// Sends a body to the chat endpoint and waits for the head of the answer.
    ///
    /// # Errors
    /// Where the server was not reached, or did not answer.
    fn send(&self, body: Vec<u8>) -> Sent<'_, Opened>;
}

/// The body of an answer, while it arrives.
pub trait Pieces: Send {
    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// Where the connection broke or the server fell silent.
    fn next(&mut self) -> Sent<'_, Result<Option<Vec<u8>>, Fault>>;
}
