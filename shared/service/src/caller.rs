//! The callers of this service. Orders belong to customers.

use orders::CustomerId;

/// A caller of this service.
pub type Caller = dekigoto_http::Caller<CustomerId>;

/// A command of a caller.
pub(crate) type Call = dekigoto_http::Call<CustomerId>;
