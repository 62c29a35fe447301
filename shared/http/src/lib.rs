#![doc = include_str!("../README.md")]

mod app;
mod body;
mod call;
mod caller;
mod causes;
mod condition;
mod contract;
pub mod cors;
mod cursor;
mod cursor_key;
mod faults;
mod fields;
mod headers;
mod kinds;
mod language;
mod layer;
pub mod limits;
mod params;
mod problem;
mod routes;
mod row;
mod seal;
mod texts;

pub use app::App;
pub use body::{Json, OptionalJson};
pub use call::{Call, StaffCall};
pub use caller::{Caller, Owner};
pub use causes::{bad_field, of_command, unreadable_data, unreadable_row};
pub use condition::Part;
pub use contract::Contract;
pub use fields::{Body, Fields, saturating_unsigned};
pub use headers::{IDEMPOTENCY_KEY, RequestId, etag, etag_of_two};
pub use language::Language;
pub use params::{Params, PathId, bad_parameter, malformed_request, path_text};
pub use problem::{FieldFault, Japanese, Kind, Problem, Subject};
pub use routes::{
    AddRoutes, Edge, OnlyServed, Routes, Served, Serves, Service, Unserved, no_routes,
};
pub use row::row_of;
pub use seal::{Place, cursor_bytes};
