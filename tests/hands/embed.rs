//! The embedder with a real hand and the real model: imports beside a conversation, damaged models, rest.

use std::fs::File;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::time::Duration;

use hearth::base::{Code, Fault};
use hearth::board;
use hearth::embed::{DIMENSIONS, Embedder, MODEL_FILE, MODEL_SHA256, ModelFile, Priority};
use hearth::sandbox::{Class, Hands, Holder};
use hearth::wire::hand::{Outcome, Work};
use tokio::runtime::Runtime;

/// Time for one answer, of an emulated machine too; loading is part of the first.
const LONG: Duration = Duration::from_secs(600);

pub(crate) const TESTS: &[crate::Test] = &[
    ("an_import_does_not_keep_a_conversation_waiting", conversation),
    ("a_damaged_model_is_an_answer_and_no_death", damaged),
    ("an_embedder_that_is_let_go_comes_back", let_go),
];

fn model() -> Result<ModelFile, Fault> {
    // In the project's folder, which every test starts in.
    ModelFile::open(Some(Path::new("models")))
}

fn conversation(hands: Hands, runtime: &Runtime) {
    runtime.block_on(async {
        let embedder = Embedder::start(&hands, board::Embedder::Mapped, model());
        let texts: Vec<_> = (0..60).map(|n| format!("The neighbour's parcel number {n} came on Monday.")).collect();
        let importing = embedder.clone();
        let import = tokio::spawn(async move { importing.embed(texts, Priority::Import, LONG).await });
        // The import is in the hand's queue before the person speaks.
        while embedder.status()["waiting"]["import"] == 0 {
            tokio::task::yield_now().await;
        }
        let made = embedder.embed(vec!["Where is the parcel?".into()], Priority::Talk, LONG).await.expect("embedded");
        assert_eq!(made[0].vector.as_ref().map(Vec::len), Some(DIMENSIONS));
        let left = embedder.status()["waiting"]["import"].as_u64().expect("a number");
        assert!(left > 30, "the person waited for {} texts of the import", 60 - left);
        let made = import.await.expect("joined").expect("the import is done all the same");
        assert!(made.len() == 60 && made.iter().all(|one| one.vector.is_some() && one.language == "en"));
    });
}

fn damaged(hands: Hands, runtime: &Runtime) {
    let path = std::env::temp_dir().join(format!("hearth-damaged-{}", std::process::id()));
    let whole = std::fs::read(Path::new("models").join(MODEL_FILE)).expect("read");
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    let cases = [("one bit", changed, "SHA-256"), ("half", whole[..whole.len() / 2].to_vec(), "SHA-256")];
    runtime.block_on(async {
        for (name, bytes, wanted) in cases {
            std::fs::write(&path, bytes).expect("written");
            let file: OwnedFd = File::open(&path).expect("opened").into();
            let mut link = hands.spawn(Class::Embed, 0, &[file.as_fd()]).await.expect("made");
            let load = Work::LoadModel { sha256: MODEL_SHA256.into(), mapped: false };
            let fault = link.call(&load, LONG).await.expect_err(name);
            assert_eq!(fault.code, Code::BadInput, "{fault}");
            assert!(fault.message.contains(wanted), "{name}: {fault}");
            // The hand lives on, without a model.
            let fault = link.call(&Work::Embed { texts: vec!["lamp".into()] }, LONG).await.expect_err("no model");
            assert!(fault.message.contains("no model"), "{fault}");
        }
    });
    std::fs::remove_file(path).expect("removed");
}

fn let_go(hands: Hands, runtime: &Runtime) {
    runtime.block_on(async {
        let file: OwnedFd = model().expect("the model").into_file().into();
        let first = Work::LoadModel { sha256: MODEL_SHA256.into(), mapped: true };
        let holder = Holder::new(hands.clone(), Class::Embed, vec![file], first);
        let ask = Work::Embed { texts: vec!["lamp".into()] };
        // More often than a hand may die before it rests: an end that was wanted is no death.
        for round in 0..hearth::base::limits::HAND_RESTARTS + 2 {
            let answer = holder.call(&ask, LONG).await;
            assert!(matches!(answer, Ok(Outcome::Vectors(_))), "round {round}: {answer:?}");
            assert!(holder.is_up().await && holder.let_go().await, "it lived");
            assert!(!holder.is_up().await && !holder.let_go().await, "it is gone");
        }
    });
}
