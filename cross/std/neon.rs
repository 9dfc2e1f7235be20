//! Adds two vectors with NEON, which ARMv6 does not have: where it is emulated rightly, this ends by SIGILL.

fn main() {
    // SAFETY: `vadd.i32 q0, q0, q0`, by its number since this target's assembler knows it not; no other register
    // is touched, and the two that make it up are told.
    unsafe { core::arch::asm!(".inst 0xf2200840", out("d0") _, out("d1") _) };
    println!("this processor has NEON");
}
