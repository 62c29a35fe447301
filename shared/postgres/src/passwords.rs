//! Passwords that expire.

use async_trait::async_trait;
use dekigoto::Source;

/// Makes the password of each new connection, where it is a token that expires soon. Open connections outlast it.
#[async_trait]
pub trait Passwords: Send + Sync {
    /// The next password.
    ///
    /// # Errors
    /// When there is none now. The connection is tried again with the next call of a store.
    async fn next(&self) -> Result<String, Source>;
}
