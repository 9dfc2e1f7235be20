//! Tool `memory`: remember, find, edit and forget on behalf of who speaks.
//!
//! No hand does it: the rows are the brain's own, and who may see what is part of every query. What is
//! remembered can be forgotten, so the audit records, which cannot, hold the action and no text.

use serde_json::{Value, json};

use crate::base::{Code, Fault, limits};
use crate::bus::Principal;
use crate::gate::{Job, Manifest, Run, Tier, Tool};
use crate::memory::{Memory, Speaker, Wish};
use crate::wire::hand::Outcome;

/// See the module.
#[derive(Debug)]
pub struct MemoryTool {
    manifest: Manifest,
    memory: Memory,
}

impl MemoryTool {
    /// Over this memory.
    #[must_use]
    pub fn new(memory: Memory) -> Self {
        let manifest = Manifest {
            name: "memory",
            purpose: "What is remembered of this person and household. action is one of: add (text), search (query), \
                      show (id), edit (id, text), forget (id), facts (key), set_fact (key, value), forget_fact (key), \
                      context, write_context (text, append); of a long conversation: describe (node), expand (node, from), \
                      grep (text); of a result that was off-loaded: result (id, from, text); of files that were kept: artefacts, \
                      artefact (id, from), keep_artefact (name, text), verify_artefacts (id), delete_artefact (id)",
            arguments: arguments(),
            class: None,
            needs: &[],
            tier: Tier::Looks,
            idempotent: true,
        };
        Self { manifest, memory }
    }
}

fn arguments() -> Value {
    let text = |most: usize| json!({"type": "string", "maxLength": most});
    let actions = [
        "add",
        "search",
        "show",
        "edit",
        "forget",
        "facts",
        "set_fact",
        "forget_fact",
        "context",
        "write_context",
        "describe",
        "expand",
        "grep",
        "result",
        "artefacts",
        "artefact",
        "keep_artefact",
        "verify_artefacts",
        "delete_artefact",
    ];
    json!({
        "type": "object", "required": ["action"], "additionalProperties": false,
        "properties": {
            "action": {"enum": actions},
            "text": text(limits::MEMORY_TEXT_BYTES),
            "query": text(limits::QUESTION_BYTES),
            "id": text(64),
            "key": text(limits::MEMORY_NAME_BYTES),
            "value": text(limits::MEMORY_TEXT_BYTES),
            "area": {"enum": ["main", "fragments", "solutions", "instruments"]},
            "sector": {"enum": ["episodic", "semantic", "procedural", "reflective"]},
            "limit": {"type": "integer", "minimum": 1, "maximum": limits::MEMORY_ANSWERS},
            "append": {"type": "boolean"},
            "session": text(limits::MEMORY_NAME_BYTES),
            "name": text(100),
            "node": text(32),
            "from": {"type": "integer", "minimum": 0}
        }
    })
}

impl Tool for MemoryTool {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn tier(&self, arguments: &Value) -> Tier {
        match Wish::parse(arguments) {
            Ok(wish) if wish.destroys() => Tier::Risky,
            Ok(wish) if wish.writes() => Tier::Changes,
            _ => self.manifest.tier,
        }
    }

    fn recorded(&self, arguments: &Value) -> Value {
        let mut kept = json!({"action": arguments.get("action"), "id": arguments.get("id")});
        for key in ["text", "query", "value"] {
            if let Some(text) = arguments.get(key).and_then(Value::as_str) {
                kept[key] = json!(format!("{} bytes", text.len()));
            }
        }
        kept
    }

    fn prepare(&self, _arguments: &Value) -> Result<Job, Fault> {
        Err(Fault::new(Code::Refused, "memory is used on somebody's behalf only"))
    }

    fn prepare_for(&self, arguments: &Value, principal: &Principal) -> Result<Job, Fault> {
        let wish = Wish::parse(arguments).map_err(|why| Fault::new(Code::BadInput, why))?;
        let (memory, person, known) = (self.memory.clone(), principal.person().to_owned(), principal.is_known());
        let doing = async move {
            let speaker = Speaker { person: &person, known, session: "" };
            let done = memory.fulfil(&speaker, wish).await.map_err(Fault::from)?;
            Ok(vec![Outcome::Text(done.to_string())])
        };
        let finish = |outcomes: Vec<Outcome>| match outcomes.first() {
            Some(Outcome::Text(text)) => {
                serde_json::from_str(text).map_err(|error| Fault::new(Code::Garbage, error.to_string()))
            }
            other => Err(Fault::new(Code::Garbage, format!("memory answered {other:?}"))),
        };
        Ok(Job { run: Run::Inside(Box::pin(doing)), finish: Box::new(finish) })
    }
}
