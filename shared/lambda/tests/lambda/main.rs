//! What AWS delivers, taken apart: batches, stream records, identities, settings.

mod batches;
mod identities;
mod records;
mod settings;
