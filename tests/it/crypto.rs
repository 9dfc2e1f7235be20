//! The vectors of `crypto.json`: the vault's cipher and the session's proof against outside cases.

use std::path::{Path, PathBuf};

use hearth::keeper::armor;
use hearth::keeper::cipher::Key;
use hearth::keeper::message::{Reply, Request};
use hearth::keeper::schnorr::{self, Secret};

fn shared(file: &str) -> Option<serde_json::Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = std::env::var_os("HEARTH_SHARED").map(PathBuf::from);
    let places = named.into_iter().chain([root.join("../shared"), root.join("../../shared")]);
    let Some(text) =
        places.into_iter().find_map(|place| std::fs::read_to_string(place.join("vectors").join(file)).ok())
    else {
        assert!(std::env::var("CI").is_err(), "{file} is needed; HEARTH_SHARED names the folder");
        eprintln!("SKIPPED: no shared vectors {file}");
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}

#[test]
fn every_vector_of_crypto_json_gives_its_answer() {
    let Some(vectors) = shared("crypto.json") else { return };
    let mut seen = 0;
    for (case, number) in vectors["cases"].as_array().unwrap().iter().zip(0..) {
        let hex = |key: &str| armor::from_hex(case[key].as_str().unwrap()).unwrap();
        fn fixed<const N: usize>(bytes: &[u8]) -> [u8; N] {
            bytes.try_into().unwrap()
        }
        let text = |key: &str| case[key].as_str().unwrap_or_default().to_owned();
        let accepted = match case["kind"].as_str().unwrap() {
            "xchacha20poly1305_ietf" => {
                let sealed = [hex("nonce_hex").as_slice(), &hex("ciphertext_and_tag_hex")].concat();
                let key = Key::new(&hex("key_hex")).unwrap();
                let opened = key.open(&hex("aad_hex"), &armor::to_base64url(&sealed)).unwrap();
                assert_eq!(opened.bytes(), hex("plaintext_hex").as_slice());
                seen += 1;
                continue;
            }
            "vault_decrypt" | "vault_decrypt_aad" => {
                let opened = Key::new(&hex("key_hex")).unwrap().open(&hex("aad_hex"), &text("vault_text"));
                if let Ok(value) = &opened {
                    assert_eq!(value.bytes(), hex("plaintext_hex").as_slice(), "case {number}");
                }
                opened.is_ok()
            }
            "vault_key" => Key::new(&hex("key_hex")).is_ok(),
            "schnorr_p256_verify" => {
                let public: [u8; 64] = fixed(&[hex("Yx_hex").as_slice(), &hex("Yy_hex")].concat());
                let commitment: [u8; 64] = fixed(&[hex("Rx_hex").as_slice(), &hex("Ry_hex")].concat());
                if let Some(master) = case["master_hex"].as_str() {
                    let master: [u8; 32] = fixed(&armor::from_hex(master).unwrap());
                    assert_eq!(Secret::derive(&master).unwrap().public(), public, "case {number}");
                }
                let (challenge, response) = (fixed(&hex("challenge_hex")), fixed(&hex("response_hex")));
                schnorr::verify(&public, &commitment, &challenge, &response)
            }
            // The peer's frames are bytes in fixed places, ours FlatBuffers: its short ones are refused as it does,
            // and, which is the one disagreement, its whole one too.
            "handshake_frame" | "handshake_result_frame" | "handshake_result_40" => {
                assert!(Request::decode(&hex("frame_hex")).is_err() && Reply::decode(&hex("frame_hex")).is_err());
                seen += 1;
                continue;
            }
            // In words; each is a test of `secrets` and `keeper::session`: sessions end with their time and when
            // revoked, a replayed handshake is refused, frames without their tag end the connection.
            "rule" => continue,
            other => panic!("case {number}: unknown kind {other}"),
        };
        assert_eq!(accepted, text("expected") == "ok", "case {number}: {}", text("why"));
        seen += 1;
    }
    assert_eq!(seen, 32, "35 cases, of which three are rules");
}
