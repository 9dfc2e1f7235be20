//! Thinking with a model: the scripted server first against the independent client, then Hearth against it.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::kit::{Home, Kept, Model, Output, Step, wait_for};

const KEY: &str = "sk-canary-Zx81Qq7LmN20pRtV";
const PUZZLE: &str = "please compose a limerick about entropy";

fn home(model: &Model, more: &str) -> (Home, Kept) {
    let url = model.url.clone();
    let home = Home::with_late_config(|root| {
        let keeper = Kept::settings(root);
        format!("{keeper}[net]\nlan = [\"127.0.0.1\"]\n[model]\nbase_url = \"{url}\"\nname = \"m\"\n{more}")
    });
    let kept = Kept::beside(&home);
    kept.put("model", KEY.as_bytes());
    (home, kept)
}

#[test]
fn a_session_key_and_authorities_elsewhere_are_read_by_the_sealed_brain() {
    let model = Model::start(vec![Step::Say("an answer")]);
    let url = model.url.clone();
    let home = Home::with_late_config(|root| {
        let keeper = Kept::settings(root);
        let [key, authorities] = ["keys/session.key", "roots.pem"].map(|name| root.join(name).display().to_string());
        format!(
            "{keeper}session_key = \"{key}\"\n[net]\nlan = [\"127.0.0.1\"]\nca_file = \"{authorities}\"\n\
             [model]\nbase_url = \"{url}\"\nname = \"m\"\n"
        )
    });
    std::fs::create_dir(home.root().join("keys")).expect("a folder");
    std::fs::write(home.root().join("roots.pem"), "").expect("written");
    let running = home.start();
    // Enrolled when the brain has been sealed for long: a new file in that folder.
    let kept = Kept::beside(&home);
    kept.put("model", KEY.as_bytes());
    std::fs::rename(home.data().join("session.key"), home.root().join("keys/session.key")).expect("moved");
    let answer = ask(&home, PUZZLE);
    assert!(answer.to_string().contains("an answer"), "{answer}\n{}", running.log());
    assert_eq!(model.asked().last().expect("asked").key, format!("Bearer {KEY}"));
}

fn ask(home: &Home, text: &str) -> serde_json::Value {
    home.run(&["ask", "--json", text]).json()
}

/// The server speaks the protocol as a client of another author understands it.
#[test]
fn the_scripted_server_is_understood_by_the_openai_client() {
    let python = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/openai/bin/python");
    if !python.exists() {
        assert!(std::env::var("CI").map_or(true, |ci| ci != "true"), "tests/run makes target/openai");
        eprintln!("SKIPPED: no openai client; tests/run installs it in target/openai");
        return;
    }
    let model = Model::start(vec![
        Step::Say("Straße, 5 words and 漢字."),
        Step::Wish(vec![("calculate", json!({"expression": "6*7"})), ("time_now", json!({}))]),
        Step::Status(429, "{\"error\": {\"message\": \"slow\"}}"),
        Step::Say("whole"),
    ]);
    let script = "
import sys, openai
c = openai.OpenAI(base_url=sys.argv[1], api_key='k-1', max_retries=0, timeout=20)
ask = dict(model='m', messages=[{'role': 'user', 'content': 'x'}])
text = ''.join(p.choices[0].delta.content or '' for p in c.chat.completions.create(stream=True, **ask) if p.choices)
assert text == 'Straße, 5 words and 漢字.', text
calls = {}
for p in c.chat.completions.create(stream=True, stream_options={'include_usage': True}, **ask):
    if p.usage: assert p.usage.total_tokens == 15
    for t in (p.choices[0].delta.tool_calls or [] if p.choices else []):
        calls.setdefault(t.index, ['', ''])
        calls[t.index][0] += t.function.name or ''
        calls[t.index][1] += t.function.arguments or ''
assert calls == {0: ['calculate', '{\"expression\":\"6*7\"}'], 1: ['time_now', '{}']}, calls
try:
    c.chat.completions.create(**ask); raise SystemExit('no 429')
except openai.RateLimitError: pass
assert c.chat.completions.create(**ask).choices[0].message.content == 'whole'
print('validated')
";
    let ran = Command::new(python).args(["-c", script, &model.url]).env("PYTHONIOENCODING", "utf-8").output();
    let ran = ran.expect("python");
    assert!(ran.stdout.starts_with(b"validated"), "{ran:?}");
    assert_eq!(model.asked()[0].key, "Bearer k-1");
}

