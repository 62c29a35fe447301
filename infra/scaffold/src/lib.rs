//! Writes new services, aggregates and views on the kit.
//!
//! The folder `templates` has the files of the user, with `__name__` in place of the name.

mod edit;
mod name;
mod new_service;
mod parts;

pub use name::Name;
pub use new_service::new_service;
pub use parts::Service;
