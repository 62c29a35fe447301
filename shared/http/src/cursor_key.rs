//! The secret key of cursors: 32 random bytes in a row of the view table.
//!
//! It is not an environment variable, because everybody who may view a function may read its environment. The first
//! process that needs the key makes it with a conditional write, so all processes use the same key.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use dekigoto::{Host, Payload, Row, RowKey, ViewError, ViewStore};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    causes::unreadable_data,
    problem::{Kind, Problem},
    seal::CursorKey,
};

/// The row's partition. The template lets the api function write no other.
const PARTITION: &str = "cursor-key";

/// Times that the row is looked up. A process that loses the race to write it finds it the second time.
const LOOKUPS_MAX: u32 = 3;

/// The row's body.
#[derive(Serialize, Deserialize)]
struct Body {
    /// Base64 of the key's bytes.
    key: String,
}

/// The secret key. A process reads it once, when the first list needs it.
pub(crate) async fn cursor_key(app: &App) -> Result<&CursorKey, Problem> {
    if let Some(key) = app.cursor_key().get() {
        return Ok(key);
    }
    let key = find_or_make(&*app.ports().views, &*app.ports().host).await?;
    Ok(app.cursor_key().get_or_init(|| key))
}

async fn find_or_make(views: &dyn ViewStore, host: &dyn Host) -> Result<CursorKey, Problem> {
    let place = RowKey::new(PARTITION, "row");
    for _ in 0..LOOKUPS_MAX {
        let found = views.read(std::slice::from_ref(&place)).await?.pop().flatten();
        if let Some(row) = found {
            return key_in(&row);
        }
        let row = make(place.clone(), host)?;
        match views.write(std::slice::from_ref(&row)).await {
            Ok(()) => return key_in(&row),
            // Another process made one first.
            Err(ViewError::Conflict) => {}
            // The write may have succeeded all the same; the next request finds out.
            Err(error @ (ViewError::Unavailable(_) | ViewError::Broken(_))) => {
                return Err(error.into());
            }
        }
    }
    Err(ViewError::Unavailable("the cursor key appears and disappears".into()).into())
}

/// Reads the key from its row. A damaged key is an error and is not replaced: a new one would silently invalidate every
/// cursor.
fn key_in(row: &Row) -> Result<CursorKey, Problem> {
    // Drops the cause: it could repeat the secret.
    let bytes = row.body.read().ok().and_then(|Body { key }| URL_SAFE_NO_PAD.decode(key).ok());
    let key = bytes.and_then(|bytes| CursorKey::of(&bytes));
    key.ok_or_else(|| unreadable_data(format!("row {PARTITION} of the view table holds no key")))
}

fn make(key: RowKey, host: &dyn Host) -> Result<Row, Problem> {
    let (first, second) = (host.random(), host.random());
    if first == second {
        // A generator that repeats itself is not random, so the key could be guessed.
        let detail = "The service failed. Send the request again.";
        return Err(Problem::new(Kind::INTERNAL, detail).with_cause("randomness repeats itself"));
    }
    let bytes = [first.into_bytes(), second.into_bytes()].concat();
    let body =
        Payload::of(&Body { key: URL_SAFE_NO_PAD.encode(bytes) }).map_err(unreadable_data)?;
    Ok(Row { key, revision: 1, body, indexes: Default::default() })
}
