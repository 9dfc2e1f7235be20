//! Tool `time_now`: the civil time in a zone, told by a pure hand.

use serde_json::{Value, json};

use super::arguments::{only, optional_text};
use crate::base::{Clock, Code, Fault};
use crate::gate::{EVERY_HAND, Job, Manifest, Run, Tier, Tool};
use crate::sandbox::Class;
use crate::wire::hand::{Outcome, Work};

/// See the module.
#[derive(Debug)]
pub struct TimeNow {
    manifest: Manifest,
    clock: Clock,
    zone: String,
}

impl TimeNow {
    /// Tells time by `clock`, in `zone` (IANA) where a call names none.
    #[must_use]
    pub fn new(clock: Clock, zone: &str) -> Self {
        let manifest = Manifest {
            name: "time_now",
            purpose: "Date, time and weekday now, here or in an IANA time zone",
            arguments: json!({
                "type": "object", "additionalProperties": false,
                "properties": {"zone": {"type": "string", "maxLength": 64}}
            }),
            class: Some(Class::Pure),
            needs: EVERY_HAND,
            tier: Tier::Looks,
            idempotent: true,
        };
        Self { manifest, clock, zone: zone.to_owned() }
    }
}

impl Tool for TimeNow {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn prepare(&self, arguments: &Value) -> Result<Job, Fault> {
        only(arguments, &["zone"])?;
        let zone = optional_text(arguments, "zone")?.unwrap_or(&self.zone).to_owned();
        let work = vec![Work::TellTime { zone: zone.clone(), unix_ms: self.clock.wall_ms() }];
        let finish = Box::new(move |outcomes: Vec<Outcome>| match outcomes.first() {
            Some(Outcome::Text(time)) => Ok(json!({"time": time, "zone": zone})),
            other => Err(Fault::new(Code::Garbage, format!("time_now answered {other:?}"))),
        });
        Ok(Job { run: Run::Once { class: Class::Pure, descriptors: Vec::new(), work }, finish })
    }
}
