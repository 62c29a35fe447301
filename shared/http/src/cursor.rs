//! Cursors of lists: opaque to clients, bound to one query and caller, and refused when altered.
//!
//! A cursor is a place in the list plus a seal under a secret key.

use crate::{
    app::App,
    cursor_key::cursor_key,
    params::bad_parameter,
    problem::Problem,
    seal::{Binding, Place, Sealed},
    texts,
};

impl App {
    /// Makes the cursor of a place. `binding` names everything that the list depends on, such as caller, partition and
    /// filter; the cursor is refused under another binding.
    ///
    /// # Errors
    /// A problem when the secret key cannot be read or made.
    pub async fn cursor<P: Place>(&self, binding: &[&str], place: &P) -> Result<String, Problem> {
        Ok(Binding(binding).seal(cursor_key(self).await?, &place.to_bytes()))
    }

    /// Reads the place from the query parameter `cursor`.
    ///
    /// # Errors
    /// A problem when the cursor was altered or belongs to another list or caller, or the secret key cannot be read.
    pub async fn place<P: Place>(&self, binding: &[&str], cursor: &str) -> Result<P, Problem> {
        let refused = || bad_parameter("cursor", texts::BAD_CURSOR);
        let sealed = Sealed::of::<P>(cursor).ok_or_else(refused)?;
        let place = Binding(binding).open(cursor_key(self).await?, &sealed);
        place.and_then(P::from_bytes).ok_or_else(refused)
    }
}
