//! The key that cursors are sealed with: 32 random bytes in a row of the view table.
//!
//! It is no setting, because whoever may look at a function may read its environment. The process that needs it first
//! makes it, and the write succeeds only where none is yet: all processes end up with the same key, whoever was first.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use dekigoto::{Host, Payload, Row, RowKey, ViewError, ViewStore};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    causes::broken,
    problem::{Kind, Problem},
    seal::CursorKey,
};

/// The row's partition. It is the only one that the template lets the api function write.
const PARTITION: &str = "cursor-key";

/// Times that the row is looked for. Whoever loses the race to write it finds it the second time.
const LOOKS_MAX: u32 = 3;

/// What the row says.
#[derive(Serialize, Deserialize)]
struct Body {
    /// The key's bytes, as base64.
    key: String,
}

/// The key, read once in the life of a process and only when a list needs it.
pub(crate) async fn cursor_key(app: &App) -> Result<&CursorKey, Problem> {
    if let Some(key) = app.cursor_key.get() {
        return Ok(key);
    }
    let key = found_or_made(&*app.ports().views, &*app.ports().host).await?;
    Ok(app.cursor_key.get_or_init(|| key))
}

async fn found_or_made(views: &dyn ViewStore, host: &dyn Host) -> Result<CursorKey, Problem> {
    let place = RowKey::new(PARTITION, "row");
    for _ in 0..LOOKS_MAX {
        let found = views.read(std::slice::from_ref(&place)).await?.pop().flatten();
        if let Some(row) = found {
            return key_of(&row);
        }
        let row = made(place.clone(), host)?;
        match views.write(std::slice::from_ref(&row)).await {
            Ok(()) => return key_of(&row),
            // Somebody else has made one.
            Err(ViewError::Conflict) => {}
            // It may be there all the same. The next request will find it.
            Err(error @ (ViewError::Unavailable(_) | ViewError::Broken(_))) => {
                return Err(error.into());
            }
        }
    }
    Err(ViewError::Unavailable("the cursor key comes and goes".into()).into())
}

/// A key that is damaged is not replaced: every cursor that is out there would be refused without anybody knowing why.
fn key_of(row: &Row) -> Result<CursorKey, Problem> {
    // The cause of a failure could repeat what it could not read, and that is a secret.
    let bytes = row.body.read().ok().and_then(|Body { key }| URL_SAFE_NO_PAD.decode(key).ok());
    let key = bytes.and_then(|bytes| CursorKey::of(&bytes));
    key.ok_or_else(|| broken(format!("row {PARTITION} of the view table holds no key")))
}

fn made(key: RowKey, host: &dyn Host) -> Result<Row, Problem> {
    let (first, second) = (host.random(), host.random());
    if first == second {
        // A generator that repeats itself is not random, and a key that can be guessed is not a secret.
        let detail = "Something broke on our side. Send it again.";
        return Err(Problem::new(Kind::INTERNAL, detail).because("randomness repeats itself"));
    }
    let bytes = [first.into_bytes(), second.into_bytes()].concat();
    let body = Payload::of(&Body { key: URL_SAFE_NO_PAD.encode(bytes) }).map_err(broken)?;
    Ok(Row { key, revision: 1, body, indexes: Default::default() })
}
