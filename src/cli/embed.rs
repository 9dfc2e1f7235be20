//! `hearth embed`: texts to vectors, to try the embedder and to measure it.

use std::io::Read as _;
use std::process::ExitCode;
use std::time::Instant;

use serde_json::{Value, json};

use super::reach::reach;
use super::{fail, print, print_json};
use crate::app::admin::Request;
use crate::app::{Options, Settings};
use crate::base::{Code, Fault, limits};
use crate::board;
use crate::embed::{ModelFile, Table, bare, check};

/// `hearth embed …`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The texts; none: one a line from standard input
    texts: Vec<String>,
    /// Prints JSON, with the vectors
    #[arg(long)]
    json: bool,
    /// In this very process, behind no wall: for emulators, which cannot seal a hand
    #[arg(long, hide = true)]
    bare: bool,
}

/// Does it.
#[must_use]
pub fn run(args: Args, options: &Options) -> ExitCode {
    let Args { texts, json, bare } = args;
    let texts = if texts.is_empty() { from_input() } else { Ok(texts) };
    let began = Instant::now();
    let made = texts.and_then(|texts| {
        check(&texts)?;
        let made = if bare { unsealed(options, &texts)? } else { by_hand(options, &texts)? };
        Ok((texts, made))
    });
    match made {
        Ok((_, made)) if json => print_json(&json!({"ok": true, "texts": made, "ms": ms(began)})),
        Ok((texts, made)) => print(&table(&texts, &made)),
        Err(fault) => return fail(&fault, json),
    }
    ExitCode::SUCCESS
}

fn by_hand(options: &Options, texts: &[String]) -> Result<Vec<Value>, Fault> {
    match reach(options, Request::Embed { texts: texts.to_vec() }, true)? {
        Value::Array(made) => Ok(made),
        other => Err(Fault::new(Code::Garbage, format!("the service answered {other}"))),
    }
}

fn unsealed(options: &Options, texts: &[String]) -> Result<Vec<Value>, Fault> {
    eprintln!("hearth: not sandboxed: the model runs in this process, behind no wall");
    let settings = Settings::load(options).map_err(|fault| Fault::new(Code::BadInput, fault.to_string()))?;
    let table = match settings.board.embedder {
        board::Embedder::Mapped => Table::Mapped,
        board::Embedder::Full | board::Embedder::Off => Table::Memory,
    };
    let made = bare(&ModelFile::open(settings.config.models())?, table, texts)?;
    Ok(made.iter().map(|one| json!({"vector": one.vector, "tokens": one.tokens, "cut": one.cut})).collect())
}

/// Lines of standard input.
fn from_input() -> Result<Vec<String>, Fault> {
    let bad = |message: String| Fault::new(Code::BadInput, message);
    let most = limits::EMBED_TEXTS * limits::EMBED_TEXT_BYTES;
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(most as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| Fault::new(Code::System, format!("standard input: {error}")))?;
    if bytes.len() > most {
        return Err(bad(format!("standard input has more than the {most} bytes that are embedded at once")));
    }
    let text = String::from_utf8(bytes).map_err(|error| bad(format!("standard input is no UTF-8 text: {error}")))?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn table(texts: &[String], made: &[Value]) -> String {
    let first = made.iter().find_map(|one| one["vector"].as_array());
    let row = |(text, one): (&String, &Value)| {
        let near = match (one["vector"].as_array(), first) {
            (Some(vector), Some(first)) => format!("{:+.3}", cosine(first, vector)),
            _ => "no vector".to_owned(),
        };
        let cut = if one["cut"] == true { " (its end was not read)" } else { "" };
        let language = one["language"].as_str().unwrap_or("-");
        let shown: String = text.chars().take(60).collect();
        format!("{near:>9}  {language:<3} {:>3} pieces  {shown}{cut}\n", one["tokens"])
    };
    let rows: String = texts.iter().zip(made).map(row).collect();
    format!("nearness to the first (1 is the same), language, pieces, text\n{rows}")
}

fn cosine(a: &[Value], b: &[Value]) -> f64 {
    a.iter().zip(b).filter_map(|(a, b)| Some(a.as_f64()? * b.as_f64()?)).sum()
}

fn ms(began: Instant) -> f64 {
    (began.elapsed().as_secs_f64() * 100_000.0).round() / 100.0
}
