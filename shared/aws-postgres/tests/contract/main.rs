//! The tokens and the signatures are those that AWS makes.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod msk;

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use dekigoto_aws_postgres::{RdsTokens, rds_token};
use dekigoto_postgres::{Passwords as _, RdsPlace};

/// Made by botocore's `generate_db_auth_token`, from the same keys at the same moment.
const BOTOCORE: &str = "orders.proxy-abc.eu-central-1.rds.amazonaws.com:5432/?Action=connect&DBUser=orders_api\
    &X-Amz-Algorithm=AWS4-HMAC-SHA256\
    &X-Amz-Credential=AKIDEXAMPLE%2F20261125%2Feu-central-1%2Frds-db%2Faws4_request\
    &X-Amz-Date=20261125T102030Z&X-Amz-SignedHeaders=host&X-Amz-Expires=900\
    &X-Amz-Security-Token=session%2Ftoken%2Bwith%3Dsigns\
    &X-Amz-Signature=66b0b3268109316aa3c51e1395ca2b503396ffe76f13e669976b43944e0ea2e2";

fn place() -> RdsPlace {
    RdsPlace {
        host: "orders.proxy-abc.eu-central-1.rds.amazonaws.com".to_owned(),
        port: 5432,
        user: "orders_api".to_owned(),
        database: "orders".to_owned(),
    }
}

fn credentials() -> Credentials {
    let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    let session = Some("session/token+with=signs".to_owned());
    Credentials::new("AKIDEXAMPLE", secret, session, None, "test")
}

/// The address and the parameters, in any order.
fn parts(token: &str) -> Vec<String> {
    let mut parts: Vec<String> = token.split(['?', '&']).map(str::to_owned).collect();
    parts.sort_unstable();
    parts
}

#[test]
fn a_token_is_that_of_the_aws_cli() {
    let now = UNIX_EPOCH + Duration::from_secs(1_795_602_030);
    let token = rds_token(&place(), "eu-central-1", credentials(), now).unwrap();
    assert_eq!(parts(&token), parts(BOTOCORE));
}

#[tokio::test]
async fn each_password_is_signed_with_the_credentials_of_its_moment() {
    let provider = SharedCredentialsProvider::new(credentials());
    let tokens = RdsTokens::new(place(), "eu-central-1", provider);
    let token = tokens.next().await.unwrap();
    assert!(token.starts_with(&format!("{}:5432/?Action=connect", place().host)), "{token}");
    assert!(token.contains("&X-Amz-Expires=900"), "{token}");
}
