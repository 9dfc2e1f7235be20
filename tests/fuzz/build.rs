//! Names the project's own files, so that what is fuzzed is what runs: only these are instrumented and built.

use std::fmt::Write as _;
use std::path::Path;

const TREE: &[(&str, &[&str])] = &[
    ("base", &["fault", "limits"]),
    ("wire", &["frame"]),
    ("channels", &["lines"]),
    ("channels/mqtt", &["codec", "codec5", "inflight", "packet", "queue", "redelivery", "session", "topics"]),
    ("channels/serial", &["split"]),
];

fn main() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src").canonicalize().expect("the project's src");
    let module = |folder: &str| {
        let files = TREE.iter().find(|(of, _)| *of == folder).expect("listed").1;
        files.iter().fold(String::new(), |mut text, file| {
            let path = src.join(folder).join(format!("{file}.rs"));
            println!("cargo:rerun-if-changed={}", path.display());
            let _ = writeln!(text, "#[path = \"{}\"] pub mod {file};", path.display());
            text
        })
    };
    let text = format!(
        "pub mod base {{ {} pub use fault::{{Code, Fault}}; }}\n\
         pub mod wire {{ {} }}\n\
         pub mod channels {{ {} pub use lines::Heard; pub mod mqtt {{ {} }} pub mod serial {{ {} }} }}\n",
        module("base"),
        module("wire"),
        module("channels"),
        module("channels/mqtt"),
        module("channels/serial"),
    );
    let out = std::env::var("OUT_DIR").expect("OUT_DIR");
    std::fs::write(Path::new(&out).join("hearth.rs"), text).expect("written");
}
