//! Turns the table of a role into a seccomp filter and puts it in force on every thread.
//!
//! seccomp(2). seccompiler makes the program where it knows the processor, our own assembler elsewhere.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

use super::SandboxFault;
use super::assemble::assemble;
use super::policy::{self, Arch, Argument, Otherwise, Role};

/// A program ready to be put in force.
#[derive(Clone, Debug)]
pub(super) struct Filter(BpfProgram);

impl Filter {
    /// The filter of a role for this program's processor and C library.
    ///
    /// # Errors
    /// [`SandboxFault::NoFilter`] where there is no table of numbers for the processor.
    pub(super) fn of(role: Role) -> Result<Self, SandboxFault> {
        let arch = Arch::here().ok_or_else(|| no_filter(std::env::consts::ARCH))?;
        let glibc = cfg!(target_env = "gnu");
        if arch == Arch::Arm {
            let program = assemble(&policy::allowed(role, arch, glibc), role.otherwise(), arch)?;
            return Ok(Self(program));
        }
        by_seccompiler(role, arch, glibc).map(Self)
    }

    /// Instructions in it.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Puts it in force on all threads of this process (TSYNC). It cannot be taken off again.
    ///
    /// # Errors
    /// The answer of seccomp(2).
    pub(super) fn enforce(&self) -> Result<(), SandboxFault> {
        seccompiler::apply_filter_all_threads(&self.0).map_err(no_filter)
    }
}

/// The filter of a role, made by seccompiler.
///
/// # Errors
/// [`SandboxFault::NoFilter`] on 32-bit ARM, or with seccompiler's own.
pub(super) fn by_seccompiler(role: Role, arch: Arch, glibc: bool) -> Result<BpfProgram, SandboxFault> {
    let target = match arch {
        Arch::X86_64 => TargetArch::x86_64,
        Arch::Aarch64 => TargetArch::aarch64,
        Arch::Riscv64 => TargetArch::riscv64,
        Arch::Arm => return Err(no_filter("seccompiler does not know 32-bit ARM")),
    };
    let mut by_number: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for (number, ways) in policy::allowed(role, arch, glibc) {
        let rules = ways.into_iter().map(rule).collect::<Result<_, _>>()?;
        by_number.insert(i64::from(number), rules);
    }
    let otherwise = match role.otherwise() {
        Otherwise::End => SeccompAction::KillProcess,
        Otherwise::NoSuchCall => SeccompAction::Errno(libc::ENOSYS.unsigned_abs()),
    };
    SeccompFilter::new(by_number, otherwise, SeccompAction::Allow, target)
        .and_then(TryInto::try_into)
        .map_err(no_filter)
}

fn rule(when: &[Argument]) -> Result<SeccompRule, SandboxFault> {
    let conditions = when.iter().map(condition).collect::<Result<_, _>>()?;
    SeccompRule::new(conditions).map_err(no_filter)
}

fn condition(argument: &Argument) -> Result<SeccompCondition, SandboxFault> {
    let (index, operator, value) = match *argument {
        Argument::Is(index, value) => (index, SeccompCmpOp::Eq, value),
        Argument::Without(index, bits) => (index, SeccompCmpOp::MaskedEq(u64::from(bits)), 0),
        Argument::With(index, bits) => (index, SeccompCmpOp::MaskedEq(u64::from(bits)), bits),
    };
    SeccompCondition::new(index, SeccompCmpArgLen::Dword, operator, u64::from(value)).map_err(no_filter)
}

fn no_filter(error: impl std::fmt::Display) -> SandboxFault {
    SandboxFault::NoFilter(error.to_string())
}

#[cfg(test)]
mod every_number;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_a_filter_within_the_kernels_length() {
        for role in Role::ALL {
            let filter = Filter::of(role).expect("a filter");
            assert!((20..super::super::assemble::LONGEST).contains(&filter.len()), "{}: {}", role.word(), filter.len());
        }
    }
}