#[test]
fn the_model_answers_and_uses_tools_through_the_gate_with_the_key_that_only_a_hand_held() {
    let model = Model::start(vec![
        Step::Wish(vec![("calculate", json!({"expression": "6*7"})), ("no_such_tool", json!({"a": 1}))]),
        Step::Say("It is 42."),
    ]);
    let (home, _kept) = home(&model, "");
    let running = home.start();
    let answer = ask(&home, PUZZLE);
    assert_eq!(answer["text"], "It is 42.", "{answer} {}", running.log());
    assert_eq!((&answer["detail"]["steps"], &answer["detail"]["tokens"]), (&json!(2), &json!(30)));
    assert_eq!(answer["detail"]["calls"][0], json!({"tool": "calculate", "outcome": "ok"}));
    assert_eq!(answer["detail"]["calls"][1]["outcome"], "not_found");
    let asked = model.asked();
    assert!(asked.iter().all(|asked| asked.key == format!("Bearer {KEY}")), "the exact key arrived");
    let second = asked[1].body["messages"].as_array().expect("messages").clone();
    let results: Vec<String> =
        second.iter().filter(|m| m["role"] == "tool").map(|m| m["content"].to_string()).collect();
    assert!(results[0].contains("42") && results[1].contains("not_found"), "{results:?}");
    assert!(asked[0].body["tools"].as_array().expect("tools").iter().any(|t| t["function"]["name"] == "calculate"));
    let audit = home.run(&["audit", "show", "--json"]).out;
    assert!(audit.contains("6*7") && audit.contains("no_such_tool"), "through the gate: {audit}");
    // The next sentence knows what was said.
    ask(&home, PUZZLE);
    assert!(model.asked().last().expect("asked").body.to_string().contains("It is 42."));
    running.stop();
}

#[test]
fn faults_of_the_server_are_survived_or_told_and_the_home_obeys_all_the_same() {
    let cases: [(Vec<Step>, &str); 7] = [
        (vec![Step::Status(429, "{}"), Step::Say("after a pause")], "after a pause"),
        (vec![Step::Status(500, "oops"), Step::Half, Step::Say("third time")], "third time"),
        (vec![Step::Status(401, "{}")], "does not accept the key"),
        (vec![Step::Half], "broke off"),
        (vec![Step::Raw("data: {\"choices\": 7}\n\n")], "not its protocol"),
        (vec![Step::Raw("event: x\ndata: {\"choices\":[{\"delta\":{\"content\":\"no end\"}}]}\n\n")], "broke off"),
        (vec![Step::Wish(vec![("calculate", json!({"expression": "1"}))])], "same thing again"),
    ];
    for (script, told) in cases {
        let model = Model::start(script.clone());
        let (home, _kept) = home(&model, "");
        let running = home.start();
        let answer = ask(&home, PUZZLE);
        assert!(answer["text"].as_str().is_some_and(|text| text.contains(told)), "{script:?}: {answer}");
        assert_eq!(ask(&home, "turn on the kitchen lamp")["detail"]["outcomes"][0]["outcome"], "done");
        running.stop();
    }
}

#[test]
fn steps_time_and_silence_are_bounded() {
    let wish = |n: i64| Step::Wish(vec![("calculate", json!({"expression": n.to_string()}))]);
    let model = Model::start((0..20).map(wish).collect());
    let (home, _kept) = home(&model, "steps = 3\n");
    let running = home.start();
    let answer = ask(&home, PUZZLE);
    assert_eq!((&answer["detail"]["ended"], model.asked().len()), (&json!("steps"), 3), "{answer}");
    running.stop();

    let model = Model::start((0..20).map(wish).collect());
    let (home, _kept) = home2(&model, "tokens = 256\nsteps = 32\n");
    let running = home.start();
    let answer = ask(&home, PUZZLE);
    assert_eq!(answer["detail"]["ended"], "tokens", "{answer}");
    running.stop();

    // A server that does not count does not make the limit void.
    let uncounted = "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"calculate\",\"arguments\":\"{\\\"expression\\\": \\\"1\\\"}\"}}]},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n";
    let model = Model::start(vec![Step::Raw(uncounted)]);
    let (home, _kept) = home2(&model, "tokens = 256\nsteps = 32\n");
    let running = home.start();
    let answer = ask(&home, PUZZLE);
    assert_eq!((&answer["detail"]["ended"], model.asked().len()), (&json!("tokens"), 1), "{answer}");
    running.stop();

    let model = Model::start(vec![Step::Hang]);
    let (home, _kept) = home2(&model, "time_s = 5\n");
    let running = home.start();
    let began = Instant::now();
    let answer = ask(&home, PUZZLE);
    assert!(answer["text"].as_str().is_some_and(|text| text.contains("in time")), "{answer}");
    assert!(began.elapsed() >= Duration::from_secs(5));
    wait_for("the server to see the end", || (model.hung_up().len() == 1).then_some(()));
    running.stop();
}

