//! A freeze of the function leaves dead connections in the pool without any sign.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use dekigoto::{Pointer, RetryQueue as _, StreamId};
use dekigoto_lambda::aws::{ATTEMPT_TIME_MAX, sdk_config_from};
use dekigoto_messaging::SqsRetryQueue;
use futures_util::future::join_all;

/// Connections that are opened before the freeze: the number of concurrent calls of the publisher.
const POOLED: usize = 8;

/// A local server that answers like SQS, except on dead connections.
#[derive(Default)]
struct Server {
    accepted: AtomicUsize,
    /// Connections with lower numbers never answer.
    dead_below: AtomicUsize,
}

impl Server {
    /// Starts the server and returns its port.
    fn start(self: &Arc<Self>) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Arc::clone(self);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let number = server.accepted.fetch_add(1, SeqCst);
                let server = Arc::clone(&server);
                thread::spawn(move || server.serve(number, stream.unwrap()));
            }
        });
        port
    }

    fn serve(&self, number: usize, mut stream: TcpStream) {
        let mut open = Vec::new();
        while reads_request(&mut stream) {
            if number < self.dead_below.load(SeqCst) {
                // No reply and no end of the connection.
                open.push(stream.try_clone().unwrap());
                continue;
            }
            // Long enough that the calls of a batch overlap and each opens a connection.
            thread::sleep(Duration::from_millis(50));
            if stream.write_all(taken().as_bytes()).is_err() {
                return;
            }
        }
    }
}

/// The answer of SQS to a message that it has taken.
fn taken() -> String {
    let body = r#"{"Successful":[{"Id":"0","MessageId":"m","MD5OfMessageBody":"x"}]}"#;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0";
    format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// Reads one whole request. False if the connection ends before.
fn reads_request(stream: &mut TcpStream) -> bool {
    let mut all = String::new();
    let mut bytes = [0; 4096];
    loop {
        let whole = all.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            length.is_none_or(|length| body.len() >= length.trim().parse().unwrap())
        });
        if whole {
            return true;
        }
        match stream.read(&mut bytes) {
            Ok(count) if count > 0 => all.push_str(&String::from_utf8_lossy(&bytes[..count])),
            Ok(_) | Err(_) => return false,
        }
    }
}

/// The configuration of the project, with another endpoint and other credentials.
fn queue(port: u16) -> SqsRetryQueue {
    let variable = |name: &str| (name == "AWS_REGION").then(|| "eu-west-1".into());
    let credentials = Credentials::new("test", "test", None, None, "test");
    let endpoint = format!("http://127.0.0.1:{port}");
    let config = sdk_config_from(variable)
        .unwrap()
        .into_builder()
        .endpoint_url(&endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .sleep_impl(aws_smithy_async::rt::sleep::TokioSleep::new())
        .build();
    SqsRetryQueue::new(&config, format!("{endpoint}/000000000000/queue"))
}

/// If the pool were kept, each of three attempts would take another dead connection, as would the next calls: 5 s each.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "real sockets take real time")]
async fn a_pool_of_dead_connections_costs_one_attempt() {
    let server = Arc::new(Server::default());
    let queue = queue(server.start());
    let pointer = Pointer::new(StreamId::new("Order", "x").unwrap(), dekigoto::Ordinal::FIRST);
    let put = async || queue.put(std::slice::from_ref(&pointer)).await;
    for answer in join_all((0..POOLED).map(|_| put())).await {
        assert_eq!(answer.unwrap(), [Ok(())]);
    }
    let opened = server.accepted.load(SeqCst);
    assert!(opened > 3, "{opened} connections are too few to show it");
    put().await.unwrap();
    assert_eq!(server.accepted.load(SeqCst), opened, "a connection that works is used again");
    server.dead_below.store(opened, SeqCst);
    let started = Instant::now();
    let answer = put().await;
    let took = started.elapsed();
    println!("{opened} dead connections: {answer:?} after {took:?}");
    assert_eq!(answer.unwrap(), [Ok(())]);
    assert!(took < 2 * ATTEMPT_TIME_MAX, "{took:?}");
}

/// The first connection ends after a part of the answer: after nothing, within the head, within the body.
#[tokio::test]
async fn an_answer_that_is_cut_is_asked_for_again() {
    for length in [0, 20, taken().len() - 10] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let queue = queue(listener.local_addr().unwrap().port());
        let server = thread::spawn(move || {
            for answer in [&taken()[..length], &taken()] {
                let (mut stream, _) = listener.accept().unwrap();
                assert!(reads_request(&mut stream));
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        let pointer = Pointer::new(StreamId::new("Order", "x").unwrap(), dekigoto::Ordinal::FIRST);
        assert_eq!(queue.put(&[pointer]).await.unwrap(), [Ok(())], "cut after {length} bytes");
        server.join().unwrap();
    }
}

#[tokio::test]
async fn a_bundle_that_cannot_be_read_is_an_error_that_names_it() {
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/broken.pem");
    std::fs::write(path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    let variable = |name: &str| match name {
        "AWS_REGION" => Some("eu-west-1".into()),
        "AWS_CA_BUNDLE" => Some(path.into()),
        _ => None,
    };
    let error = sdk_config_from(variable).unwrap_err();
    assert!(error.to_string().contains(path), "{error}");
}
