//! Our own assembler of seccomp filters: short programs that search by halves, on every processor.
//!
//! Classic BPF over `struct seccomp_data` (seccomp(2), linux/filter.h). The tests make the same
//! programs with seccompiler, which does not know 32-bit ARM, and compare the verdicts of both.

use seccompiler::{BpfProgram, sock_filter};

use super::SandboxFault;
use super::policy::{Allowed, Arch, Argument, Otherwise};

/// BPF_LD | BPF_W | BPF_ABS.
const LOAD: u16 = 0x20;
/// BPF_JMP | BPF_JEQ | BPF_K.
const EQUAL: u16 = 0x15;
/// BPF_JMP | BPF_JGE | BPF_K.
const AT_LEAST: u16 = 0x35;
/// BPF_JMP | BPF_JA.
const JUMP: u16 = 0x05;
/// BPF_ALU | BPF_AND | BPF_K.
const AND: u16 = 0x54;
/// BPF_RET | BPF_K.
const RETURN: u16 = 0x06;

/// Offsets in `struct seccomp_data`; arguments are 64 bits wide, little-endian on all our processors.
const NUMBER: u32 = 0;
const ARCH: u32 = 4;
const ARGUMENTS: u32 = 16;

const RET_ALLOW: u32 = 0x7fff_0000;
const RET_ERRNO: u32 = 0x0005_0000;
const RET_KILL_PROCESS: u32 = 0x8000_0000;
const ENOSYS: u32 = 38;

/// Longest program that the kernel takes (BPF_MAXINSNS).
pub(super) const LONGEST: usize = 4096;

/// The program that lets `allowed` through and answers everything else with `otherwise`.
///
/// # Errors
/// [`SandboxFault::NoFilter`] where it would be longer than the kernel takes.
pub(super) fn assemble(allowed: &Allowed, otherwise: Otherwise, arch: Arch) -> Result<BpfProgram, SandboxFault> {
    let refuse = match otherwise {
        Otherwise::End => RET_KILL_PROCESS,
        Otherwise::NoSuchCall => RET_ERRNO | ENOSYS,
    };
    // Another processor's call means another table of numbers: it ends the process, always.
    let mut program = vec![load(ARCH), equal(audit(arch), 1, 0), give(RET_KILL_PROCESS), load(NUMBER)];
    program.extend(search(&ranges(allowed, refuse))?);
    if program.len() > LONGEST { Err(too_long()) } else { Ok(program) }
}

/// The calls from a number on, and what is done with them.
type Range = (u32, BpfProgram);

/// Numbers that are treated alike and follow one another, from 0 to the last.
fn ranges(allowed: &Allowed, refuse: u32) -> Vec<Range> {
    let mut ranges = vec![(0, vec![give(refuse)])];
    let mut begin = |from: u32, body: BpfProgram| match ranges.last_mut() {
        Some(last) if last.0 == from => last.1 = body,
        Some(last) if last.1 == body => {}
        _ => ranges.push((from, body)),
    };
    for (number, ways) in allowed {
        begin(*number, body(ways, refuse));
        begin(number.saturating_add(1), vec![give(refuse)]);
    }
    // What was refused between two neighbours has been written over; those that are alike now become one.
    ranges.dedup_by(|next, before| next.1 == before.1);
    ranges
}

/// A search by halves. The kernel runs the program for every call number when it is put in force, to keep those
/// that it allows whatever their arguments, and at each call for the others: a chain of comparisons took twice
/// the time of a hand's whole seal.
fn search(ranges: &[Range]) -> Result<BpfProgram, SandboxFault> {
    let (below, above) = ranges.split_at(ranges.len() / 2);
    let (Some((pivot, _)), false) = (above.first(), below.is_empty()) else {
        return Ok(ranges.first().map_or(Vec::new(), |(_, body)| body.clone()));
    };
    let (pivot, below, above) = (*pivot, search(below)?, search(above)?);
    let mut program = match u8::try_from(below.len()) {
        Ok(length) => vec![sock_filter { code: AT_LEAST, jt: length, jf: 0, k: pivot }],
        Err(_) => {
            let length = u32::try_from(below.len()).map_err(|_| too_long())?;
            let over = sock_filter { code: JUMP, jt: 0, jf: 0, k: length };
            vec![sock_filter { code: AT_LEAST, jt: 0, jf: 1, k: pivot }, over]
        }
    };
    program.extend(below);
    program.extend(above);
    Ok(program)
}

/// What follows the number of one call: each alternative tests its conditions and allows, or goes on to the next.
fn body(ways: &[&[Argument]], refuse: u32) -> Vec<sock_filter> {
    if ways.is_empty() {
        return vec![give(RET_ALLOW)];
    }
    let mut body = Vec::new();
    for way in ways {
        let mut tests = Vec::new();
        for argument in *way {
            let (index, mask, value) = match *argument {
                Argument::Is(index, value) => (index, None, value),
                Argument::Without(index, bits) => (index, Some(bits), 0),
                Argument::With(index, bits) => (index, Some(bits), bits),
            };
            tests.push(load(ARGUMENTS + 8 * u32::from(index)));
            tests.extend(mask.map(|bits| sock_filter { code: AND, jt: 0, jf: 0, k: bits }));
            // Where it does not hold: over the rest of this alternative, counted below.
            tests.push(equal(value, 0, 0));
        }
        tests.push(give(RET_ALLOW));
        let length = tests.len();
        for (place, test) in tests.iter_mut().enumerate().filter(|(_, test)| test.code == EQUAL) {
            test.jf = u8::try_from(length - place - 1).unwrap_or(u8::MAX);
        }
        body.extend(tests);
    }
    body.push(give(refuse));
    body
}

/// AUDIT_ARCH_* of linux/audit.h.
pub(super) const fn audit(arch: Arch) -> u32 {
    match arch {
        Arch::X86_64 => 0xC000_003E,
        Arch::Aarch64 => 0xC000_00B7,
        Arch::Riscv64 => 0xC000_00F3,
        Arch::Arm => 0x4000_0028,
    }
}

const fn load(offset: u32) -> sock_filter {
    sock_filter { code: LOAD, jt: 0, jf: 0, k: offset }
}

const fn equal(value: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code: EQUAL, jt, jf, k: value }
}

const fn give(verdict: u32) -> sock_filter {
    sock_filter { code: RETURN, jt: 0, jf: 0, k: verdict }
}

fn too_long() -> SandboxFault {
    SandboxFault::NoFilter(format!("it would be longer than {LONGEST} instructions"))
}

#[cfg(test)]
mod tests;
