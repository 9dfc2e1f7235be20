//! Whether a call may be made: a table of rights and risk, looked at before anything happens.

use super::{Call, Manifest, Tier};
use crate::base::{Code, Fault};
use crate::bus::Rights;
use crate::store;

/// What the gate decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may be made.
    Allow,
    /// A person has to confirm it first.
    Ask(Fault),
    /// It is not made.
    Refuse(Fault),
}

impl Decision {
    /// What the begin record says.
    #[must_use]
    pub const fn recorded(&self) -> store::Decision {
        match self {
            Self::Allow => store::Decision::Allow,
            Self::Ask(_) => store::Decision::Ask,
            Self::Refuse(_) => store::Decision::Refuse,
        }
    }

    /// Why it was not allowed.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Allow => None,
            Self::Ask(fault) | Self::Refuse(fault) => Some(&fault.message),
        }
    }
}

/// Decides on a call whose own risk is `tier`.
#[must_use]
pub fn decide(manifest: &Manifest, tier: Tier, call: &Call<'_>) -> Decision {
    let tier = tier.max(manifest.tier);
    let least = match tier {
        Tier::Looks => Rights::Ask,
        Tier::Changes => Rights::Use,
        Tier::Risky => Rights::Own,
    };
    if call.principal.rights < least {
        let message = format!("{} may not use {}", call.principal.name, manifest.name);
        return Decision::Refuse(Fault::new(Code::Refused, message));
    }
    if tier == Tier::Risky && !call.confirmed {
        let message = format!("{} needs a confirmation", manifest.name);
        return Decision::Ask(Fault::new(Code::NeedsConfirmation, message));
    }
    Decision::Allow
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Clock, IdSource};
    use crate::bus::Principal;
    use crate::gate::EVERY_HAND;
    use crate::sandbox::Class;

    #[test]
    fn rights_risk_and_confirmation_decide() {
        let manifest = Manifest {
            name: "line_set",
            purpose: "",
            arguments: serde_json::Value::Null,
            class: Some(Class::Lines),
            needs: EVERY_HAND,
            tier: Tier::Changes,
            idempotent: true,
        };
        let trace = IdSource::after(Clock::system(), None).next();
        let table = [
            (Rights::Ask, Tier::Changes, false, "refuse"),
            (Rights::Use, Tier::Changes, false, "allow"),
            (Rights::Use, Tier::Looks, false, "allow"),
            (Rights::Use, Tier::Risky, true, "refuse"),
            (Rights::Own, Tier::Risky, false, "ask"),
            (Rights::Own, Tier::Risky, true, "allow"),
        ];
        for (rights, tier, confirmed, expected) in table {
            let principal = Principal { name: "p".into(), rights };
            let arguments = serde_json::Value::Null;
            let call = Call { tool: "line_set", arguments, principal: &principal, trace, confirmed };
            assert_eq!(decide(&manifest, tier, &call).recorded().word(), expected, "{rights:?} {tier:?} {confirmed}");
        }
    }
}
