//! Writes new services, aggregates, views and policies on the kit.
//!
//! The folder `templates` has the files of the user, with `__name__` in place of the name.

mod edit;
mod name;
mod new_service;
mod parts;
mod policies;

pub use name::Name;
pub use new_service::new_service;
pub use parts::Service;
