//! All limits of the kit. The compiler checks the relations between them.

/// DynamoDB's limit for one item: 400 KB, attribute names included.
pub const ITEM_BYTES_MAX: usize = 400 * 1024;

/// Events that one commit may hold. A decision with more events needs a batch job, not a command.
pub const EVENTS_PER_COMMIT_MAX: usize = 100;

/// Bytes of one event's payload. Twice as much still fits a 256 KiB SNS message or EventBridge entry.
pub const EVENT_BYTES_MAX: usize = 100 * 1024;

/// Bytes of all stored events of one commit.
pub const COMMIT_BYTES_MAX: usize = 256 * 1024;

/// Bytes of an embedded snapshot: state and remembered keys. A larger one is left out.
pub const SNAPSHOT_BYTES_MAX: usize = 64 * 1024;

/// Commits that the first read of a load asks for. One of so many carries a snapshot, while a snapshot costs at most one
/// more write unit.
pub const COMMITS_PER_FIRST_READ: u32 = 4;

/// Commits that one read of a load asks for if the newest commits hold no usable snapshot. This happens after
/// `SNAPSHOT_SCHEMA` was raised, until the stream's next commit with a snapshot.
pub const COMMITS_PER_LONG_READ: u32 = 1000;

/// Bytes of the rest of a commit: key, metadata and attribute names.
pub const COMMIT_OVERHEAD_BYTES_MAX: usize = 4 * 1024;

/// Command keys that a snapshot remembers, newest first. A load recognises a repeated command by them when it no longer
/// reads the command's commit.
pub const REMEMBERED_KEYS_MAX: usize = 32;

/// Writes of groups of rows that are under way at the same time.
pub const WRITES_AT_ONCE_MAX: usize = 32;

/// Bytes of an aggregate type's name.
pub const AGGREGATE_TYPE_BYTES_MAX: usize = 64;

/// Bytes of an aggregate's id.
pub const AGGREGATE_ID_BYTES_MAX: usize = 512;

/// Characters of a command key, the `Idempotency-Key` of HTTP.
pub const COMMAND_KEY_BYTES_MAX: usize = 255;

/// Bytes of an actor, a correlation id or a causation id.
pub const METADATA_TEXT_BYTES_MAX: usize = 256;

/// Bytes of a W3C trace context: version, trace, parent and flags in hexadecimal digits.
pub const TRACEPARENT_BYTES: usize = 55;

/// Messages in one `PublishBatch`, `PutEvents` or `SendMessageBatch` call.
pub const BUS_BATCH_MAX: usize = 10;

/// Bytes of all messages in one such call: the default limit of an SNS topic, which counts the whole batch.
pub const BUS_BATCH_BYTES_MAX: usize = 256 * 1024;

/// Events that are folded from the store for one row. A longer stream needs a rebuild of its view.
pub const EVENTS_PER_FOLD_MAX: usize = 10_000;

/// Rows of a list that are folded from the store in parallel, because the stored rows cannot be shown.
pub const FOLDS_AT_ONCE_MAX: usize = 8;

/// Rows that one read or one all-or-nothing write of a view store may name (the limit of a DynamoDB transaction).
pub const ROWS_PER_CALL_MAX: usize = 100;

const _: () = assert!(EVENT_BYTES_MAX <= COMMIT_BYTES_MAX);
const _: () = assert!(
    COMMIT_BYTES_MAX + SNAPSHOT_BYTES_MAX + COMMIT_OVERHEAD_BYTES_MAX < ITEM_BYTES_MAX,
    "the largest commit with the largest snapshot must fit an item"
);
const _: () = assert!(2 * EVENT_BYTES_MAX < BUS_BATCH_BYTES_MAX);
const _: () = assert!(
    AGGREGATE_TYPE_BYTES_MAX + 1 + AGGREGATE_ID_BYTES_MAX < 2048,
    "a DynamoDB partition key holds 2,048 bytes"
);
const _: () = assert!(
    3 * METADATA_TEXT_BYTES_MAX + COMMAND_KEY_BYTES_MAX + 1024 < COMMIT_OVERHEAD_BYTES_MAX
        && AGGREGATE_TYPE_BYTES_MAX + AGGREGATE_ID_BYTES_MAX < 1024
);
