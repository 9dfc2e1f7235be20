//! MQTT over TLS through the link hand, with password and client certificate, against mosquitto.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::Broker;
use super::broker::program;
use crate::canary::{self, Scan};
use crate::kit::{Home, Running, is_root, wait_for};

const HOUSE: &str =
    "[[home.entities]]\nid = \"light.kitchen_lamp\"\nname = \"Kitchen lamp\"\nline = \"kitchen_lamp\"\n";
/// Another one in each run, so that it stands in no file that somebody left on the machine.
static PASSWORD: LazyLock<String> = LazyLock::new(|| {
    let random: [u8; 12] = hearth::keeper::cipher::random().expect("random");
    format!("correct-horse-{:x}-battery", u128::from_be_bytes(std::array::from_fn(|at| *random.get(at).unwrap_or(&1))))
});

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Issuer {
    let mut params = CertificateParams::new(Vec::new()).expect("params");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority")
}

/// A certificate in PEM, and its key.
fn certificate(issuer: &Issuer, name: &str) -> (String, KeyPair) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("params");
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate().expect("a key");
    (params.signed_by(&key, issuer).expect("signed").pem(), key)
}

/// A broker that wants TLS, a client's certificate, a user and a password.
struct Walled {
    broker: Broker,
    folder: PathBuf,
    client_key: String,
    client_der: Vec<u8>,
}

