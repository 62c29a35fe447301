//! What an operator gets wrong, or what AWS refuses, at the process: one sentence that says what to do, an exit code that is
//! not 0, and no call that changes anything. The cases that need a deployed stack are in `tests/e2e/test_ops.py`; those of
//! rebuilds and dead letters in `shared/ops/src/tests`.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    process::Command,
    sync::{Arc, Mutex},
    thread,
};

/// The calls that a server got: their bodies.
type Calls = Arc<Mutex<Vec<String>>>;

/// Answers every call so.
fn aws(status: &'static str, body: &'static str) -> (String, Calls) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let calls = Calls::default();
    let got = calls.clone();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = BufReader::new(connection.unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                if connection.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                    break;
                }
                let lower = line.to_lowercase();
                if let Some(value) = lower.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            let mut sent = vec![0; length];
            connection.read_exact(&mut sent).unwrap();
            got.lock().unwrap().push(String::from_utf8_lossy(&sent).into_owned());
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: text/xml\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            connection.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    (endpoint, calls)
}

/// The exit code, and what was said.
fn dekigoto(endpoint: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let ended = Command::new(env!("CARGO_BIN_EXE_dekigoto"))
        .args(arguments)
        .env_clear()
        .envs([
            ("AWS_ENDPOINT_URL", endpoint),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "AKIATEST"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ])
        .output()
        .unwrap();
    let said = [ended.stdout, ended.stderr].concat();
    (ended.status.code(), String::from_utf8_lossy(&said).trim_end().to_owned())
}

const CHANGES: [&[&str]; 3] = [
    &["dlq", "redrive", "--yes", "--why", "x"],
    &["rebuild", "order-summary", "--yes", "--why", "x"],
    &["switch", "order-summary", "--yes", "--why", "x"],
];

#[test]
fn what_aws_refuses_is_one_sentence_exit_code_3_and_changes_nothing() {
    for (status, body, sentence) in [
        (
            "400 Bad Request",
            "<ErrorResponse><Error><Code>ValidationError</Code><Message>Stack with id shop does not exist</Message>\
             </Error></ErrorResponse>",
            "the stack shop in us-east-1 does not exist",
        ),
        (
            "403 Forbidden",
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>",
            "you may not do cloudformation:DescribeStacks",
        ),
        (
            "403 Forbidden",
            "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>it is expired</Message></Error></ErrorResponse>",
            "the credentials have expired: sign in again",
        ),
    ] {
        for change in CHANGES {
            let (endpoint, calls) = aws(status, body);
            let arguments: Vec<&str> = ["--stack", "shop"].iter().chain(change).copied().collect();
            let (code, said) = dekigoto(&endpoint, &arguments);
            assert_eq!(code, Some(3), "{said}");
            assert!(said.contains(sentence) && said.lines().count() == 1, "{said}");
            let calls = calls.lock().unwrap().clone();
            assert!(!calls.is_empty());
            let reads = calls.iter().all(|call| call.contains("DescribeStacks"));
            assert!(reads, "only the stack was read: {calls:?}");
        }
    }
}

#[test]
fn a_region_that_does_not_answer_is_one_sentence_and_exit_code_3() {
    // Nobody listens there: the port was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("http://127.0.0.1:{port}");
    for change in CHANGES {
        let (code, said) = dekigoto(&endpoint, change);
        assert_eq!(code, Some(3), "{said}");
        let is_told = said.contains("in region us-east-1 does not answer");
        assert!(is_told && said.lines().count() == 1, "{said}");
    }
}
