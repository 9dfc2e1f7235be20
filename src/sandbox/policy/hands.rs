//! What hands may ask of the kernel: what every hand needs to live, and what each class adds.

use super::Argument::{Is, Without};
use super::{Rule, rule};

/// PROT_EXEC: mappings of a hand are never executable.
pub(super) const EXECUTABLE: u32 = 4;
/// `GPIO_V2_LINE_GET_VALUES_IOCTL`: `_IOWR(0xB4, 0x0E, struct gpio_v2_line_values)`, include/uapi/linux/gpio.h.
pub(super) const LINE_GET_VALUES: u32 = 0xC010_B40E;
/// `GPIO_V2_LINE_SET_VALUES_IOCTL`: `_IOWR(0xB4, 0x0F, struct gpio_v2_line_values)`, include/uapi/linux/gpio.h.
pub(super) const LINE_SET_VALUES: u32 = 0xC010_B40F;

/// `I2C_SMBUS` (include/uapi/linux/i2c-dev.h): a transfer with the address that the brain set. `I2C_SLAVE` and
/// `I2C_RDWR`, which name an address, are in no hand's table.
pub(super) const I2C_SMBUS: u32 = 0x0720;

/// What every process of ours needs to live: a socket, memory, the clock, an end.
pub(super) const LIFE: &[Rule] = &[
    rule!([recvmsg], "the next request on the one socket"),
    rule!([sendmsg], "the reply on it"),
    rule!([mmap, mmap2], when[Without(2, EXECUTABLE)], "the allocator's large blocks; never executable"),
    rule!([munmap], "gives blocks back"),
    rule!([mremap], "grows a large block"),
    rule!([madvise], "the allocator returns pages (glibc trim, musl free)"),
    rule!([brk], "the allocator's small blocks"),
    rule!([futex], "the allocator's and the standard library's locks"),
    rule!([futex_time64], Arm, "the same with 64-bit time"),
    rule!([clock_gettime], "time where the vdso has none (riscv64 and arm kernels without it)"),
    rule!([clock_gettime64], Arm, "the same with 64-bit time"),
    rule!([getrandom], "seeds of hash tables"),
    rule!([sigaltstack], "the standard library frees its signal stack at exit"),
    rule!([rt_sigprocmask], "abort and panic block signals"),
    rule!([rt_sigreturn], "return from a signal handler"),
    rule!([restart_syscall], "the kernel goes on with a wait after SIGSTOP and SIGCONT"),
    rule!([close], "drops a descriptor"),
    rule!([exit], "the end of a thread"),
    rule!([exit_group], "the end"),
];

/// Bytes of descriptors that the brain opened beneath the workspace.
pub(super) const FILES: &[Rule] = &[
    rule!([pread64], "reads at a place"),
    rule!([pwrite64], "writes at a place"),
    rule!([read], "reads on"),
    rule!([write], "writes on; an append descriptor has no place"),
    rule!([lseek, _llseek], "finds the end"),
    rule!([fstat, fstat64], "the size of what was opened"),
    rule!([statx], "the size of what was opened, as the standard library asks it"),
    rule!([ftruncate, ftruncate64], "cuts a file before it is written"),
];

/// Bytes of connected sockets that were handed over, and of certificates in files; no socket is made here.
pub(super) const STREAMS: &[Rule] = &[
    rule!([poll, ppoll], "waits for the peer, with a deadline"),
    rule!([ppoll_time64], Arm, "the same with 64-bit time"),
    rule!([recvfrom], "bytes of the peer and of the keeper"),
    rule!([sendto], "bytes to them"),
    rule!([recv, send], Arm, "the same in the older shape"),
    rule!([pread64], "authorities and certificates, as files"),
];

/// One model file, mapped for reading.
pub(super) const EMBED: &[Rule] = &[
    rule!([fstat, fstat64], "the size of the model"),
    rule!([statx], "the size of the model, as the standard library asks it"),
    rule!([riscv_hwprobe], "whether the processor has vectors, and so which kernels are used"),
];

/// Values of lines whose descriptors were handed over; requesting a line is not possible here.
pub(super) const LINES: &[Rule] = &[
    rule!([ioctl], when[Is(1, LINE_GET_VALUES)], "level of a GPIO line (uapi v2)"),
    rule!([ioctl], when[Is(1, LINE_SET_VALUES)], "drives a GPIO line (uapi v2)"),
    rule!([ioctl], when[Is(1, I2C_SMBUS)], "a register of the I2C device whose address was set before"),
    rule!([pread64], "reads a PWM duty, a reading or a simulated line"),
    rule!([pwrite64], "writes a PWM duty or a simulated line"),
];