#[test]
fn a_model_is_asked_so_often_a_minute_and_no_more() {
    let model = Model::start(vec![Step::Say("well")]);
    let (home, _kept) = home(&model, "per_minute = 2\ntime_s = 5\n");
    let running = home.start();
    for _ in 0..2 {
        assert_eq!(ask(&home, PUZZLE)["text"], "well");
    }
    let answer = ask(&home, PUZZLE);
    assert!(answer["text"].as_str().is_some_and(|text| text.contains("at most 2 times a minute")), "{answer}");
    assert!(answer["text"].as_str().is_some_and(|text| text.contains("again in ")), "{answer}");
    assert_eq!(model.asked().len(), 2, "the server was not asked a third time");
    assert_eq!(ask(&home, "turn on the kitchen lamp")["detail"]["outcomes"][0]["outcome"], "done");
    running.stop();
}

fn home2(model: &Model, more: &str) -> (Home, Kept) {
    home(model, more)
}

#[test]
fn stop_suspend_and_hanging_up_close_the_socket_within_a_second_and_the_home_obeys_meanwhile() {
    let model = Model::start(vec![Step::Hang]);
    let (home, _kept) = home(&model, "");
    let running = home.start();
    let cancels: [&dyn Fn(&mut std::process::Child); 3] = [
        &|_| assert!(home.run(&["ask", "/stop"]).out.contains("All right")),
        &|_| assert!(home.run(&["suspend"]).ok),
        &|child| child.kill().expect("killed"),
    ];
    for (number, cancel) in cancels.iter().enumerate() {
        let mut child = home.command(&["ask", "--json", PUZZLE]).spawn().expect("started");
        wait_for("the server to hang", || (model.hanging() == 1).then_some(()));
        let local = Instant::now();
        if number == 0 {
            assert_eq!(ask(&home, "turn on the kitchen lamp")["detail"]["outcomes"][0]["outcome"], "done");
            assert!(local.elapsed() < Duration::from_secs(20), "thinking does not hold the home up");
        }
        cancel(&mut child);
        let cancelled = Instant::now();
        let hung_up = wait_for("the server to see it", || model.hung_up().get(number).copied());
        assert!(hung_up.saturating_duration_since(cancelled) < Duration::from_secs(1), "cancel {number}");
        let output = child.wait_with_output().expect("ended");
        if number < 2 {
            assert!(String::from_utf8_lossy(&output.stdout).contains("stopped"), "{output:?}");
        }
        home.run(&["resume"]);
    }
    running.stop();
}

#[test]
fn stop_typed_at_a_console_while_the_answer_is_awaited_closes_the_socket_within_a_second() {
    use std::io::Write as _;
    for beside_a_service in [true, false] {
        let model = Model::start(vec![Step::Hang]);
        let (home, _kept) = home(&model, "");
        let service = beside_a_service.then(|| home.start());
        let mut command = home.command(&[]);
        let mut child = command.stdin(std::process::Stdio::piped()).spawn().expect("started");
        let mut typed = child.stdin.take().expect("a pipe");
        writeln!(typed, "{PUZZLE}").expect("typed");
        wait_for("the server to hang", || (model.hanging() == 1).then_some(()));
        let stopped = Instant::now();
        writeln!(typed, "/stop\nturn on the kitchen lamp\n/quit").expect("typed");
        let hung_up = wait_for("the server to see it", || model.hung_up().first().copied());
        assert!(hung_up.saturating_duration_since(stopped) < Duration::from_secs(1), "{beside_a_service}");
        let output = child.wait_with_output().expect("ended");
        let told = String::from_utf8_lossy(&output.stdout);
        let places = ["All right.", "I stopped thinking", "The kitchen lamp is on."].map(|part| told.find(part));
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{told}");
        drop(service);
    }
}

#[test]
fn without_a_model_or_a_keeper_the_reply_says_what_it_could_not_do_and_local_commands_work() {
    let home_alone = Home::new();
    let alone = home_alone.run(&["ask", PUZZLE]);
    assert!(!alone.ok && alone.out.contains("no model that I could ask"), "{alone:?}");

    let model = Model::start(vec![Step::Say("never said")]);
    let (home, mut kept) = home(&model, "");
    let running = home.start();
    kept.kill();
    let answer = ask(&home, PUZZLE);
    assert!(answer["text"].as_str().is_some_and(|text| text.contains("could not ask the model")), "{answer}");
    let question = "where is the spare key?";
    ask(&home, "remember that the spare key is under the blue pot");
    let answer = ask(&home, question)["text"].to_string();
    assert!(answer.contains("under the blue pot") && answer.contains("could not ask the model"), "{answer}");
    assert_eq!(model.asked().len(), 0, "without its key nothing was asked");
    assert_eq!(ask(&home, "turn on the kitchen lamp")["detail"]["outcomes"][0]["outcome"], "done");
    kept.again();
    assert_eq!(ask(&home, question)["text"], "never said", "the keeper came back: a model goes before memory");
    running.stop();
}

