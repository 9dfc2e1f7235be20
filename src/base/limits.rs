//! Every cap of the system in one place.
//!
//! A queue, buffer, retry, loop, file or table that can grow has its bound here; reaching it is an
//! event with a name, never a crash and never a silent loss.

use std::time::Duration;

/// Longest text of one memory, in bytes; longer ones are cut into chunks.
pub const MEMORY_TEXT_BYTES: usize = 16 * 1024;
/// Longest text handed in as one memory, in bytes.
pub const MEMORY_RECORD_BYTES: usize = 1024 * 1024;
/// Longest name of a person, chat, speaker, session or source of a memory, in bytes.
pub const MEMORY_NAME_BYTES: usize = 256;
/// Rows that the words of one search may bring to be ranked, beyond those of its rarest word.
pub const SEARCH_CANDIDATES: i64 = 1_500;
/// Longest working context of an agent and person, in bytes: it is shown at every turn.
pub const CONTEXT_BYTES: usize = 4 * 1024;
/// Messages of a conversation that its levels are made of.
pub const TALK_MESSAGES: usize = 100_000;
/// Bytes of messages, or of a result, in one answer of «expand».
pub const EXPAND_BYTES: usize = 8 * 1024;
/// Places that one search of a conversation or result gives.
pub const GREP_PLACES: usize = 50;
/// Longest result of a tool that a model is shown whole, in bytes; a longer one is kept beside the conversation.
pub const OFF_LOAD_BYTES: usize = 8 * 1024;
/// Longest result that is kept so, in bytes.
pub const RESULT_BYTES: usize = 2 * 1024 * 1024;
/// All results that are kept so, in bytes; the oldest go first.
pub const RESULTS_BYTES: i64 = 16 * 1024 * 1024;
/// How much of such a result's beginning is shown, in bytes; of its end, half as much.
pub const PREVIEW_BYTES: usize = 1024;
/// Messages of a conversation that are read again after a start, for what «it» is.
pub const RESUME_MESSAGES: usize = 24;
/// How long ago they may have been said.
pub const RESUME_WITHIN: Duration = Duration::from_secs(24 * 3600);
/// Tokens of a model's prompt that shares are cut from, by four bytes each.
pub const PROMPT_TOKENS: usize = 6_000;
/// What must have been said since the last observation before the next, in tokens by four bytes each.
pub const OBSERVE_TOKENS: usize = 4_000;
/// Most of it that the observer is shown, in bytes.
pub const OBSERVE_BYTES: usize = 64 * 1024;
/// Size of a block of observations at which they are thinned, in tokens.
pub const REFLECT_TOKENS: usize = 1_500;
/// Most observations that stay then.
pub const OBSERVATIONS: usize = 40;
/// Artefacts that are kept.
pub const ARTEFACTS: usize = 1_000;
/// Largest artefact, in bytes.
pub const ARTEFACT_BYTES: u64 = 8 * 1024 * 1024;
/// All of them, in bytes.
pub const ARTEFACTS_BYTES: u64 = 128 * 1024 * 1024;
/// Bytes of one that go in one request or answer: as hexadecimal they fit into a line.
pub const ARTEFACT_PART: u64 = 24 * 1024;
/// Files of MEMORY/ that are indexed.
pub const FILES: usize = 500;
/// Folders in folders there.
pub const FILES_DEPTH: usize = 4;
/// Pieces of one such file.
pub const FILE_PIECES: usize = 800;
/// Largest of the files that a model is shown at every turn, in bytes.
pub const SHOWN_BYTES: u64 = 8 * 1024;
/// How long what was seen of files counts before they are looked at again.
pub const FILES_PAUSE: Duration = Duration::from_secs(1);
/// How often files are looked for while nobody asks.
pub const FILES_EVERY: Duration = Duration::from_secs(5);
/// Answers of searches that are held, in bytes.
pub const SEARCH_CACHE_BYTES: usize = 256 * 1024;
/// How long such an answer counts: age and ends of memories go on.
pub const SEARCH_CACHE_TIME: Duration = Duration::from_secs(30);
/// Lines of one import that say what replaced them.
pub const IMPORT_LINKS: usize = 100_000;
/// Answers of one search.
pub const MEMORY_ANSWERS: usize = 100;
/// How much of a question is read, in bytes.
pub const QUESTION_BYTES: usize = 4 * 1024;
/// Memories in one database; the least important go first, held ones never.
pub const MEMORIES: usize = 500_000;
/// Bytes of the texts of all memories; the least important go first, held ones never.
pub const MEMORY_BYTES: i64 = 128 * 1024 * 1024;
/// Bytes kept after which memory is held against its budget.
pub const MEMORY_GROWN: usize = 4 * 1024 * 1024;
/// How often it is held against its budget anyway, and what has ended is forgotten.
pub const MEMORY_TIDY: Duration = Duration::from_secs(3600);
/// Running time through which the wall clock must stand behind the end of a memory before it is deleted.
pub const ENDED_FOR: Duration = Duration::from_secs(7 * 86_400);
/// How long after the start it is looked for the first time.
pub const MEMORY_SETTLED: Duration = Duration::from_secs(5);
/// Records in one request of an import.
pub const MEMORY_BATCH: usize = 128;
/// Vectors held in memory on the smallest board; what more there are on any are read from flash at every question.
pub const RESIDENT_VECTORS: usize = 20_000;
/// Bytes of memory that a held vector takes, with what a filter looks at.
pub const VECTOR_BYTES: u64 = 450;
/// Megabytes of all processes with the model loaded and no vector held (measured: 44).
pub const PROCESSES_MB: u64 = 48;

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
/// Of [`INBOUND_QUEUE`], messages of one channel: a flood on one leaves room for the others.
pub const INBOUND_SHARE: usize = 32;
/// Turns at one time, each of another session; fewer than [`HANDS`], so that each can have one.
pub const TURNS: usize = 12;
/// Of [`TURNS`], turns of one channel: silent devices and slow models on one leave room for the others.
pub const TURNS_SHARE: usize = 6;
/// Answers waiting for one channel.
pub const OUTBOUND_QUEUE: usize = 64;
/// Commands remembered so that a redelivered one does not run again.
pub const RECENT_COMMANDS: usize = 512;
/// Time for which they are remembered.
pub const RECENT_WINDOW: Duration = Duration::from_secs(600);
/// Longest id that a speaker may give a command, in bytes.
pub const COMMAND_ID_BYTES: usize = 128;
/// Changes that a channel may be behind before it is told to look at everything again.
pub const NEWS_BEHIND: usize = 256;

