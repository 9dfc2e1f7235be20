//! What is read of each table of a damaged file, in the shapes that it had, and how it is written.

/// A table whose rows have a whole number as key.
pub(super) struct Table {
    /// One page of rows behind ?1, the key first; ?2 is the most.
    pub(super) read: &'static str,
    /// One row; as many values as `read` has columns.
    pub(super) write: &'static str,
    /// Columns that hold text, by their place in `read`.
    pub(super) texts: &'static [usize],
}

/// Every text as bytes, also where damage made a text of a number: libsql panics at one that is no UTF-8.
macro_rules! table {
    ($table:literal, $key:literal, [$($column:literal),+], $texts:expr) => {
        Table {
            read: concat!(
                "SELECT ", $key, $(table!(cell $column),)+
                " FROM ", $table, " WHERE ", $key, " > ?1 ORDER BY ", $key, " LIMIT ?2"
            ),
            write: concat!(
                "INSERT OR IGNORE INTO ", $table, " (", $key, $(", ", $column,)+
                ") VALUES (?", $(table!(mark $column),)+ ")"
            ),
            texts: &$texts,
        }
    };
    (cell $column:literal) => {
        concat!(", iif(typeof(", $column, ") = 'text', CAST(", $column, " AS BLOB), ", $column, ")")
    };
    (mark $column:literal) => {
        ", ?"
    };
}

/// Each table as the newest version has it, then as older ones had it.
#[rustfmt::skip]
pub(super) const TABLES: [&[Table]; 8] = [
    &[table!("sessions", "id", ["key", "principal", "channel", "created_ms", "touched_ms"], [1, 2, 3])],
    &[table!("messages", "seq", ["id", "session", "role", "text", "trace", "at_ms"], [3, 4])],
    &[
        table!("audit", "seq", ["at_ms", "call", "tool", "principal", "trace", "args", "decision", "reason",
            "outcome", "detail", "took_us", "place", "link"], [3, 4, 6, 7, 8, 10]),
        // Before the chain.
        table!("audit", "seq", ["at_ms", "call", "tool", "principal", "trace", "args", "decision", "reason",
            "outcome", "detail", "took_us"], [3, 4, 6, 7, 8, 10]),
    ],
    &[table!("audit_cut", "one", ["place", "link", "at_ms"], [])],
    &[
        table!("memories", "seq", ["id", "ref", "person", "chat", "area", "sector", "class", "text", "speaker",
            "session", "source", "language", "said_ms", "day", "stored_ms", "expires_ms", "held", "importance",
            "replaced_by", "hash"], [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14]),
        MEMORIES_OF_2,
    ],
    &[table!("facts", "seq", ["person", "key", "value", "source", "at_ms"], [1, 2, 3, 4])],
    &[
        table!("timers", "seq", ["id", "principal", "session", "name", "due_ms", "at_ms", "area", "span_s",
            "command", "reminder", "held_s"], [2, 3, 4, 7, 9]),
        table!("timers", "seq", ["id", "principal", "session", "name", "due_ms", "at_ms"], [2, 3, 4]),
    ],
    &[table!("list_items", "seq", ["id", "principal", "list", "text", "at_ms", "done_ms"], [2, 3, 4])],
];

/// As migration 4 brings them up.
const MEMORIES_OF_2: Table = Table {
    read: "SELECT seq, id, at_ms, iif(typeof(text) = 'text', CAST(text AS BLOB), text),
        iif(typeof(source) = 'text', CAST(source AS BLOB), source), CAST(coalesce(language, '') AS BLOB)
        FROM memories WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    write: "INSERT OR IGNORE INTO memories (seq, id, said_ms, text, source, language, stored_ms, person, chat, area,
        sector, class, speaker, session, day, held, importance, hash)
        SELECT seq, id, at_ms, text, source, language, at_ms, '', '', 'main', 'episodic', 'internal', '', '', '', 0,
        0.5, randomblob(16) FROM
        (SELECT ? AS seq, ? AS id, ? AS at_ms, ? AS text, ? AS source, ? AS language)",
    texts: &[3, 4, 5],
};
