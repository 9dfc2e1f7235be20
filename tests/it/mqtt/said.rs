//! Memory over MQTT: each person has their own, and nobody else hears it.

use hearth::channels::mqtt::QoS;
use serde_json::Value;

use super::peer::{Peer, runtime};
use super::service::{Rig, reply};

const PEOPLE: &str = "[people.anna]\nis = [\"mqtt:anna\"]\nrights = \"use\"\n[people.jan]\nis = [\"mqtt:jan\"]\nrights = \"use\"\n[people.boss]\nis = [\"mqtt:boss\"]\nrights = \"own\"\n";

async fn say(peer: &mut Peer, who: &str, text: &str) -> Value {
    let payload = serde_json::json!({ "text": text }).to_string();
    peer.say(&format!("hearth/attic/{who}/request"), payload, QoS::AtLeastOnce).await;
    reply(peer).await
}

#[test]
fn each_person_has_their_own_memory_and_strangers_hear_and_keep_nothing() {
    let Some(rig) = Rig::with("5", PEOPLE) else { return };
    runtime().block_on(async {
        let mut peer = rig.peer(&["hearth/attic/+/response"]);
        peer.up().await;
        let text = |answer: &Value| answer["text"].as_str().expect("a text").to_owned();
        let kept = say(&mut peer, "anna", "remember that my present for Jan is a red kite").await;
        assert_eq!(text(&kept), "I will remember that.", "{kept}");
        let mine = say(&mut peer, "anna", "what did I say about the present?").await;
        assert!(text(&mine).contains("you said: my present for Jan is a red kite"), "{mine}");
        for who in ["jan", "boss", "stranger"] {
            for question in ["what did I say about the present?", "what did Anna say about the red kite?"] {
                let other = say(&mut peer, who, question).await;
                assert_eq!(text(&other), "I have nothing on that.", "{who}: {other}");
            }
            let forgot = say(&mut peer, who, "forget what I said about the present").await;
            assert!(!text(&forgot).starts_with("Forgotten"), "{who}: {forgot}");
        }
        let refused = say(&mut peer, "stranger", "remember that I was here").await;
        assert!(text(&refused).contains("only for people"), "{refused}");
        assert!(text(&say(&mut peer, "anna", "what did I say about the present?").await).contains("kite"));
        let gone = say(&mut peer, "anna", "forget what I said about the present").await;
        assert!(text(&gone).starts_with("Forgotten"), "{gone}");
    });
}
