//! The chat protocol of OpenAI-compatible servers: the question as JSON, the answer from its pieces.

use serde::Deserialize;
use serde_json::{Value, json};

use super::fault::{ModelFault, Why};
use super::{Answer, Message, Offer, Request, Stop, Wish};
use crate::base::limits::{ARGUMENT_BYTES, MODEL_ANSWER_BYTES, MODEL_WISHES};

/// The body of a question.
pub(super) fn body(request: &Request) -> Vec<u8> {
    let messages: Vec<Value> = request.messages.iter().map(message).collect();
    let mut body = json!({
        "model": request.model,
        "messages": messages,
        "max_tokens": request.answer_tokens,
        "stream": true,
        "stream_options": {"include_usage": true},
    });
    if !request.offers.is_empty() {
        let offer = |offer: &Offer| {
            let function = json!({"name": offer.name, "description": offer.purpose, "parameters": offer.arguments});
            json!({"type": "function", "function": function})
        };
        body["tools"] = request.offers.iter().map(offer).collect();
    }
    body.to_string().into_bytes()
}

fn message(message: &Message) -> Value {
    match message {
        Message::System(text) => json!({"role": "system", "content": text}),
        Message::User(text) => json!({"role": "user", "content": text}),
        Message::Tool { id, text } => json!({"role": "tool", "tool_call_id": id, "content": text}),
        Message::Assistant(text, wishes) if wishes.is_empty() => json!({"role": "assistant", "content": text}),
        Message::Assistant(text, wishes) => {
            let call = |wish: &Wish| {
                let function = json!({"name": wish.tool, "arguments": wish.arguments});
                json!({"id": wish.id, "type": "function", "function": function})
            };
            let content = if text.is_empty() { Value::Null } else { json!(text) };
            json!({"role": "assistant", "content": content, "tool_calls": wishes.iter().map(call).collect::<Vec<_>>()})
        }
    }
}

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<Usage>,
    #[serde(default)]
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    /// In a stream.
    #[serde(default)]
    delta: Option<Delta>,
    /// In one piece.
    #[serde(default)]
    message: Option<Delta>,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<Call>>,
}

#[derive(Deserialize)]
struct Call {
    #[serde(default)]
    index: Option<usize>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    function: Option<Function>,
}

#[derive(Deserialize)]
struct Function {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    arguments: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    #[serde(default)]
    total_tokens: u64,
}

/// An answer while it is heard.
#[derive(Debug, Default)]
pub(super) struct Heard {
    text: String,
    wishes: Vec<Wish>,
    stop: Option<Stop>,
    tokens: u64,
    bytes: usize,
    done: bool,
}

impl Heard {
    /// Takes the data of one event, or the whole body of an answer in one piece; the new words in it.
    ///
    /// # Errors
    /// [`Why::Garbage`] for what is not the protocol, [`Why::Server`] for an error in the stream.
    pub(super) fn take(&mut self, data: &[u8]) -> Result<String, ModelFault> {
        if data == b"[DONE]" {
            self.done = true;
            return Ok(String::new());
        }
        self.bytes += data.len();
        let garbage = |what: String| ModelFault::new(Why::Garbage, format!("the model's server sent {what}"));
        let chunk: Chunk =
            serde_json::from_slice(data).map_err(|error| garbage(format!("what is not its protocol: {error}")))?;
        if let Some(error) = chunk.error {
            let status = error["code"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(500);
            return Err(ModelFault::of_status(status, &error.to_string(), None));
        }
        self.tokens = chunk.usage.map_or(self.tokens, |usage| usage.total_tokens);
        let Some(choice) = chunk.choices.into_iter().next() else { return Ok(String::new()) };
        let mut new = String::new();
        if let Some(delta) = choice.delta.or(choice.message) {
            new = delta.content.unwrap_or_default();
            for call in delta.tool_calls.unwrap_or_default() {
                self.wish(call).ok_or_else(|| garbage("wishes for tools out of order, or too many".into()))?;
            }
        }
        self.text.push_str(&new);
        if self.text.len() + self.bytes / 16 > MODEL_ANSWER_BYTES {
            return Err(garbage("an answer without end".into()));
        }
        if let Some(reason) = choice.finish_reason {
            self.stop = Some(match reason.as_str() {
                "length" => Stop::Length,
                "content_filter" => Stop::Filtered,
                _ if !self.wishes.is_empty() => Stop::Tools,
                _ => Stop::Done,
            });
        }
        Ok(new)
    }

    /// A piece of a wish: the first of its index brings id and name, later ones more of the arguments.
    fn wish(&mut self, call: Call) -> Option<()> {
        // Some servers give no index: then each piece with an id is a wish of its own.
        let next = self.wishes.len();
        let index = call.index.unwrap_or_else(|| if call.id.is_some() || next == 0 { next } else { next - 1 });
        if index == next && next < MODEL_WISHES {
            self.wishes.push(Wish::default());
        }
        let wish = self.wishes.get_mut(index)?;
        if let Some(id) = call.id.filter(|_| wish.id.is_empty()) {
            wish.id = id;
        }
        let Function { name, arguments } = call.function.unwrap_or(Function { name: None, arguments: None });
        if let Some(name) = name.filter(|_| wish.tool.is_empty()) {
            wish.tool = name;
        }
        wish.arguments.push_str(&arguments.unwrap_or_default());
        (wish.arguments.len() <= ARGUMENT_BYTES && wish.tool.len() <= 256 && wish.id.len() <= 256).then_some(())
    }

    /// Whether nothing more is expected.
    pub(super) const fn done(&self) -> bool {
        self.done
    }

    /// The whole answer, at the end of the stream.
    ///
    /// # Errors
    /// [`Why::Cut`] where the server never said that it had ended: half a sentence is no answer.
    pub(super) fn finish(mut self) -> Result<Answer, ModelFault> {
        let stop = self.stop.ok_or_else(|| ModelFault::new(Why::Cut, "the model's answer broke off"))?;
        for (number, wish) in self.wishes.iter_mut().enumerate() {
            if wish.id.is_empty() {
                wish.id = format!("call_{number}");
            }
        }
        Ok(Answer { text: self.text, wishes: self.wishes, stop, tokens: self.tokens })
    }
}

#[cfg(test)]
#[path = "openai_tests.rs"]
mod tests;
