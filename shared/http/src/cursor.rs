//! Where a list goes on: opaque to clients, bound to its query and its caller, refused when altered.
//!
//! A cursor is a place in the list and a seal under a key that no client has.

use crate::{
    app::App,
    cursor_key::cursor_key,
    params::at,
    problem::Problem,
    seal::{Binding, Place, Sealed},
};

impl App {
    /// The cursor of a place. It fits only a list with the same binding: everything that the list depends on, such as
    /// caller, partition and filter.
    ///
    /// # Errors
    /// A problem when the key that seals cursors cannot be read.
    pub async fn cursor<P: Place>(&self, binding: &[&str], place: &P) -> Result<String, Problem> {
        Ok(Binding(binding).seal(cursor_key(self).await?, &place.to_bytes()))
    }

    /// The place of a cursor that the client sent as the parameter `cursor`.
    ///
    /// # Errors
    /// A problem when the cursor was altered, belongs to another list or caller, or the key cannot be read.
    pub async fn place<P: Place>(&self, binding: &[&str], cursor: &str) -> Result<P, Problem> {
        let refused = || at("cursor", "is not one of this list; start again without it");
        let sealed = Sealed::of::<P>(cursor).ok_or_else(refused)?;
        let place = Binding(binding).open(cursor_key(self).await?, &sealed);
        place.and_then(P::from_bytes).ok_or_else(refused)
    }
}
