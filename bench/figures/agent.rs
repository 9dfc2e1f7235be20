//! The agent under measure: started as a service, spoken to over its admin socket, seen through `/proc`.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::stats::Spread;

pub(crate) struct Agent {
    child: Child,
    stream: BufReader<UnixStream>,
    folder: PathBuf,
    pub(crate) ready_ms: f64,
}

fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("hearth-figures-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

impl Agent {
    /// Starts the service on the demo home and waits for its READY.
    pub(crate) fn start(binaries: &Path) -> Self {
        Self::start_with(binaries, "")
    }

    /// Starts it with these settings.
    pub(crate) fn start_with(binaries: &Path, settings: &str) -> Self {
        let folder = folder();
        let news = UnixDatagram::bind(folder.join("notify")).expect("a socket");
        news.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
        let began = Instant::now();
        let mut command = Command::new(binaries.join("hearth"));
        command.arg("run").env_clear();
        if !settings.is_empty() {
            std::fs::write(folder.join("hearth.toml"), settings).expect("written");
            command.env("HEARTH_CONFIG", folder.join("hearth.toml"));
        }
        let child = command
            .env("HEARTH_DATA", folder.join("data"))
            .env("HEARTH_RUNTIME", folder.join("run"))
            .env("HOME", &folder)
            .env("NOTIFY_SOCKET", folder.join("notify"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let mut part = [0; 1024];
        loop {
            let length = news.recv(&mut part).expect("READY");
            if String::from_utf8_lossy(&part[..length]).contains("READY=1") {
                break;
            }
        }
        let ready_ms = began.elapsed().as_secs_f64() * 1e3;
        let stream = UnixStream::connect(folder.join("run/hearth.sock")).expect("the admin socket");
        Self { child, stream: BufReader::new(stream), folder, ready_ms }
    }

    fn ask(&mut self, request: &Value) -> Value {
        self.stream.get_mut().write_all(format!("{request}\n").as_bytes()).expect("asked");
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("answered");
        let mut answer: Value = serde_json::from_str(&line).expect("JSON");
        assert!(answer["done"] != Value::Null, "{answer}");
        answer["done"].take()
    }

    pub(crate) fn say(&mut self, text: &str) -> Value {
        self.ask(&json!({"do": "say", "text": text, "session": "bench"}))
    }

    pub(crate) fn tool(&mut self, name: &str, arguments: &Value) -> Value {
        self.ask(&json!({"do": "tool", "name": name, "arguments": arguments}))
    }

    /// Asks for a call and does not wait for its answer; nothing else may be asked after it.
    pub(crate) fn begin_tool(&mut self, name: &str, arguments: &Value) {
        let request = json!({"do": "tool", "name": name, "arguments": arguments});
        self.stream.get_mut().write_all(format!("{request}\n").as_bytes()).expect("asked");
    }

    /// What is told of each text.
    pub(crate) fn embed(&mut self, texts: &[String]) -> Value {
        self.ask(&json!({"do": "embed", "texts": texts}))
    }

    /// Tool and time in µs of the latest calls.
    pub(crate) fn calls(&mut self, limit: usize) -> Vec<(String, f64)> {
        let calls = self.ask(&json!({"do": "calls", "limit": limit}));
        let one = |call: &Value| Some((call["tool"].as_str()?.to_owned(), call["end"]["took_us"].as_f64()?));
        calls.as_array().expect("calls").iter().filter_map(one).collect()
    }

    /// Bytes that the brain caused to be written to disk.
    pub(crate) fn written(&self) -> f64 {
        let io = std::fs::read_to_string(format!("/proc/{}/io", self.child.id())).expect("/proc/PID/io");
        let written = io.lines().find_map(|line| line.strip_prefix("write_bytes: "));
        written.and_then(|count| count.parse().ok()).expect("write_bytes")
    }

    /// Name and PSS in KiB of each process.
    pub(crate) fn memory(&self) -> Vec<(String, f64)> {
        let name = |pid| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        self.processes().into_iter().map(|pid| (name(pid).trim().to_owned(), pss(pid))).collect()
    }

    /// PSS in KiB of the process of this name, where there is one.
    pub(crate) fn memory_of(&self, name: &str) -> Option<f64> {
        let is = |pid: &u32| std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|of| of.trim() == name);
        self.processes().into_iter().find(is).map(pss)
    }

    /// How often any thread of any process gave the processor up by itself, so had to be woken.
    pub(crate) fn wakeups(&self) -> f64 {
        let tasks = self.processes().into_iter().filter_map(|pid| std::fs::read_dir(format!("/proc/{pid}/task")).ok());
        let switches = |task: std::fs::DirEntry| {
            let status = std::fs::read_to_string(task.path().join("status")).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
            line.trim().parse::<f64>().ok()
        };
        tasks.flat_map(|tasks| tasks.flatten().filter_map(switches)).sum()
    }

    fn processes(&self) -> Vec<u32> {
        let mut found = Vec::new();
        let mut parents = vec![self.child.id()];
        while let Some(pid) = parents.pop() {
            found.push(pid);
            // A process's children hang on the thread that made them.
            let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
            for task in tasks {
                let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
                parents.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
            }
        }
        found
    }

    pub(crate) fn stop(mut self) {
        drop(self.stream);
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"));
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("signalled");
        self.child.wait().expect("ended");
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn pss(pid: u32) -> f64 {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("smaps_rollup (needs root)");
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).expect("Pss");
    line.split_whitespace().next().and_then(|kib| kib.parse().ok()).expect("a number")
}

/// Time to understand, as `hearth say` tells it, in µs.
pub(crate) fn understanding(binaries: &Path, times: usize) -> Spread {
    let folder = folder();
    let home: toml::Table = include_str!("../../src/config/demo.toml").parse().expect("the demo home");
    let home = serde_json::to_value(&home["home"]).expect("JSON");
    let sentences = ["turn on the kitchen lamp", "is the kitchen lamp on?", "set the bedroom lamp to 40 percent"];
    let cases: Vec<String> = (0..times)
        .map(|number| json!({"home": home, "sentence": sentences[number % sentences.len()]}).to_string())
        .collect();
    std::fs::write(folder.join("cases.jsonl"), cases.join("\n")).expect("written");
    let said = Command::new(binaries.join("hearth")).args(["say", "--batch"]).arg(folder.join("cases.jsonl")).output();
    let said = said.expect("ran");
    let mut took = Spread::default();
    for line in String::from_utf8_lossy(&said.stdout).lines().skip(times / 10) {
        let answer: Value = serde_json::from_str(line).expect("JSON");
        took.push(answer["microseconds"].as_f64().unwrap_or_else(|| panic!("no time in {answer}")));
    }
    let _ = std::fs::remove_dir_all(folder);
    took
}

/// PSS of an idle keeper in KiB.
pub(crate) fn keeper_pss(binaries: &Path) -> f64 {
    let folder = folder();
    let socket = folder.join("keeper.sock");
    let mut keeper = Command::new(binaries.join("hearth-keeper"));
    let mut keeper = keeper.arg("--socket").arg(&socket).stderr(Stdio::null()).spawn().expect("started");
    let until = Instant::now() + Duration::from_secs(10);
    while !socket.exists() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(300));
    let pss = pss(keeper.id());
    keeper.kill().expect("killed");
    keeper.wait().expect("ended");
    let _ = std::fs::remove_dir_all(folder);
    pss
}
