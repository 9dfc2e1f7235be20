//! Every cap of the system in one place.
//!
//! A queue, buffer, retry, loop, file or table that can grow has its bound here; reaching it is an
//! event with a name, never a crash and never a silent loss.

use std::time::Duration;

/// Longest text that a person or a machine may say in one turn, in bytes.
pub const TEXT_BYTES: usize = 16 * 1024;
/// Longest line read from a console or the admin socket before it is refused and skipped, in bytes.
pub const LINE_BYTES: usize = 64 * 1024;
/// Longest answer on the admin socket, in bytes.
pub const ANSWER_BYTES: usize = 1024 * 1024;
/// Admin connections at one time.
pub const ADMIN_CLIENTS: usize = 16;
/// Messages waiting for the agent, all channels together.
pub const INBOUND_QUEUE: usize = 64;
/// Answers waiting for one channel.
pub const OUTBOUND_QUEUE: usize = 64;

/// Largest message on a socket between two of our processes, in bytes.
pub const PACKET_BYTES: usize = 128 * 1024;
/// Descriptors in one message; the kernel's own bound is 253 (SCM_MAX_FD).
pub const PACKET_DESCRIPTORS: usize = 128;
/// Tables in one FlatBuffer before the verifier refuses it.
pub const PACKET_TABLES: usize = 256;
/// Nesting in one FlatBuffer before the verifier refuses it.
pub const PACKET_DEPTH: usize = 8;

/// Hands alive at one time, long-lived ones included.
pub const HANDS: usize = 16;
/// Time that a single-use hand has, from fork to reply.
pub const HAND_WALL: Duration = Duration::from_secs(5);
/// Processor time of a single-use hand, in seconds.
pub const HAND_CPU_SECONDS: u64 = 4;
/// Address space of a hand, in bytes.
pub const HAND_MEMORY_BYTES: u64 = 512 * 1024 * 1024;
/// Time that the long-lived line holder has for one answer.
pub const LINE_DEADLINE: Duration = Duration::from_secs(2);
/// Restarts of a long-lived hand within [`HAND_RESTART_WINDOW`] before it stays down.
pub const HAND_RESTARTS: usize = 5;
/// The window of [`HAND_RESTARTS`].
pub const HAND_RESTART_WINDOW: Duration = Duration::from_secs(60);

/// Largest file that the file tools read or write whole, in bytes.
pub const FILE_BYTES: u64 = 1024 * 1024;
/// Longest path inside the workspace, in bytes.
pub const PATH_BYTES: usize = 1024;
/// Longest arithmetic expression, in bytes.
pub const EXPRESSION_BYTES: usize = 512;
/// Largest arguments of one tool call, as JSON bytes.
pub const ARGUMENT_BYTES: usize = 64 * 1024;

/// Entities in one home.
pub const ENTITIES: usize = 2_000;
/// Timers of one home.
pub const TIMERS: usize = 200;
/// Items on one list.
pub const LIST_ITEMS: usize = 2_000;
/// Words of a sentence that are looked at; a longer one is not understood.
pub const SENTENCE_WORDS: usize = 120;
/// Areas in one home.
pub const AREAS: usize = 256;
/// Tool calls in one turn.
pub const CALLS_PER_TURN: usize = 64;

/// Requests waiting for the store's thread.
pub const STORE_QUEUE: usize = 256;
/// Longest time that a grouped write waits for its commit.
pub const GROUP_COMMIT: Duration = Duration::from_millis(500);

/// Largest configuration, home or board file, in bytes.
pub const CONFIG_BYTES: u64 = 1024 * 1024;
/// Log bytes kept on disk before the older half is dropped.
pub const LOG_BYTES: u64 = 1024 * 1024;
/// Longest log line, in bytes; longer ones are cut.
pub const LOG_LINE_BYTES: usize = 4 * 1024;
