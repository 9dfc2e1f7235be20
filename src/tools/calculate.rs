//! Tool `calculate`: arithmetic, done in a pure hand.

use serde_json::{Value, json};

use super::arguments::{only, text};
use crate::base::limits::EXPRESSION_BYTES;
use crate::base::{Code, Fault};
use crate::gate::{EVERY_HAND, Job, Manifest, Run, Tier, Tool};
use crate::sandbox::Class;
use crate::wire::hand::{Outcome, Work};

/// See the module.
#[derive(Debug)]
pub struct Calculate {
    manifest: Manifest,
}

impl Default for Calculate {
    fn default() -> Self {
        let manifest = Manifest {
            name: "calculate",
            purpose: "Value of an arithmetic expression: + - * / % ^ and parentheses",
            arguments: json!({
                "type": "object", "required": ["expression"], "additionalProperties": false,
                "properties": {"expression": {"type": "string", "maxLength": EXPRESSION_BYTES}}
            }),
            class: Some(Class::Pure),
            needs: EVERY_HAND,
            tier: Tier::Looks,
            idempotent: true,
        };
        Self { manifest }
    }
}

impl Tool for Calculate {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn prepare(&self, arguments: &Value) -> Result<Job, Fault> {
        only(arguments, &["expression"])?;
        let expression = text(arguments, "expression")?;
        if expression.len() > EXPRESSION_BYTES {
            let message = format!("an expression has at most {EXPRESSION_BYTES} bytes, this one {}", expression.len());
            return Err(Fault::new(Code::BadInput, message));
        }
        let work = vec![Work::Evaluate { expression: expression.to_owned() }];
        let finish = Box::new(|outcomes: Vec<Outcome>| match outcomes.first() {
            Some(Outcome::Number(value)) => Ok(json!({"value": value})),
            other => Err(Fault::new(Code::Garbage, format!("calculate answered {other:?}"))),
        });
        Ok(Job { run: Run::Once { class: Class::Pure, descriptors: Vec::new(), work }, finish })
    }
}
