//! Turns the rules of a class into a seccomp filter and puts it in force.
//!
//! seccomp(2). A call outside the rules ends the process; the spawner sees SIGSYS and says so.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use super::SandboxFault;
use super::policy::{Argument, Class, rules};

/// The filter of a class for this processor.
///
/// # Errors
/// [`SandboxFault::NoFilter`] where seccompiler does not know the processor.
pub(super) fn compile(class: Class) -> Result<BpfProgram, SandboxFault> {
    let arch = std::env::consts::ARCH.try_into().map_err(no_filter)?;
    let mut by_number: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for rule in rules(class) {
        #[allow(clippy::useless_conversion, reason = "c_long is 32 bits wide on some targets")]
        let alternatives = by_number.entry(i64::from(rule.number)).or_default();
        if !rule.when.is_empty() {
            let conditions = rule.when.iter().map(condition).collect::<Result<_, _>>()?;
            alternatives.push(SeccompRule::new(conditions).map_err(no_filter)?);
        }
    }
    SeccompFilter::new(by_number, SeccompAction::KillProcess, SeccompAction::Allow, arch)
        .and_then(TryInto::try_into)
        .map_err(no_filter)
}

/// Puts a filter in force on this process, which must have one thread. It cannot be taken off again.
///
/// # Errors
/// The answer of seccomp(2).
pub(super) fn enforce(program: &BpfProgram) -> Result<(), SandboxFault> {
    seccompiler::apply_filter(program).map_err(no_filter)
}

fn condition(argument: &Argument) -> Result<SeccompCondition, SandboxFault> {
    let (index, operator, value) = match *argument {
        Argument::Is(index, value) => (index, SeccompCmpOp::Eq, value),
        Argument::Without(index, bits) => (index, SeccompCmpOp::MaskedEq(u64::from(bits)), 0),
    };
    SeccompCondition::new(index, SeccompCmpArgLen::Dword, operator, u64::from(value)).map_err(no_filter)
}

fn no_filter(error: impl std::fmt::Display) -> SandboxFault {
    SandboxFault::NoFilter(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_a_filter_within_the_kernels_length() {
        for class in Class::ALL {
            let program = compile(class).expect("a filter");
            assert!((20..4096).contains(&program.len()), "{}: {}", class.word(), program.len());
        }
    }
}
