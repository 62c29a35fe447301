//! The whole system in one process: the same router, relay and projectors as in Lambda, with channels in place of
//! the stream, the topic and the queues.

mod docs;
pub mod show;
mod system;
#[cfg(feature = "jwt")]
mod tokens;

use std::{
    env::{self, VarError},
    str::FromStr,
};

use axum::{Extension, Router};
use order_service::Caller;

pub use system::{Inbox, System};

/// The port if `PORT` is not set.
const PORT_DEFAULT: u16 = 3000;

/// The port to listen on: `PORT`, or 3000. 0 takes any free port.
///
/// # Errors
/// A message, if `PORT` is not a port.
#[expect(clippy::disallowed_methods, reason = "the environment is read once, at start")]
pub fn port() -> Result<u16, String> {
    match env::var("PORT") {
        Ok(text) => text.parse().map_err(|_| format!("PORT is a number up to 65535, not {text:?}")),
        Err(_) => Ok(PORT_DEFAULT),
    }
}

/// How callers authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMode {
    /// They do not: every request is trusted.
    None,
    /// With a token of the local issuer.
    #[cfg(feature = "jwt")]
    Jwt,
}

impl FromStr for AuthMode {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "none" => Ok(Self::None),
            #[cfg(feature = "jwt")]
            "jwt" => Ok(Self::Jwt),
            #[cfg(not(feature = "jwt"))]
            "jwt" => {
                Err("AUTH_MODE=jwt needs the cargo feature jwt: AUTH_MODE=jwt make run".into())
            }
            other => Err(format!(
                "AUTH_MODE is none or jwt here, not {other:?}. Signed requests need AWS, or make deploy-local."
            )),
        }
    }
}

/// How callers authenticate: `AUTH_MODE`, or `none`.
///
/// # Errors
/// A message, if `AUTH_MODE` is not a mode of this process.
#[expect(clippy::disallowed_methods, reason = "the environment is read once, at start")]
pub fn auth_mode() -> Result<AuthMode, String> {
    match env::var("AUTH_MODE") {
        Ok(name) => name.parse(),
        Err(VarError::NotPresent) => Ok(AuthMode::None),
        Err(VarError::NotUnicode(_)) => "".parse(),
    }
}

/// Everything that this process serves on that base URL: the API with authentication, the documentation page, and
/// without tokens also the debug routes.
pub fn app(system: &System, mode: AuthMode, base_url: &str) -> Router {
    let app = guarded(system.router(), mode, base_url).merge(docs::routes());
    match mode {
        AuthMode::None => app.merge(system.debug_routes()),
        // The debug routes show everybody's orders to anybody.
        #[cfg(feature = "jwt")]
        AuthMode::Jwt => app,
    }
}

/// Authenticates in front of the router, as API Gateway does; in mode `jwt` also serves the token issuer.
#[cfg_attr(
    not(feature = "jwt"),
    expect(unused_variables, reason = "only the token issuer needs the base URL")
)]
fn guarded(router: Router, mode: AuthMode, base_url: &str) -> Router {
    match mode {
        AuthMode::None => router.layer(Extension(Caller::anonymous())),
        #[cfg(feature = "jwt")]
        AuthMode::Jwt => {
            show::tokens(base_url);
            tokens::guarded(router, base_url)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AuthMode;

    #[test]
    fn auth_mode_is_none_or_jwt() {
        assert_eq!("none".parse(), Ok(AuthMode::None));
        assert_eq!("jwt".parse::<AuthMode>().is_ok(), cfg!(feature = "jwt"));
        for name in ["", "iam", "JWT", "none "] {
            let error = name.parse::<AuthMode>().unwrap_err();
            assert!(error.contains("none or jwt"), "{error}");
        }
    }
}