/// Bytes waiting for the serial line before answers are dropped, with an event.
pub const SERIAL_WRITE_BYTES: usize = 64 * 1024;
/// Time in which the serial line must take a byte.
pub const SERIAL_STALL: Duration = Duration::from_secs(5);
/// Wait before a serial line that is not there is looked for again.
pub const SERIAL_AGAIN: Duration = Duration::from_secs(1);
/// Unreadable lines and frames in a row after which the line's speed is doubted.
pub const SERIAL_NOISE: u32 = 8;
/// Replies kept for a machine that asks again under the same id.
pub const SERIAL_REPLIES: usize = 8;

/// Largest MQTT packet, either way, in bytes.
pub const MQTT_PACKET_BYTES: usize = 64 * 1024;
/// Longest MQTT topic, in bytes.
pub const MQTT_TOPIC_BYTES: usize = 512;
/// MQTT messages waiting for the broker, in each of both lanes (commands and replies; telemetry).
pub const MQTT_QUEUE: usize = 1_000;
/// Bytes of topics and payloads in one lane.
pub const MQTT_QUEUE_BYTES: usize = 1024 * 1024;
/// MQTT messages sent and not yet acknowledged, either way. A 3.1.1 broker does not say how many it
/// takes: mosquitto takes 20 of QoS 2 where nothing is set, and loses what is over after its PUBREC.
pub const MQTT_INFLIGHT: u16 = 16;
/// Acknowledged MQTT messages whose acknowledgement may not have arrived; and QoS 2 messages not yet released.
pub const MQTT_UNSURE: usize = 1_024;
/// Topic aliases, either way (MQTT 5).
pub const MQTT_ALIASES: u16 = 32;
/// Encoded bytes waiting for the socket before no more are encoded.
pub const MQTT_WRITE_BYTES: usize = 64 * 1024;
/// Time for connecting, and again for the broker's greeting.
pub const MQTT_GREETING: Duration = Duration::from_secs(10);
/// Time in which the broker must take bytes that are written to it.
pub const MQTT_STALL: Duration = Duration::from_secs(20);
/// First and last wait before the next attempt to connect.
pub const MQTT_BACKOFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(60));
/// Time in which a device behind MQTT must report what it was told.
pub const MQTT_ANSWER: Duration = Duration::from_secs(2);
/// So often a line or a device that reports something else than it was told is told again.
pub const REPAIRS: u32 = 2;
/// Between reading something else back and telling it again: a relay bounces, a driver starts.
pub const REPAIR_WAIT: Duration = Duration::from_millis(100);
/// The same for a device behind a broker, which may be on its way there; within [`MQTT_ANSWER`] altogether.
pub const MQTT_REPAIR_WAIT: Duration = Duration::from_millis(500);
/// Orders on their way to the MQTT connection.
pub const MQTT_ORDERS: usize = 64;

