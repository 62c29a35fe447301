//! The order service in one process, with a documentation page and a token issuer.

mod docs;
mod events;
#[cfg(feature = "jwt")]
mod tokens;

use std::{
    env::{self, VarError},
    str::FromStr,
};

use axum::{Extension, Router};
use dekigoto::Zone;
use dekigoto_local::{Buses, Stores, System};
use order_service::{CONTRACT, Caller, Fulfilment, InvalidSetting, service_with};

/// How callers authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMode {
    /// Not at all: every request is trusted.
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

/// The settings of the fulfilment of orders: `PAYMENT_SECONDS`, or half an hour, and `CONFIRMATION`, `automatic` or
/// `manual`.
///
/// # Errors
/// If a variable has another value.
#[expect(clippy::disallowed_methods, reason = "the environment is read once, at start")]
pub fn fulfilment() -> Result<Fulfilment, InvalidSetting> {
    let mut fulfilment = Fulfilment::default();
    if let Ok(text) = env::var("PAYMENT_SECONDS") {
        fulfilment = fulfilment.payment_seconds(&text)?;
    }
    if let Ok(text) = env::var("CONFIRMATION") {
        fulfilment = fulfilment.confirmation(&text)?;
    }
    Ok(fulfilment)
}

/// The settings of the order service.
#[derive(Default)]
pub struct Settings {
    /// The settings of the fulfilment of orders.
    pub fulfilment: Fulfilment,
    /// The business time zone.
    pub zone: Zone,
}

/// All routes of this process at this base URL: the API with authentication, the documentation page, the contract of the
/// events and, without tokens, the debug routes.
///
/// Must be called inside a tokio runtime.
pub fn app(
    mode: AuthMode,
    base_url: &str,
    stores: Stores,
    buses: &Buses,
    Settings { fulfilment, zone }: Settings,
) -> Router {
    let service = service_with(fulfilment).schemas_at(events::schema_base(base_url));
    let system = System::start(&service, stores, buses);
    let router = system.router(&service, &CONTRACT, zone);
    let app = docs::before(guarded(router, mode, base_url)).merge(events::routes(base_url));
    match mode {
        AuthMode::None => app.merge(system.debug_routes()).merge(system.console()),
        // The debug routes show all orders to everybody.
        #[cfg(feature = "jwt")]
        AuthMode::Jwt => app,
    }
}

/// Authenticates in front of the router, as API Gateway does. In mode `jwt`, also serves the token issuer.
#[cfg_attr(
    not(feature = "jwt"),
    expect(unused_variables, reason = "only the token issuer needs the base URL")
)]
fn guarded(router: Router, mode: AuthMode, base_url: &str) -> Router {
    match mode {
        AuthMode::None => router.layer(Extension(Caller::anonymous())),
        #[cfg(feature = "jwt")]
        AuthMode::Jwt => {
            tokens::tell(base_url);
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
