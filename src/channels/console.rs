//! The console: a person types a sentence and reads what is true afterwards.
//!
//! It works the same beside the agent and over the admin socket of a running service: who puts the
//! sentence through is a [`Speak`]. While an answer is awaited `/stop` is heard at once, all else after it.

use std::collections::VecDeque;
use std::future::Future;
use std::io::{BufReader, IsTerminal, Read, Write};

use tokio::sync::mpsc;

use super::lines::{Heard, LineReader};
use crate::base::Fault;
use crate::base::limits::LINE_BYTES;

/// Puts a sentence through and brings the answer.
pub trait Speak {
    /// The answer to a sentence; another may be asked for meanwhile.
    fn speak(&self, text: String) -> impl Future<Output = Result<String, Fault>>;

    /// What is told unasked; never ends where nothing can be.
    fn notice(&self) -> impl Future<Output = String> {
        std::future::pending()
    }
}

/// A console on two streams.
#[derive(Debug)]
pub struct Console<W> {
    heard: mpsc::Receiver<Heard>,
    /// Lines that came while an answer was awaited.
    ahead: VecDeque<Heard>,
    out: W,
    prompt: bool,
}

/// Lines typed ahead.
const AHEAD: usize = 16;

impl Console<std::io::Stdout> {
    /// The console of this process's terminal or pipe.
    ///
    /// # Errors
    /// Where no thread can be made for reading.
    pub fn standard() -> std::io::Result<Self> {
        let prompt = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        Self::on(std::io::stdin(), std::io::stdout(), prompt)
    }
}

impl<W: Write> Console<W> {
    /// A console on any two streams; reading happens on a thread of its own, because a terminal
    /// cannot be waited for by the executor.
    ///
    /// # Errors
    /// Where no thread can be made for reading.
    pub fn on(input: impl Read + Send + 'static, out: W, prompt: bool) -> std::io::Result<Self> {
        let (tell, heard) = mpsc::channel(AHEAD);
        std::thread::Builder::new().name("console".into()).spawn(move || {
            let mut lines = LineReader::new(BufReader::new(input), LINE_BYTES);
            while let Ok(Some(line)) = lines.next_line() {
                if tell.blocking_send(line).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { heard, ahead: VecDeque::new(), out, prompt })
    }

    /// Talks until `/quit` or the end of input.
    ///
    /// # Errors
    /// Where the output is gone.
    pub async fn talk(&mut self, to: &impl Speak) -> std::io::Result<()> {
        loop {
            if self.prompt {
                write!(self.out, "> ")?;
                self.out.flush()?;
            }
            let heard = tokio::select! {
                heard = self.next() => heard,
                notice = to.notice() => {
                    self.say(&if self.prompt { format!("\r{notice}") } else { notice })?;
                    continue;
                }
            };
            let Some(heard) = heard else { return Ok(()) };
            let text = match heard {
                Heard::Line(line) => line,
                Heard::TooLong(length) => {
                    self.say(&format!(
                        "That line had {length} bytes; a line has at most {LINE_BYTES}. Nothing was done."
                    ))?;
                    continue;
                }
                Heard::NotText => {
                    self.say("That line was not UTF-8 text. Nothing was done.")?;
                    continue;
                }
            };
            match text.trim() {
                "" => {}
                "/quit" | "/exit" => return Ok(()),
                sentence => self.converse(to, sentence.to_owned()).await?,
            }
        }
    }

    async fn next(&mut self) -> Option<Heard> {
        match self.ahead.pop_front() {
            Some(heard) => Some(heard),
            None => self.heard.recv().await,
        }
    }

    /// Says a sentence and shows its answer. Who waits for it may stop it.
    async fn converse(&mut self, to: &impl Speak, sentence: String) -> std::io::Result<()> {
        let told = |answer: Result<String, Fault>| answer.unwrap_or_else(|fault| format!("That did not work: {fault}"));
        let answer = to.speak(sentence);
        tokio::pin!(answer);
        let mut hears = true;
        loop {
            tokio::select! {
                biased;
                answer = &mut answer => return self.say(&told(answer)),
                heard = self.heard.recv(), if hears && self.ahead.len() < AHEAD => match heard {
                    Some(Heard::Line(line)) if line.trim() == "/stop" => {
                        let stopped = told(to.speak("/stop".to_owned()).await);
                        self.say(&stopped)?;
                    }
                    Some(later) => self.ahead.push_back(later),
                    // The end of the input is not the end of the wish.
                    None => hears = false,
                },
            }
        }
    }

    /// Shows a line or more.
    ///
    /// # Errors
    /// Where the output is gone.
    pub fn say(&mut self, text: &str) -> std::io::Result<()> {
        writeln!(self.out, "{text}")?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Echo;

    impl Speak for Echo {
        async fn speak(&self, text: String) -> Result<String, Fault> {
            Ok(format!("heard {text}"))
        }
    }

    /// Answers a riddle only when it is stopped.
    struct Thinker(tokio::sync::Notify);

    impl Speak for Thinker {
        async fn speak(&self, text: String) -> Result<String, Fault> {
            match text.as_str() {
                "riddle" => self.0.notified().await,
                "/stop" => self.0.notify_one(),
                _ => {}
            }
            Ok(format!("heard {text}"))
        }
    }

    #[test]
    fn an_awaited_answer_can_be_stopped_and_other_lines_keep_their_order() {
        let mut out = Vec::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let input = std::io::Cursor::new("riddle\nsecond\n/stop\nthird\n/quit\nnever\n");
        let mut console = Console::on(input, &mut out, false).expect("a console");
        runtime.block_on(console.talk(&Thinker(tokio::sync::Notify::new()))).expect("talked");
        let out = String::from_utf8(out).expect("text");
        assert_eq!(out, "heard /stop\nheard riddle\nheard second\nheard third\n");
    }

    #[test]
    fn a_line_of_a_megabyte_and_broken_text_leave_the_console_alive() {
        let mut input = vec![b'x'; 1 << 20];
        input.extend_from_slice(b"\n\xff\xff\n  turn on the lamp \n\n/quit\nnever\n");
        let mut out = Vec::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let mut console = Console::on(std::io::Cursor::new(input), &mut out, false).expect("a console");
        runtime.block_on(console.talk(&Echo)).expect("talked");
        let out = String::from_utf8(out).expect("text");
        assert!(out.contains("1048576 bytes"), "{out}");
        assert!(out.contains("not UTF-8"), "{out}");
        assert!(out.contains("heard turn on the lamp"), "{out}");
        assert!(!out.contains("never"), "{out}");
    }
}
