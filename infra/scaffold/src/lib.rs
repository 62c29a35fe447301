//! Writes new services, aggregates and views that stand on the kit.
//!
//! What is written comes from the folder `templates`: the files are what a user gets, with `__name__` where a name stands.

mod edit;
mod name;
mod new_service;
mod parts;

pub use name::Name;
pub use new_service::new_service;
pub use parts::Service;
