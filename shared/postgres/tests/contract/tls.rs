//! TLS, on the server whose authority's certificate is in the file that `DATABASE_CERTIFICATES` names.

use dekigoto::{AppendError, EventStore as _, Head, ReadError, ReadFrom};
use dekigoto_postgres::{Postgres, tls_trusting};
use dekigoto_testkit::{commit, stream};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::server::{Tables, tables, url};

/// Of an authority that signed nothing here.
const STRANGER: &[u8] = include_bytes!("stranger.crt");

#[expect(clippy::disallowed_methods, reason = "the environment names the server")]
pub(crate) fn authority() -> Vec<u8> {
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
#[ignore = "needs the server of DATABASE_URL: make platforms"]
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
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn a_server_with_an_untrusted_certificate_gets_nothing() {
    let tables = tables().await;
    let postgres = over_tls(&tables, STRANGER);
    let first = commit(&Head::empty(stream("a")), "key", &[1]);
    let refused = postgres.events().append(&first).await.unwrap_err();
    assert!(matches!(refused, AppendError::Throttled(_) | AppendError::Broken(_)), "{refused:?}");
    assert_eq!(tables.postgres.events().read(&stream("a"), ReadFrom::Newest, 1).await.unwrap(), []);
}

/// It answers that it has no TLS. By default, a client would go on without.
#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn a_server_that_refuses_tls_gets_nothing_s17() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://user:secret@{}/x", listener.local_addr().unwrap());
    let heard = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut request = [0; 8];
        client.read_exact(&mut request).await.unwrap();
        client.write_all(b"N").await.unwrap();
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.unwrap();
        rest
    });
    let postgres = Postgres::new(&url, Some(tls_trusting(STRANGER).unwrap())).unwrap();
    let refused = postgres.events().read(&stream("a"), ReadFrom::Newest, 1).await;
    assert!(
        matches!(refused, Err(ReadError::Broken(_) | ReadError::Unavailable(_))),
        "{refused:?}"
    );
    drop(postgres);
    assert_eq!(heard.await.unwrap(), b"", "the user and the password");
}

#[tokio::test]
#[ignore = "needs the server of DATABASE_URL: make platforms"]
async fn a_file_without_certificates_is_said_at_once() {
    for text in ["", "not a certificate"] {
        assert!(
            tls_trusting(text.as_bytes()).unwrap_err().cause.to_string().contains("certificate")
        );
    }
}