/// Largest message on a socket between two of our processes, in bytes.
pub const PACKET_BYTES: usize = 128 * 1024;
/// Descriptors in one message; the kernel's own bound is 253 (SCM_MAX_FD).
pub const PACKET_DESCRIPTORS: usize = 128;
/// Tables in one FlatBuffer before the verifier refuses it.
pub const PACKET_TABLES: usize = 256;
/// Nesting in one FlatBuffer before the verifier refuses it.
pub const PACKET_DEPTH: usize = 8;

/// Largest message on the keeper's socket, either way, in bytes.
pub const KEEPER_BYTES: usize = 64 * 1024;
/// Connections that the keeper holds at one time.
pub const KEEPER_CLIENTS: usize = 16;
/// Time without a request after which the keeper ends a connection.
pub const KEEPER_IDLE: Duration = Duration::from_secs(60);
/// Time that one message may take from its first byte to its last.
pub const KEEPER_MESSAGE: Duration = Duration::from_secs(5);
/// Uids, other than its own and root's, that may talk to the keeper.
pub const KEEPER_UIDS: usize = 16;
/// Log lines about peers that the keeper writes in a minute.
pub const KEEPER_NOTES: u32 = 30;
/// Descriptors that the keeper may have open.
pub const KEEPER_DESCRIPTORS: u64 = 64;
/// Address space of the keeper, in bytes; Argon2 needs some of it.
pub const KEEPER_MEMORY_BYTES: u64 = 512 * 1024 * 1024;
/// Largest file that the keeper may write, in bytes.
pub const KEEPER_FILE_BYTES: u64 = 16 * 1024 * 1024;
/// Secrets in one vault.
pub const VAULT_SECRETS: usize = 256;
/// Session keys enrolled in one vault.
pub const VAULT_PEERS: usize = 16;
/// Heads of the audit chain in a vault: the last record shown, and the last one cut off at its front.
pub const VAULT_HEADS: usize = 2;
/// Largest value of one secret, in bytes.
pub const VAULT_VALUE_BYTES: usize = 16 * 1024;
/// Largest vault file, in bytes.
pub const VAULT_FILE_BYTES: u64 = 8 * 1024 * 1024;
/// Longest text of a master key or passphrase, in bytes.
pub const MASTER_BYTES: usize = 1024;
/// Most memory that Argon2id may take, in KiB.
pub const ARGON2_KIB: u32 = 64 * 1024;
/// Most passes that Argon2id may take.
pub const ARGON2_PASSES: u32 = 16;
/// Time for which a session with the keeper holds.
pub const KEEPER_SESSION: Duration = Duration::from_secs(3600);
/// Time in which a ticket must be redeemed.
pub const TICKET_LIFE: Duration = Duration::from_secs(30);
/// Tickets bought and not redeemed yet.
pub const TICKETS: usize = 64;
/// Longest tool or host that a ticket names, in bytes.
pub const TICKET_TEXT_BYTES: usize = 253;

