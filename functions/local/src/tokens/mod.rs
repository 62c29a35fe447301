//! Authentication with tokens, as with the JWT authorizer of API Gateway, and a local token issuer.

mod authorizer;
mod issuer;
mod rs256;

use std::sync::Arc;

use axum::{Router, middleware};

use authorizer::{Authorizer, authorize};
use issuer::Issuer;

/// Adds an authorizer in front of the router, and the routes of its issuer at this base URL.
pub(crate) fn guarded(router: Router, base_url: &str) -> Router {
    let issuer = Arc::new(Issuer::start(base_url));
    let authorizer = Arc::new(Authorizer::of(&issuer));
    router.layer(middleware::from_fn_with_state(authorizer, authorize)).merge(issuer.routes())
}

/// Explains how to get a token.
pub(crate) fn tell(url: &str) {
    eprintln!("Callers need a token. For a customer, or with -d scope=orders:staff for staff:");
    eprintln!("  token=$(curl -s {url}/local/token -d sub=c-42)");
    eprintln!("  curl '{url}/v1/orders?customerId=c-42' -H \"authorization: Bearer $token\"");
}

#[cfg(test)]
mod tests {
    use axum::{
        Extension,
        body::{Body, to_bytes},
        http::{Request, header},
        routing::get,
    };
    use order_service::{Caller, STAFF_SCOPE};
    use tower::ServiceExt as _;

    use super::*;

    const BASE: &str = "http://127.0.0.1:3000";

    /// A router that answers the caller.
    fn echo() -> Router {
        let actor = |caller: Option<Extension<Caller>>| async move {
            caller.map_or_else(|| "nobody".to_owned(), |Extension(caller)| format!("{caller:?}"))
        };
        Router::new().route("/", get(actor))
    }

    async fn text(app: &Router, request: Request<Body>) -> String {
        let answer = app.clone().oneshot(request).await.unwrap();
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        String::from_utf8(bytes.into()).unwrap()
    }

    async fn token(app: &Router, form: &str) -> String {
        let request = Request::post("/local/token")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        text(app, request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// The caller of a request with these headers.
    async fn caller(app: &Router, authorizations: &[&str]) -> String {
        let mut request = Request::get("/");
        for authorization in authorizations {
            request = request.header(header::AUTHORIZATION, *authorization);
        }
        text(app, request.body(Body::empty()).unwrap()).await
    }

    #[tokio::test]
    async fn the_caller_is_the_subject_of_a_valid_token_s14() {
        let app = guarded(echo(), BASE);
        for (form, expected) in [
            ("sub=c-42", Caller::bearer("c-42", "", STAFF_SCOPE)),
            (
                "sub=c-42&scope=openid%20orders:staff",
                Caller::bearer("c-42", "orders:staff", STAFF_SCOPE),
            ),
            ("sub=a%20b", None),
            ("sub=c-42&lifetimeSeconds=-1", None),
            ("sub=c-42&startsInSeconds=60", None),
            ("sub=c-42&audience=invoices", None),
            ("sub=c-42&issuer=http://127.0.0.1:3000/local/issuer/", None),
        ] {
            let expected = expected.map_or_else(|| "nobody".to_owned(), |it| format!("{it:?}"));
            let token = token(&app, form).await;
            assert_eq!(caller(&app, &[&format!("Bearer {token}")]).await, expected, "{form}");
        }
    }

    #[tokio::test]
    async fn only_a_single_bearer_token_of_this_issuer_is_accepted_s14() {
        let (app, other) = (guarded(echo(), BASE), guarded(echo(), BASE));
        let token = token(&app, "sub=c-42").await;
        let bearer = format!("Bearer {token}");
        let me = format!("{:?}", Caller::bearer("c-42", "", STAFF_SCOPE).unwrap());
        assert_eq!(caller(&app, &[&bearer]).await, me);
        assert_eq!(caller(&app, &[&format!("bearer {token}")]).await, me);
        // The same URL, but another process and so another key.
        assert_eq!(caller(&other, &[&bearer]).await, "nobody");
        let (signed, signature) = token.rsplit_once('.').unwrap();
        for wrong in [
            &*token,
            "Bearer ",
            "Bearer a.b.c",
            &format!("Basic {token}"),
            &format!("Bearer  {token}"),
            &format!("Bearer {signed}"),
            &format!("Bearer {signed}."),
            &format!("Bearer {signed}.{}A", signature.get(1..).unwrap()),
        ] {
            assert_eq!(caller(&app, &[wrong]).await, "nobody", "{wrong}");
        }
        for two in [[&*bearer, &*bearer], [&*bearer, "Bearer a.b.c"]] {
            assert_eq!(caller(&app, &two).await, "nobody");
        }
        assert_eq!(caller(&app, &[]).await, "nobody");
    }
}