#[test]
fn a_secret_in_an_answer_or_a_question_goes_no_further() {
    let model = Model::start(vec![Step::Say("use ghp_abcdefghijklmnopqrstuvwxyz1234567890 now")]);
    let (home, _kept) = home(&model, "");
    let running = home.start();
    let told = Output::of(home.command(&["ask", &format!("{PUZZLE} password: Hunter2hunter2")]), b"");
    assert!(told.ok && told.out.contains("[FILTERED]") && !told.out.contains("ghp_abc"), "{told:?}");
    assert!(!model.asked()[0].body.to_string().contains("Hunter2hunter2"));
    running.stop();
    // The database and its log.
    let files = std::fs::read_dir(home.data()).expect("the folder").flatten();
    let database: Vec<u8> = files.flat_map(|file| std::fs::read(file.path()).unwrap_or_default()).collect();
    let holds = |text: &str| database.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("[FILTERED]") && !holds("ghp_abcdef") && !holds("Hunter2hunter2"));
}

/// A token in a file of the workspace comes back through a tool: to a person, to the model, into records and the log.
#[test]
fn a_secret_looking_text_in_a_tools_result_reaches_no_reply_transcript_database_or_log() {
    const TOKEN: &str = "ghp_abcdefghijklmnopqrstuvwxyz1234567890";
    let read = || Step::Wish(vec![("file_read", json!({"path": "note.txt"}))]);
    let missing = || Step::Wish(vec![("file_read", json!({"path": format!("{TOKEN}.txt")}))]);
    let model = Model::start(vec![read(), Step::Say("It says something."), missing(), Step::Say("There is none.")]);
    let url = model.url.clone();
    let home = Home::with_late_config(|root| {
        let log = root.join("data/hearth.log").display().to_string();
        let keeper = Kept::settings(root);
        format!(
            "{keeper}[log]\nlevel = \"trace\"\nfile = \"{log}\"\n[net]\nlan = [\"127.0.0.1\"]\n[model]\nbase_url = \"{url}\"\nname = \"m\"\n"
        )
    });
    let kept = Kept::beside(&home);
    kept.put("model", KEY.as_bytes());
    let running = home.start();
    let arguments = json!({"path": "note.txt", "text": format!("the code is {TOKEN}, keep it\n")}).to_string();
    let written = home.run(&["tool", "call", "file_write", &arguments, "--yes"]);
    let workspace = home.data().join("workspace/note.txt");
    if !written.ok || std::fs::read_to_string(&workspace).is_ok_and(|text| !text.contains(TOKEN)) {
        std::fs::write(&workspace, format!("the code is {TOKEN}, keep it\n")).expect("written");
    }
    let told = home.run(&["tool", "call", "file_read", "{\"path\": \"note.txt\"}", "--json"]);
    assert!(told.ok && told.out.contains("the code is [FILTERED]"), "{told:?}");
    let failed =
        home.run(&["tool", "call", "file_read", &json!({"path": format!("{TOKEN}.txt")}).to_string(), "--json"]);
    assert!(!failed.ok && !failed.out.contains(TOKEN) && !failed.err.contains(TOKEN), "in a fault: {failed:?}");
    for _ in 0..2 {
        let answer = ask(&home, PUZZLE);
        assert!(!answer.to_string().contains(TOKEN), "{answer}");
    }
    // What the model wished for is its own word; what came back is not.
    let asked = model.asked();
    let results: Vec<String> = asked
        .iter()
        .flat_map(|asked| asked.body["messages"].as_array().cloned().unwrap_or_default())
        .filter(|message| message["role"] == "tool")
        .map(|message| message.to_string())
        .collect();
    assert!(results.iter().any(|result| result.contains("the code is [FILTERED]")), "{results:?}");
    assert!(results.iter().all(|result| !result.contains(TOKEN)), "{results:?}");
    let shown = home.run(&["audit", "show", "--json"]).out;
    assert!(shown.contains("taken out") && !shown.contains(TOKEN), "{shown}");
    running.stop();
    for entry in std::fs::read_dir(home.data()).expect("the folder").flatten().filter(|entry| entry.path().is_file()) {
        let bytes = std::fs::read(entry.path()).expect("read");
        assert!(memchr::memmem::find(&bytes, TOKEN.as_bytes()).is_none(), "in {}", entry.path().display());
    }
    let log = std::fs::read_to_string(home.data().join("hearth.log")).expect("the log");
    assert!(log.contains("looks like secrets"), "the log tells that something was taken out: {log:.2000}");
}
