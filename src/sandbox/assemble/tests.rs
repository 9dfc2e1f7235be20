//! Our programs beside seccompiler's: the same verdict for every call and every argument in the tables.

use std::collections::{BTreeMap, BTreeSet};

use seccompiler::{
    SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

use super::super::policy::{self, Role};
use super::*;

/// BPF_JMP with the other comparisons, BPF_ST/BPF_LDX: as far as seccompiler uses them.
fn run(program: &[sock_filter], data: &[u8; 64]) -> u32 {
    let word = |at: u32| {
        let at = usize::try_from(at).expect("an offset");
        u32::from_le_bytes(data[at..at + 4].try_into().expect("four bytes"))
    };
    let (mut accumulator, mut at) = (0_u32, 0_usize);
    loop {
        let step = &program[at];
        let mut skip = |yes: bool| at += usize::from(if yes { step.jt } else { step.jf });
        match step.code {
            LOAD => accumulator = word(step.k),
            AND => accumulator &= step.k,
            EQUAL => skip(accumulator == step.k),
            AT_LEAST => skip(accumulator >= step.k),
            0x25 => skip(accumulator > step.k),
            JUMP => at += usize::try_from(step.k).expect("a distance"),
            RETURN => return step.k,
            other => panic!("instruction {other:#x} is not known to this interpreter"),
        }
        at += 1;
    }
}

/// The filter of a role, made by seccompiler.
fn by_seccompiler(role: Role, arch: Arch, glibc: bool) -> BpfProgram {
    let target = match arch {
        Arch::X86_64 => TargetArch::x86_64,
        Arch::Aarch64 => TargetArch::aarch64,
        Arch::Riscv64 => TargetArch::riscv64,
        Arch::Arm => panic!("seccompiler does not know 32-bit ARM"),
    };
    let mut by_number: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for (number, ways) in policy::allowed(role, arch, glibc) {
        let rules = ways.into_iter().map(rule).collect();
        by_number.insert(i64::from(number), rules);
    }
    let otherwise = match role.otherwise() {
        Otherwise::End => SeccompAction::KillProcess,
        Otherwise::NoSuchCall => SeccompAction::Errno(libc::ENOSYS.unsigned_abs()),
    };
    SeccompFilter::new(by_number, otherwise, SeccompAction::Allow, target)
        .and_then(TryInto::try_into)
        .expect("a program")
}

fn rule(when: &[Argument]) -> SeccompRule {
    SeccompRule::new(when.iter().map(condition).collect()).expect("a rule")
}

fn condition(argument: &Argument) -> SeccompCondition {
    let (index, operator, value) = match *argument {
        Argument::Is(index, value) => (index, SeccompCmpOp::Eq, value),
        Argument::Without(index, bits) => (index, SeccompCmpOp::MaskedEq(u64::from(bits)), 0),
        Argument::With(index, bits) => (index, SeccompCmpOp::MaskedEq(u64::from(bits)), bits),
    };
    SeccompCondition::new(index, SeccompCmpArgLen::Dword, operator, u64::from(value)).expect("a condition")
}

fn data(number: u32, arch: u32, arguments: [u64; 6]) -> [u8; 64] {
    let mut data = [0; 64];
    data[..4].copy_from_slice(&number.to_le_bytes());
    data[4..8].copy_from_slice(&arch.to_le_bytes());
    for (place, argument) in arguments.iter().enumerate() {
        data[16 + 8 * place..24 + 8 * place].copy_from_slice(&argument.to_le_bytes());
    }
    data
}

/// Every value that a condition of the call looks for, its neighbours, and nonsense.
fn values(ways: &[&[Argument]]) -> Vec<[u64; 6]> {
    let mut interesting = BTreeSet::from([0, 1, u64::from(u32::MAX), u64::MAX, 0x1234_5678_9abc_def0]);
    let mut places = BTreeSet::from([0_u8]);
    for argument in ways.iter().copied().flatten() {
        let (Argument::Is(place, value) | Argument::Without(place, value) | Argument::With(place, value)) = *argument;
        places.insert(place);
        let value = u64::from(value);
        interesting.extend([value, value ^ 1, value.wrapping_add(1), value | 1 << 40, !value]);
    }
    let set = |place: u8, value: u64| {
        let mut arguments = [0; 6];
        arguments[usize::from(place)] = value;
        arguments
    };
    places.iter().flat_map(|place| interesting.iter().map(|value| set(*place, *value))).collect()
}

fn verdicts_agree(role: Role, arch: Arch, other: Option<&[sock_filter]>) {
    let allowed = policy::allowed(role, arch, true);
    let ours = assemble(&allowed, role.otherwise(), arch).expect("a program");
    let refused = match role.otherwise() {
        Otherwise::End => RET_KILL_PROCESS,
        Otherwise::NoSuchCall => RET_ERRNO | ENOSYS,
    };
    for number in (0..1024).chain([0x0f_0002, 0x0f_0005, 0x4000_0000, u32::MAX]) {
        for arguments in values(allowed.get(&number).map_or(&[], Vec::as_slice)) {
            let input = data(number, audit(arch), arguments);
            let verdict = run(&ours, &input);
            let expected = if policy::decide(&allowed, number, arguments) { RET_ALLOW } else { refused };
            assert_eq!(verdict, expected, "{} on {arch:?}: call {number} with {arguments:x?}", role.word());
            if let Some(other) = other {
                assert_eq!(run(other, &input), verdict, "{} on {arch:?}: call {number} {arguments:x?}", role.word());
            }
        }
    }
    let foreign = data(1, audit(if arch == Arch::Arm { Arch::X86_64 } else { Arch::Arm }), [0; 6]);
    assert_eq!(run(&ours, &foreign), RET_KILL_PROCESS, "a call of another processor");
}

#[test]
fn on_the_shared_processors_our_verdicts_are_seccompilers() {
    for arch in [Arch::X86_64, Arch::Aarch64, Arch::Riscv64] {
        for role in Role::ALL {
            let theirs = by_seccompiler(role, arch, true);
            verdicts_agree(role, arch, Some(&theirs));
        }
    }
}

#[test]
fn on_32_bit_arm_our_verdicts_are_the_tables() {
    for role in Role::ALL {
        verdicts_agree(role, Arch::Arm, None);
    }
}

#[test]
fn an_unjust_program_is_noticed() {
    let allowed = policy::allowed(Role::Hand(policy::Class::Pure), Arch::X86_64, true);
    let mut more = allowed.clone();
    more.insert(2, Vec::new());
    let unjust = assemble(&more, Otherwise::End, Arch::X86_64).expect("a program");
    let open = data(2, audit(Arch::X86_64), [0; 6]);
    assert_eq!(run(&unjust, &open), RET_ALLOW);
    let just = assemble(&allowed, Otherwise::End, Arch::X86_64).expect("a program");
    assert_eq!(run(&just, &open), RET_KILL_PROCESS);
}
