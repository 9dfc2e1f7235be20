//! A scripted model server: speaks the documented chat protocol over HTTP or TLS, with faults on request.
//!
//! It is validated with the independent `openai` client (`tests/it/model.rs`) before Hearth meets it. Each
//! question takes the next step of the script; the last one repeats.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

/// What the server does with a question.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Says these words, a few letters a piece.
    Say(&'static str),
    /// Wishes for tools: name and arguments; the arguments come in pieces.
    Wish(Vec<(&'static str, Value)>),
    /// Refuses with this status and body.
    Status(u16, &'static str),
    /// Sends half an answer and hangs up.
    Half,
    /// Sends this instead of a stream of events.
    Raw(&'static str),
    /// Sends the head and some words, then nothing, until the other side hangs up.
    Hang,
}

/// One question as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The value of the header `authorization`.
    pub(crate) key: String,
    /// The body.
    pub(crate) body: Value,
}

#[derive(Debug, Default)]
struct Seen {
    asked: Vec<Asked>,
    step: usize,
    /// When the other side of a hanging answer hung up.
    hung_up: Vec<Instant>,
    hanging: usize,
}

/// The server; it ends with the test.
pub(crate) struct Model {
    pub(crate) url: String,
    seen: Arc<Mutex<Seen>>,
}

impl Model {
    /// A server with this script.
    pub(crate) fn start(script: Vec<Step>) -> Self {
        Self::over(None, script)
    }

    /// The same, by TLS where there are settings for it.
    pub(crate) fn over(tls: Option<Arc<ServerConfig>>, script: Vec<Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}/v1", listener.local_addr().expect("an address"));
        let seen = Arc::new(Mutex::new(Seen::default()));
        let kept = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, script, tls) = (Arc::clone(&kept), script.clone(), tls.clone());
                std::thread::spawn(move || {
                    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
                    match tls {
                        None => drop(serve(stream, &seen, &script)),
                        Some(config) => {
                            let session = ServerConnection::new(config).expect("a session");
                            drop(serve(StreamOwned::new(session, stream), &seen, &script));
                        }
                    }
                });
            }
        });
        Self { url, seen }
    }

    /// The questions so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.seen.lock().expect("a lock").asked.clone()
    }

    /// Answers that hang at this moment.
    pub(crate) fn hanging(&self) -> usize {
        self.seen.lock().expect("a lock").hanging
    }

    /// When the other side hung up on hanging answers.
    pub(crate) fn hung_up(&self) -> Vec<Instant> {
        self.seen.lock().expect("a lock").hung_up.clone()
    }
}

fn serve(stream: impl Read + Write, seen: &Mutex<Seen>, script: &[Step]) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first)? == 0 {
            return Ok(());
        }
        let (mut length, mut key) = (0, String::new());
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().expect("a length"),
                "authorization" => value.trim().clone_into(&mut key),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        assert!(first.starts_with("POST /v1/chat/completions "), "{first}");
        let body: Value = serde_json::from_slice(&body).expect("a JSON body");
        let streams = body["stream"] == true;
        let step = {
            let mut seen = seen.lock().expect("a lock");
            seen.asked.push(Asked { key, body });
            seen.step += 1;
            script[(seen.step - 1).min(script.len() - 1)].clone()
        };
        if !answer(&mut reader, seen, step, streams)? {
            return Ok(());
        }
    }
}

/// Whether the connection goes on.
fn answer(
    reader: &mut BufReader<impl Read + Write>,
    seen: &Mutex<Seen>,
    step: Step,
    streams: bool,
) -> std::io::Result<bool> {
    let out = reader.get_mut();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    match step {
        Step::Status(status, body) => {
            let retry = if status == 429 { "retry-after: 1\r\n" } else { "" };
            let length = body.len();
            write!(
                out,
                "HTTP/1.1 {status} No\r\ncontent-type: application/json\r\n{retry}content-length: {length}\r\n\r\n{body}"
            )?;
            return Ok(true);
        }
        Step::Raw(text) => {
            out.write_all(head.as_bytes())?;
            chunk(out, text)?;
        }
        Step::Half => {
            out.write_all(head.as_bytes())?;
            event(out, &json!({"choices": [{"index": 0, "delta": {"content": "The first half of"}}]}))?;
            // Dropped in the middle of a chunk.
            return Ok(false);
        }
        Step::Hang => {
            out.write_all(head.as_bytes())?;
            event(out, &json!({"choices": [{"index": 0, "delta": {"content": "Well"}}]}))?;
            seen.lock().expect("a lock").hanging += 1;
            // Nothing more comes from an honest client: the read ends when it hangs up.
            let ended = reader.read(&mut [0; 1]);
            let mut seen = seen.lock().expect("a lock");
            seen.hanging -= 1;
            if matches!(ended, Ok(0)) || ended.is_err_and(|e| GONE.contains(&e.kind())) {
                seen.hung_up.push(Instant::now());
            }
            return Ok(false);
        }
        Step::Say(words) if !streams => {
            let message = json!({"role": "assistant", "content": words});
            let body = json!({"id": "1", "object": "chat.completion", "created": 1, "model": "m",
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}})
            .to_string();
            write!(
                out,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )?;
            return Ok(true);
        }
        Step::Say(words) => {
            out.write_all(head.as_bytes())?;
            event(out, &piece(json!({"role": "assistant", "content": ""}), None))?;
            let letters: Vec<char> = words.chars().collect();
            for part in letters.chunks(5) {
                event(out, &piece(json!({"content": part.iter().collect::<String>()}), None))?;
            }
            finish(out, "stop")?;
        }
        Step::Wish(wishes) => {
            out.write_all(head.as_bytes())?;
            for (index, (name, arguments)) in wishes.iter().enumerate() {
                let id = format!("call_{index}");
                let first =
                    json!({"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": ""}});
                event(out, &piece(json!({"role": "assistant", "tool_calls": [first]}), None))?;
                let text = arguments.to_string();
                for part in text.as_bytes().chunks(7) {
                    let part = String::from_utf8_lossy(part);
                    let more = json!({"index": index, "function": {"arguments": part}});
                    event(out, &piece(json!({"tool_calls": [more]}), None))?;
                }
            }
            finish(out, "tool_calls")?;
        }
    }
    // The last chunk (RFC 9112, 7.1).
    out.write_all(b"0\r\n\r\n")?;
    Ok(true)
}

/// How a connection ends that was not ended in order.
const GONE: [std::io::ErrorKind; 2] = [std::io::ErrorKind::ConnectionReset, std::io::ErrorKind::UnexpectedEof];

fn finish(out: &mut impl Write, reason: &str) -> std::io::Result<()> {
    event(out, &piece(json!({}), Some(reason)))?;
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15});
    let last = json!({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [], "usage": usage});
    event(out, &last)?;
    chunk(out, "data: [DONE]\n\n")
}

fn piece(delta: Value, reason: Option<&str>) -> Value {
    let choice = json!({"index": 0, "delta": delta, "finish_reason": reason});
    json!({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]})
}

fn event(out: &mut impl Write, data: &Value) -> std::io::Result<()> {
    // In two writes, so that an event arrives in pieces.
    let text = format!("data: {data}\n\n");
    let middle = text.floor_char_boundary(text.len() / 2);
    chunk(out, &text[..middle])?;
    chunk(out, &text[middle..])
}

fn chunk(out: &mut impl Write, text: &str) -> std::io::Result<()> {
    write!(out, "{:x}\r\n{text}\r\n", text.len())?;
    out.flush()
}