/// Time for finding a host's addresses and connecting to one of them.
pub const NET_CONNECT: Duration = Duration::from_secs(10);
/// Addresses of one host that are tried.
pub const NET_ADDRESSES: usize = 8;
/// Longest URL, in bytes.
pub const URL_BYTES: usize = 4 * 1024;
/// Addresses and networks that may be granted.
pub const LAN_GRANTS: usize = 64;
/// Longest body of a request, in bytes.
pub const NET_BODY_BYTES: usize = 4 * 1024 * 1024;
/// Headers of a request or an answer.
pub const NET_HEADERS: usize = 100;
/// All headers of a request or an answer, in bytes.
pub const NET_HEADER_BYTES: usize = 32 * 1024;
/// Largest piece of an answer that is passed on at once, in bytes.
pub const NET_CHUNK_BYTES: usize = 16 * 1024;
/// Most that is taken of an answer where the asker does not say, in bytes.
pub const NET_ANSWER_BYTES: u64 = 8 * 1024 * 1024;
/// Longest silence of a server, where the asker does not say.
pub const NET_IDLE: Duration = Duration::from_secs(60);
/// Redirects that are followed, each checked like the first URL.
pub const NET_REDIRECTS: u8 = 5;
/// Processor time of a net hand, in seconds: a handshake and what streams.
pub const NET_CPU_SECONDS: u32 = 60;
/// Time for one fetched page, redirects included.
pub const WEB_WALL: Duration = Duration::from_secs(30);
/// Text of a fetched page that a tool answers with, in bytes.
pub const WEB_TEXT_BYTES: usize = 64 * 1024;
/// Tickets, and so connections to the keeper, of one hand.
pub const HAND_TICKETS: u8 = 4;
/// Largest file of authorities or of a certificate (PEM), in bytes.
pub const PEM_BYTES: u64 = 512 * 1024;

/// Hands alive at one time, long-lived ones included.
pub const HANDS: usize = 16;
/// Time that a single-use hand has, from fork to reply.
pub const HAND_WALL: Duration = Duration::from_secs(5);
/// Processor time of a single-use hand, in seconds.
pub const HAND_CPU_SECONDS: u64 = 4;
/// Address space of a hand, in bytes.
pub const HAND_MEMORY_BYTES: u64 = 512 * 1024 * 1024;
/// Memory that a hand with all that it holds may really take where a control group counts it, in bytes.
pub const HAND_TREE_BYTES: u64 = 64 * 1024 * 1024;
/// Time that the long-lived line holder has for one answer.
pub const LINE_DEADLINE: Duration = Duration::from_secs(2);
/// Restarts of a long-lived hand within [`HAND_RESTART_WINDOW`] before it stays down.
pub const HAND_RESTARTS: usize = 5;
/// The window of [`HAND_RESTARTS`].
pub const HAND_RESTART_WINDOW: Duration = Duration::from_secs(60);

/// Changes of input lines that wait for the agent.
pub const EDGES: usize = 64;
/// Changes of one input line within [`EDGE_WINDOW`] after which it is looked at once a window only.
pub const EDGE_BURST: u32 = 100;
/// The window of [`EDGE_BURST`].
pub const EDGE_WINDOW: Duration = Duration::from_secs(10);

