//! Browsers on other origins: which may call the service.

use std::{env, str::FromStr};

use axum::{
    Router,
    http::{HeaderName, HeaderValue, Method},
};
use dekigoto_http::cors::{EXPOSED_HEADERS, METHODS, PREFLIGHT_AGE_MAX, REQUEST_HEADERS};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// The origins whose browser code may call the service, as the parameter `AllowedOrigins` of a deployed stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Vec<HeaderValue>);

/// A text is not an origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "ALLOWED_ORIGINS has {0:?}, which is not an origin. Write origins such as http://127.0.0.1:5173, with commas between \
     them and without a path, or * for all"
)]
pub struct NotAnOrigin(String);

impl Origins {
    /// The origins in `ALLOWED_ORIGINS`. None if it is not set.
    ///
    /// # Errors
    /// [`NotAnOrigin`].
    #[expect(clippy::disallowed_methods, reason = "the environment is read once, at start")]
    pub fn from_env() -> Result<Self, NotAnOrigin> {
        env::var("ALLOWED_ORIGINS").unwrap_or_default().parse()
    }

    /// Answers preflight requests in front of this router, and lets the browsers of these origins read its answers.
    pub fn before(self, router: Router) -> Router {
        if self.0.is_empty() {
            return router;
        }
        let is_open = self.0.iter().any(|origin| origin == "*");
        let origins = if is_open { AllowOrigin::any() } else { AllowOrigin::list(self.0) };
        let names = |names: &[&'static str]| -> Vec<HeaderName> {
            names.iter().map(|name| HeaderName::from_static(name)).collect()
        };
        let methods: Vec<Method> = METHODS.iter().filter_map(|name| name.parse().ok()).collect();
        router.layer(
            CorsLayer::new()
                .allow_origin(origins)
                .allow_methods(methods)
                .allow_headers(names(REQUEST_HEADERS))
                .expose_headers(names(EXPOSED_HEADERS))
                .max_age(PREFLIGHT_AGE_MAX),
        )
    }
}

impl FromStr for Origins {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let origins = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        origins.map(origin).collect::<Result<_, _>>().map(Self)
    }
}

fn origin(text: &str) -> Result<HeaderValue, NotAnOrigin> {
    let not_one = || NotAnOrigin(text.to_owned());
    let host = text.split_once("://").map(|(_, host)| host);
    let is_origin = host.is_some_and(|host| !host.is_empty() && !host.contains('/'));
    if text != "*" && !is_origin {
        return Err(not_one());
    }
    HeaderValue::from_str(text).map_err(|_| not_one())
}

#[cfg(test)]
mod tests {
    use super::{NotAnOrigin, Origins};

    #[test]
    fn origins_have_commas_between_them() {
        let origins: Origins = " http://127.0.0.1:5173, https://shop.example ,".parse().unwrap();
        assert_eq!(origins.0, ["http://127.0.0.1:5173", "https://shop.example"]);
        assert_eq!("".parse(), Ok(Origins::default()));
        for wrong in ["shop.example", "https://shop.example/", "https://", "https://a\u{7}b"] {
            assert_eq!(wrong.parse::<Origins>(), Err(NotAnOrigin(wrong.to_owned())));
        }
    }
}
