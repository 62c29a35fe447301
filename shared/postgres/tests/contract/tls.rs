//! TLS, on the server whose authority's certificate is in the file that `DATABASE_CERTIFICATES` names.

use dekigoto::{AppendError, EventStore as _, Head, ReadFrom};
use dekigoto_postgres::{Postgres, tls_trusting};
use dekigoto_testkit::{commit, stream};

use crate::server::{Tables, tables, url};

/// Of an authority that signed nothing here.
const STRANGER: &[u8] = include_bytes!("stranger.crt");

#[expect(clippy::disallowed_methods, reason = "the environment names the server")]
fn authority() -> Vec<u8> {
    let path = std::env::var("DATABASE_CERTIFICATES")
        .expect("DATABASE_CERTIFICATES is a PEM file: make platforms names one");
    std::fs::read(path).unwrap()
}

fn over_tls(tables: &Tables, pem: &[u8]) -> Postgres {
    let url = format!("{}?sslmode=require", url());
    let tls = tls_trusting(pem).unwrap();
    Postgres::new(&url, Some(tls)).unwrap().in_schema(tables.schema.parse().unwrap())
}

#[tokio::test]
async fn the_stores_work_over_tls() {
    let tables = tables().await;
    let postgres = over_tls(&tables, &authority());
    let first = commit(&Head::empty(stream("a")), "key", &[1]);
    postgres.events().append(&first).await.unwrap();
    assert_eq!(postgres.events().read(&stream("a"), ReadFrom::Newest, 1).await.unwrap(), [first]);
    let sessions = "select count(*) from pg_stat_ssl join pg_stat_activity using (pid)
                    where ssl and version = 'TLSv1.3' and application_name = 'dekigoto'";
    let encrypted: i64 = tables.client.query_one(sessions, &[]).await.unwrap().get(0);
    assert!(encrypted >= 1, "no session is encrypted");
}

#[tokio::test]
async fn a_server_with_an_untrusted_certificate_gets_nothing() {
    let tables = tables().await;
    let postgres = over_tls(&tables, STRANGER);
    let first = commit(&Head::empty(stream("a")), "key", &[1]);
    let refused = postgres.events().append(&first).await.unwrap_err();
    assert!(matches!(refused, AppendError::Throttled(_) | AppendError::Broken(_)), "{refused:?}");
    assert_eq!(tables.postgres.events().read(&stream("a"), ReadFrom::Newest, 1).await.unwrap(), []);
}

#[tokio::test]
async fn a_file_without_certificates_is_said_at_once() {
    for text in ["", "not a certificate"] {
        assert!(
            tls_trusting(text.as_bytes()).unwrap_err().cause.to_string().contains("certificate")
        );
    }
}