/// Time that the probe of the walls has: some 400 forks, which took an emulated 32-bit board more than a minute, and an
/// emulated RISC-V one on a busy machine more than five.
pub const PROBE_WALL: Duration = Duration::from_secs(1200);
/// First of the uids that hands take where the spawner may change uids; one for each place in [`HANDS`].
pub const HAND_UIDS: u32 = 64_800;
/// Time that a shell command has where it does not ask for less.
pub const SHELL_WALL: Duration = Duration::from_secs(30);
/// Output of a shell command that is kept, in bytes; a command that writes ten times as much is ended.
pub const SHELL_OUTPUT_BYTES: usize = 64 * 1024;
/// Processor time of all processes of a shell command together, those included that have ended.
pub const SHELL_CPU: Duration = Duration::from_secs(10);
/// Processes of one shell command at one time; its supervisor ends it with that reason.
pub const SHELL_PROCESSES: u64 = 64;
/// Processes at which the kernel makes no more for it, where the supervisor is too slow. Of the agent's whole uid
/// where there is no user namespace, which is why it is no tighter.
pub const SHELL_PROCESSES_HARD: u64 = 2 * SHELL_PROCESSES;
/// Address space of one process of a shell command, in bytes.
pub const SHELL_PROCESS_BYTES: u64 = 1024 * 1024 * 1024;
/// Memory of all processes of a shell command together, in bytes.
pub const SHELL_TREE_BYTES: u64 = 256 * 1024 * 1024;
/// Descriptors of one process of a shell command.
pub const SHELL_DESCRIPTORS: u64 = 256;
/// Largest file that a shell command may write, in bytes.
pub const SHELL_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// Private `/tmp` of a shell command, in bytes.
pub const SHELL_TMP_BYTES: u64 = 32 * 1024 * 1024;
/// Longest shell command, in bytes.
pub const COMMAND_BYTES: usize = 16 * 1024;
/// The lowest descriptor on which a command can be given a secret.
pub const SHELL_GIVEN_FIRST: i32 = 3;
/// The highest one: a POSIX shell can name one digit.
pub const SHELL_GIVEN_LAST: i32 = 9;

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
/// Areas in one home.
pub const AREAS: usize = 256;
/// Timers of one home.
pub const TIMERS: usize = 200;
/// Notices kept for people who are not there.
pub const NOTICES: usize = 64;
/// A command that was put off is carried out up to this much too late, after a power cut; later it is told only.
pub const LATE: Duration = Duration::from_secs(120);
/// How often the wall clock is looked at for timers of an earlier run.
pub const CLOCK_LOOK: Duration = Duration::from_secs(30);
/// Items on one list; as many as the store gives at once.
pub const LIST_ITEMS: usize = 1_000;
/// Words of a sentence that are looked at; a longer one is not understood.
pub const SENTENCE_WORDS: usize = 120;
/// Conversations kept in memory.
pub const SESSIONS: usize = 64;
/// Time in which a question waits for its «yes».
pub const CONFIRM_WITHIN: Duration = Duration::from_secs(60);
/// Tool calls in one turn.
pub const CALLS_PER_TURN: usize = 64;