impl Walled {
    fn start() -> Option<Self> {
        let passwd = program("mosquitto_passwd")?;
        let folder = std::env::temp_dir().join(format!("hearth-it-mqtt-tls-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let (issuer, other) = (authority("the right one"), authority("the wrong one"));
        let (server, server_key) = certificate(&issuer, "127.0.0.1");
        let (client, client_key) = certificate(&issuer, "hearth");
        let files = [
            ("ca.pem", issuer.pem()),
            ("other.pem", other.pem()),
            ("server.pem", server),
            ("server.key", server_key.serialize_pem()),
            ("client.pem", client),
            ("client.key", client_key.serialize_pem()),
            ("passwd", String::new()),
        ];
        for (name, text) in files {
            std::fs::write(folder.join(name), text).expect("written");
        }
        let done =
            Command::new(passwd).arg("-b").arg(folder.join("passwd")).args(["hearth", PASSWORD.as_str()]).status();
        assert!(done.expect("ran").success());
        std::fs::set_permissions(folder.join("passwd"), std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .expect("open");
        let path = |name: &str| folder.join(name).display().to_string();
        let broker = Broker::with(&format!(
            "allow_anonymous false\npassword_file {}\ncafile {}\ncertfile {}\nkeyfile {}\nrequire_certificate true\n",
            path("passwd"),
            path("ca.pem"),
            path("server.pem"),
            path("server.key"),
        ))?;
        Some(Self { broker, folder, client_key: client_key.serialize_pem(), client_der: client_key.serialize_der() })
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// What stands retained on a topic, as mosquitto's own client sees it over TLS.
    fn hear(&self, topic: &str) -> Vec<String> {
        let (ca, cert, key) = (self.path("ca.pem"), self.path("client.pem"), self.path("client.key"));
        let tls = ["--cafile", &ca, "--cert", &cert, "--key", &key, "-u", "hearth", "-P", &PASSWORD];
        let rest = ["-t", topic, "-C", "1", "-W", "20"];
        let arguments: Vec<&str> = tls.into_iter().chain(rest).collect();
        let output = self.broker.client("mosquitto_sub", &arguments).output().expect("ran");
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }
}

impl Drop for Walled {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// What nobody but the broker's hand may know: the password, and the key in its file's form and in the form
/// that a program computes with.
fn told(walled: &Walled) -> Vec<Scan> {
    let lines: Vec<&str> = walled.client_key.lines().filter(|line| !line.starts_with('-')).collect();
    // The number itself, without what says which curve it is on.
    let der = &walled.client_der;
    let number = der.windows(2).position(|two| two == [0x04, 0x20]).expect("a number of 32 bytes") + 2;
    vec![Scan::of(&PASSWORD), Scan::of(lines[0]), Scan::of_bytes(&der[number..number + 32])]
}

/// A home with a keeper that holds these secrets.
fn keeping(config: &str, secrets: &[(&str, &str)]) -> (Home, Running) {
    let home = Home::with_config(config);
    let config = format!("{config}[keeper]\nsocket = \"{}\"\n{HOUSE}", home.root().join("run/keeper.sock").display());
    std::fs::write(home.root().join("hearth.toml"), config).expect("written");
    let at = |name: &str| home.root().join(name).display().to_string();
    let socket = at("run/keeper.sock");
    let keeper = Running::start(home.binary("hearth-keeper", &["--socket", &socket, "--vault", &at("data/vault")]));
    wait_for("the keeper's socket", || Path::new(&socket).exists().then_some(()));
    let uid = if is_root() { 54_321 } else { nix::unistd::getuid().as_raw() }.to_string();
    let done = |words: &[&str], input: &str| {
        let words: Vec<&str> = words.iter().copied().chain(["--socket", &socket]).collect();
        let output = home.run_with_input(&words, input.as_bytes());
        assert!(output.ok, "{words:?}: {output:?}");
    };
    done(&["secret", "init"], "");
    for (name, value) in secrets {
        done(&["secret", "add", name], value);
    }
    done(&["keeper", "enrol", "--uid", &uid, "--key", &at("data/session.key")], "");
    (home, keeper)
}

/// Settings for the broker; the keeper's socket is made known by [`keeping`].
fn settings(walled: &Walled, more: &str) -> String {
    format!("device = \"attic\"\n[mqtt]\nenabled = true\nport = {}\ntls = true\n{more}", walled.broker.port)
}

fn credentials(walled: &Walled, ca: &str) -> String {
    format!(
        "ca_file = \"{}\"\nuser = \"hearth\"\npassword_from = \"broker\"\nclient_cert = \"{}\"\nclient_key_from = \"broker-key\"\n",
        walled.path(ca),
        walled.path("client.pem"),
    )
}

#[test]
fn tls_password_and_client_certificate_are_taken_by_mosquitto_and_the_brain_has_neither() {
    let Some(walled) = Walled::start() else { return };
    let config = settings(&walled, &credentials(&walled, "ca.pem"));
    let secrets = [("broker", PASSWORD.as_str()), ("broker-key", walled.client_key.as_str())];
    let (home, _keeper) = keeping(&config, &secrets);
    let running = home.start();
    assert_eq!(walled.hear("hearth/attic/availability"), ["online"], "{}", running.log());
    assert!(running.descendant("hearth-link").is_some(), "{:?}", running.descendants());
    assert!(!running.log().contains(PASSWORD.as_str()));
    // The hand is killed: a new one joins again, with new tickets.
    let hand = running.descendant("hearth-link").expect("a hand");
    nix::sys::signal::kill(crate::kit::pid(hand), nix::sys::signal::Signal::SIGKILL).expect("killed");
    wait_for("another hand", || running.descendant("hearth-link").filter(|other| *other != hand));
    wait_for("why it ended", || running.log().contains("the link hand ended").then_some(()));
    assert!(running.log().contains("SIGKILL"), "{}", running.log());
    wait_for("the new connection", || (walled.hear("hearth/attic/availability") == ["online"]).then_some(()));
}

#[test]
fn what_a_broker_is_told_by_tls_is_in_no_process_and_no_file() {
    if !is_root() {
        eprintln!("SKIPPED: only root can read the memory of sealed processes");
        return;
    }
    let Some(walled) = Walled::start() else { return };
    let config = settings(&walled, &credentials(&walled, "ca.pem"));
    let secrets = [("broker", PASSWORD.as_str()), ("broker-key", walled.client_key.as_str())];
    let (home, keeper) = keeping(&config, &secrets);
    let running = home.start();
    assert_eq!(walled.hear("hearth/attic/availability"), ["online"], "{}", running.log());
    for mut scan in told(&walled) {
        canary::everything(&mut scan, &home, &running, &["hearth-link"]);
        scan.process(keeper.pid());
        scan.clean();
    }
    // The hand keeps it, to look for it in what the broker says.
    let hand = running.descendant("hearth-link").expect("a hand");
    let mut acting = Scan::of(&PASSWORD);
    acting.process(hand);
    acting.finds("raw", "memory of hearth-link");
}

#[test]
fn a_password_is_in_the_hand_that_waits_for_the_broker_and_in_no_other_process() {
    if !is_root() {
        eprintln!("SKIPPED: only root can read the memory of sealed processes");
        return;
    }
    let broker = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = broker.local_addr().expect("an address").port();
    let config = format!("[mqtt]\nenabled = true\nport = {port}\nuser = \"hearth\"\npassword_from = \"broker\"\n");
    let (home, keeper) = keeping(&config, &[("broker", PASSWORD.as_str())]);
    let running = home.start();
    let (mut stream, _) = broker.accept().expect("a connection");
    let mut heard = [0; 512];
    let length = stream.read(&mut heard).expect("a CONNECT");
    assert!(memchr::memmem::find(&heard[..length], PASSWORD.as_bytes()).is_some(), "the exact password arrived");
    let mut scan = Scan::of(&PASSWORD);
    canary::everything(&mut scan, &home, &running, &["hearth-link"]);
    scan.process(keeper.pid());
    scan.clean();
    let mut acting = Scan::of(&PASSWORD);
    acting.process(running.descendant("hearth-link").expect("a hand"));
    acting.finds("raw", "memory of hearth-link");
}

#[test]
fn a_link_that_ends_says_why() {
    let broker = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = broker.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for (turn, mut stream) in broker.incoming().flatten().enumerate() {
            let mut heard = [0; 512];
            let length = stream.read(&mut heard).unwrap_or_default();
            // One in two repeats what it heard, the others hang up.
            let _ = stream.write_all(if turn % 2 == 0 { &heard[..length] } else { &[] });
        }
    });
    let config = format!("[mqtt]\nenabled = true\nport = {port}\nuser = \"hearth\"\npassword_from = \"broker\"\n");
    let (home, _keeper) = keeping(&config, &[("broker", PASSWORD.as_str())]);
    let running = home.start();
    for why in ["the broker repeats the password", "the broker closed the connection"] {
        wait_for(why, || running.log().contains(why).then_some(()));
    }
    assert!(!running.log().contains(PASSWORD.as_str()));
}

#[test]
fn a_wrong_authority_password_host_or_no_certificate_is_refused() {
    let Some(walled) = Walled::start() else { return };
    let right = credentials(&walled, "ca.pem");
    let bare = format!("ca_file = \"{}\"\nuser = \"hearth\"\npassword_from = \"broker\"\n", walled.path("ca.pem"));
    let cases = [
        (credentials(&walled, "other.pem"), PASSWORD.as_str(), "UnknownIssuer"),
        (format!("{right}host = \"localhost\"\n"), PASSWORD.as_str(), "not valid for name"),
        (right.clone(), "another password", "refused us"),
        (bare, PASSWORD.as_str(), "MQTT is not connected"),
    ];
    for (more, password, why) in cases {
        let secrets = [("broker", password), ("broker-key", walled.client_key.as_str())];
        let (home, _keeper) = keeping(&settings(&walled, &more), &secrets);
        let running = home.start();
        wait_for(why, || running.log().contains(why).then_some(()));
        assert!(!running.log().contains("MQTT is connected"), "{why}: {}", running.log());
        // The house obeys all the same.
        assert!(home.run(&["ask", "turn on the kitchen lamp"]).ok);
    }
}

#[test]
fn credentials_without_their_other_half_are_a_fault_of_the_settings() {
    for (more, key) in [
        ("user = \"u\"\n", "mqtt.user"),
        ("tls = true\nclient_cert = \"/x.pem\"\n", "mqtt.client_cert"),
        ("ca_file = \"/x.pem\"\n", "mqtt.tls"),
        ("password_from = \"a b\"\n", "mqtt.password_from"),
    ] {
        let home = Home::with_config(&format!("[mqtt]\nenabled = true\n{more}"));
        let checked = home.run(&["config", "check"]);
        assert!(!checked.ok && format!("{}{}", checked.out, checked.err).contains(key), "{more}: {checked:?}");
    }
}
