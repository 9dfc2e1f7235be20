//! `hearth onboard`: which model, with which key; the key is sealed, the model tried, the settings written.
//!
//! Run by an administrator of the keeper. The key goes from the prompt into the vault and nowhere else: the
//! trial is a turn's own way, over a hand that redeems a ticket.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value as Json, json};

use super::reach::reach;
use super::{fail, print, print_json, secret};
use crate::app::admin::Request;
use crate::app::{Options, Settings};
use crate::base::{Code, Fault};
use crate::config::{self, Env, Source};
use crate::keeper::message::Vault;
use crate::keeper::{Client, enrol};

/// Servers that are offered by number; any other is given by its URL.
const PROVIDERS: &[(&str, &str)] = &[
    ("OpenAI", "https://api.openai.com/v1"),
    ("OpenRouter", "https://openrouter.ai/api/v1"),
    ("Mistral", "https://api.mistral.ai/v1"),
    ("Groq", "https://api.groq.com/openai/v1"),
    ("Ollama on this board", "http://127.0.0.1:11434/v1"),
];

/// `hearth onboard`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The OpenAI-compatible server; asked for where it is not given
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// The model's name there; asked for where it is not given
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// The server wants no key
    #[arg(long)]
    no_key: bool,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Does it.
#[must_use]
pub fn run(args: &Args, options: &Options) -> ExitCode {
    match act(args, options) {
        Ok(done) if args.json => print_json(&done),
        Ok(_) => {}
        Err(fault) => return fail(&fault, args.json),
    }
    ExitCode::SUCCESS
}

fn act(args: &Args, options: &Options) -> Result<Json, Fault> {
    let settings = Settings::load(options).map_err(|fault| Fault::new(Code::BadInput, fault.to_string()))?;
    let base_url = match &args.base_url {
        Some(url) => url.clone(),
        None => provider()?,
    };
    let name = match &args.model {
        Some(name) => name.clone(),
        None => line("The model's name there: ")?,
    };
    // Checked as settings are, before anything is asked for or kept.
    let mut section = format!("[model]\nbase_url = {}\nname = {}\n", json!(base_url), json!(name));
    if args.no_key {
        section.push_str("secret = \"\"\n");
    }
    config::Config::parse(&section, Path::new("what was typed")).map_err(|faults| {
        let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
        Fault::new(Code::BadInput, told.join("; "))
    })?;
    if !args.no_key {
        seal_key(&settings, &base_url)?;
    }
    let secret = if args.no_key { "" } else { "vault:model" };
    let tried = reach(
        options,
        Request::TryModel { base_url: base_url.clone(), name: name.clone(), secret: secret.to_owned() },
        true,
    )?;
    tell(args, &format!("The model answered after {} ms.\n", tried["took_ms"]));
    let written = write(options, &settings, &section)?;
    match &written {
        Some(path) => tell(args, &format!("Written to {}; it holds from the next start.\n", path.display())),
        None => tell(args, &format!("The settings have a [model] already; this belongs there:\n\n{section}")),
    }
    Ok(json!({"ok": true, "took_ms": tried["took_ms"], "written": written}))
}

/// What goes on is for a person; JSON is one document.
fn tell(args: &Args, text: &str) {
    if !args.json {
        print(text);
    }
}

fn provider() -> Result<String, Fault> {
    for (number, (name, url)) in PROVIDERS.iter().enumerate() {
        print(&format!("{}  {name:<22} {url}\n", number + 1));
    }
    let typed = line("Provider (a number, or the URL of an OpenAI-compatible server): ")?;
    let chosen = typed.parse::<usize>().ok().and_then(|number| PROVIDERS.get(number.wrapping_sub(1)));
    Ok(chosen.map_or(typed, |(_, url)| (*url).to_owned()))
}

/// One line that a person types; never of a key.
fn line(prompt: &str) -> Result<String, Fault> {
    if !io::stdin().is_terminal() {
        let message = "nobody is there to ask; give --base-url and --model, and the key on standard input";
        return Err(Fault::new(Code::BadInput, message));
    }
    print(prompt);
    let _shown = io::stdout().flush();
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    match read {
        Ok(1..) if !line.trim().is_empty() => Ok(line.trim().to_owned()),
        Ok(_) => Err(Fault::new(Code::BadInput, "nothing was typed")),
        Err(error) => Err(Fault::new(Code::System, format!("cannot read: {error}"))),
    }
}

/// Keeps the key in the vault, which is made where there is none, and enrols the brain where it is not.
fn seal_key(settings: &Settings, base_url: &str) -> Result<(), Fault> {
    let socket = &settings.config.keeper.socket;
    // Asked for first: a key that nobody can take need not be typed.
    let mut client = Client::connect(socket)?;
    client.administer()?;
    let value = secret::read_value(&format!("the key for {base_url}"))?;
    let mut client = Client::connect(socket)?;
    client.administer()?;
    if client.names()?.0 == Vault::NotInitialised {
        client.init()?;
    }
    client.put("model", value, true)?;
    let data = &settings.dirs.data;
    let key = settings.session_key();
    if key.exists() {
        return Ok(());
    }
    let owner = std::fs::metadata(data).map_err(|error| {
        Fault::new(Code::System, format!("{}: {error}; start hearth once, so that it makes its folder", data.display()))
    })?;
    let session = enrol::make(&key, owner.uid())?;
    client.enrol(owner.uid(), session.public())?;
    Ok(())
}

/// Appends the section to the settings file, which is made where there is none; [`None`] where it has one.
fn write(options: &Options, settings: &Settings, section: &str) -> Result<Option<PathBuf>, Fault> {
    let path = match config::find(options.config.as_deref(), &Env::here(), Path::new("/etc")) {
        Source::File(path) => path,
        Source::Default => PathBuf::from("/etc/hearth/hearth.toml"),
    };
    let failed = |error: io::Error| Fault::new(Code::System, format!("{}: {error}", path.display()));
    let old = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        // The built-in demo goes on with the model in it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => config::DEMO_HOME.to_owned(),
        Err(error) => return Err(failed(error)),
    };
    if !settings.config.model.base_url.is_empty() || old.lines().any(|line| line.trim_start().starts_with("[model]")) {
        return Ok(None);
    }
    let next = path.with_extension("toml.new");
    let text = format!("{}\n\n{section}", old.trim_end());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let written = std::fs::create_dir_all(folder).and_then(|()| File::create(&next)).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(failed)?;
    if let Ok(before) = std::fs::metadata(&path) {
        let _same_as_before = std::fs::set_permissions(&next, before.permissions());
        let _same_as_before = nix::unistd::chown(&next, Some(before.uid().into()), Some(before.gid().into()));
    }
    // A power cut leaves the old settings or the new ones, never an empty file.
    std::fs::rename(&next, &path).and_then(|()| File::open(folder)?.sync_all()).map_err(failed)?;
    Ok(Some(path))
}