/// Requests waiting for the store's thread.
pub const STORE_QUEUE: usize = 256;
/// Longest wait for room in that queue before the request is refused.
pub const STORE_WAIT: Duration = Duration::from_secs(2);
/// Longest time that a grouped write waits for its commit.
pub const GROUP_COMMIT: Duration = Duration::from_millis(500);
/// Grouped writes in one transaction before it is committed early.
pub const GROUP_WRITES: usize = 256;
/// Records kept in memory while the disk refuses writes; the oldest goes first, and is counted.
pub const STORE_RING: usize = 1_024;
/// Bytes of those records, about.
pub const STORE_RING_BYTES: usize = 1024 * 1024;
/// Time between two attempts to write again after the disk refused.
pub const STORE_RETRY: Duration = Duration::from_secs(5);
/// Time that a statement waits for a lock on the database before it fails.
pub const STORE_BUSY: Duration = Duration::from_secs(2);
/// Bytes that the store may write to flash in a day before it holds the unimportant in memory: four thousand turns.
pub const FLASH_DAY: u64 = 64 * 1024 * 1024;
/// Conversations kept on disk; the one that was used longest ago goes first, with its messages.
pub const KEPT_SESSIONS: i64 = 1_000;
/// Messages kept on disk; the oldest go first.
pub const KEPT_MESSAGES: i64 = 100_000;
/// Bytes of text of these messages.
pub const KEPT_MESSAGE_BYTES: i64 = 32 * 1024 * 1024;
/// Audit records kept on disk: a begin and an end for each call; an eighth of them goes at a time.
pub const KEPT_AUDIT: i64 = 200_000;
/// Bytes of text of these records.
pub const KEPT_AUDIT_BYTES: i64 = 64 * 1024 * 1024;
/// Audit records before the head that the keeper lets nobody cut off.
pub const AUDIT_LEFT: u64 = 10_000;
/// Bad places of one table of a damaged database that are jumped over before the rest of it is given up.
pub const SALVAGE_JUMPS: u32 = 1_000;
/// Time from the start until the rows are counted for the first time.
pub const TIDY_FIRST: Duration = Duration::from_secs(2);
/// Longest time between two looks whether a table is full.
pub const TIDY_EVERY: Duration = Duration::from_secs(600);
/// Writes after which the next look comes at once.
pub const TIDY_WRITES: usize = 1_000;
/// Time between two steps of a tidying.
pub const TIDY_PAUSE: Duration = Duration::from_millis(50);
/// Rows that one step deletes at most.
pub const TIDY_ROWS: i64 = 200;
/// Pages of memories that one look lets go; the next look goes on.
pub const TIDY_PAGES: usize = 256;
/// Largest database of which every page is read before the service is ready, in bytes: about 10 ms a MB on a PC.
pub const CHECK_AT_OPEN: u64 = 2 * 1024 * 1024;
/// Time without a request before the next table of a larger one is read.
pub const CHECK_PAUSE: Duration = Duration::from_millis(200);
/// Messages that wait for the word index before they are indexed together.
pub const SEARCH_BATCH: usize = 64;
/// Rows that one query of the store answers at most.
pub const STORE_ROWS: usize = 1_000;
/// Words of a search that are looked for; later ones are left out.
pub const SEARCH_WORDS: usize = 16;
/// Longest summary, reason or detail in an audit record, in bytes; longer ones are cut.
pub const AUDIT_TEXT_BYTES: usize = 1_024;
/// Longest stored message, in bytes; longer ones are refused.
pub const MESSAGE_BYTES: usize = 256 * 1024;
/// Longest state of one device, as JSON bytes.
pub const STATE_BYTES: usize = 16 * 1024;

/// Largest configuration, home or board file, in bytes.
pub const CONFIG_BYTES: u64 = 1024 * 1024;
/// Faults of one file that are told at one time.
pub const FAULTS: usize = 100;
/// Parents that a board file may have, one above the other.
pub const BOARD_DEPTH: usize = 8;
/// Board files in one folder.
pub const BOARD_FILES: usize = 256;
/// Log bytes kept on disk before the older half is dropped.
pub const LOG_BYTES: u64 = 1024 * 1024;
/// Lines of the log ring in memory.
pub const LOG_RING_LINES: usize = 256;
/// Bytes of the log ring in memory.
pub const LOG_RING_BYTES: usize = 64 * 1024;
/// Longest log line, in bytes; longer ones are cut.
pub const LOG_LINE_BYTES: usize = 4 * 1024;

/// Where the keeper listens, and where it is looked for, unless they are told otherwise.
pub const KEEPER_SOCKET: &str = "/run/hearth/keeper.sock";
/// Time from the start until the keeper is first shown the head of the audit chain.
pub const VOUCH_FIRST: Duration = Duration::from_secs(5);
/// Longest time that audit records are not vouched for by the keeper, while it answers.
pub const VOUCH_EVERY: Duration = Duration::from_secs(60);
/// Audit records in one piece of an export.
pub const EXPORT_ROWS: usize = 100;

/// Longest line of a model's stream, in bytes.
pub const MODEL_LINE_BYTES: usize = 128 * 1024;
/// Longest event of a model's stream, in bytes.
pub const MODEL_EVENT_BYTES: usize = 256 * 1024;
/// Longest answer of a model, in bytes.
pub const MODEL_ANSWER_BYTES: usize = 256 * 1024;
/// Longest question to a model, in bytes: the whole conversation.
pub const MODEL_BODY_BYTES: usize = 512 * 1024;
/// Most tools that a model may wish for at once.
pub const MODEL_WISHES: usize = 16;
/// Tries of one question.
pub const MODEL_TRIES: u32 = 3;
/// Pause before the second try; doubled before each later one.
pub const MODEL_BACKOFF: Duration = Duration::from_millis(500);
/// Longest text of one tool's result that a model is shown, in bytes.
pub const MODEL_RESULT_BYTES: usize = 16 * 1024;
/// Messages of a session that a model is shown.
pub const MODEL_HISTORY: usize = 20;
/// Thoughts at one time.
pub const THOUGHTS: usize = 4;
/// How often it is looked whether whoever waits for an answer is still there.
pub const PEER_CHECK: Duration = Duration::from_millis(200);
/// Longest text that is embedded, in bytes; what the model does not read of it is said.
pub const EMBED_TEXT_BYTES: usize = 16 * 1024;
/// Pieces of a text that the model reads, the two markers included.
pub const EMBED_TOKENS: usize = 256;
/// Texts in one request.
pub const EMBED_TEXTS: usize = 64;
/// Texts waiting on behalf of people, and on behalf of imports.
pub const EMBED_QUEUE: (usize, usize) = (64, 1024);
/// Texts given to the hand at once, and their bytes: a person waits for no more than this.
pub const EMBED_SLICE: (usize, usize) = (8, 1024);
/// Time that the hand has for one slice, its start included; a board without vector units is slow.
pub const EMBED_WALL: Duration = Duration::from_secs(60);
/// Time without a text after which the hand ends and gives its memory back.
pub const EMBED_IDLE: Duration = Duration::from_secs(30);
/// As [`EMBED_IDLE`], for the second hand of an import.
pub const EMBED_HELP_IDLE: Duration = Duration::from_secs(5);
/// Time that the vector of a question has, the start of the hand included; words answer alone after it.
pub const QUESTION_WALL: Duration = Duration::from_secs(3);
/// Memories that get their vectors at once.
pub const FILL_PAGE: usize = 24;
/// Time that the vectors of one page of memories have, behind all people; a command waits 120 s for two pages.
pub const FILL_WALL: Duration = Duration::from_secs(50);
/// From the start of a service to its first look for memories without a vector.
pub const FILL_START: Duration = Duration::from_secs(5);
/// Pause after vectors could not be made or kept.
pub const FILL_AGAIN: Duration = Duration::from_secs(60);
/// Largest model file, in bytes.
pub const EMBED_MODEL_BYTES: usize = 20 * 1024 * 1024;
/// Files that `hearth doctor` looks through for keys in plain text.
pub const PLAIN_FILES: usize = 500;
/// Largest of them, in bytes.
pub const PLAIN_BYTES: u64 = 256 * 1024;
/// Folders in folders there.
pub const PLAIN_DEPTH: usize = 4;
/// Finds that are told.
pub const PLAIN_FINDS: usize = 20;
