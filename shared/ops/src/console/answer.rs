//! Executes a command for the page. The answer is one JSON value on each line: the lines of the command as they come,
//! then its result or its failure.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::Body,
    http::header,
    response::{IntoResponse, Response},
};
use clap::Parser as _;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::{
    cli::{Cli, Command},
    cloud::Screen,
    desk::Desk,
    execute::execute,
    failure::Failure,
    out::Shown,
};

/// Options that choose another place. A console works at one.
const ELSEWHERE: [&str; 5] = ["--stack", "--region", "--profile", "--endpoint", "--ca-bundle"];

pub(super) fn answer(desk: Desk, words: &[String]) -> Response {
    let (lines, mut coming) = unbounded_channel();
    let screen = Arc::new(Lines(lines));
    match parsed(words) {
        Ok(cli) => {
            let shown = if cli.common.payloads { Shown::Whole } else { Shown::Masked };
            let desk = Desk { screen: screen.clone(), shown, ..desk };
            // On its own, because a change goes on when the page is closed.
            tokio::spawn(async move {
                let done = match execute(cli.command, desk, true).await {
                    Ok(report) => json!({ "done": {
                        "needsAttention": report.needs_attention(),
                        "json": report.json(), "text": report.text(false),
                    } }),
                    Err(failure) => failed(&failure),
                };
                screen.send(&done);
            });
        }
        Err(failure) => screen.send(&failed(&failure)),
    }
    let lines = stream::poll_fn(move |context| {
        coming.poll_recv(context).map(|line| line.map(Ok::<String, Infallible>))
    });
    let headers =
        [(header::CONTENT_TYPE, "application/x-ndjson"), (header::CACHE_CONTROL, "no-store")];
    (headers, Body::from_stream(lines)).into_response()
}

fn parsed(words: &[String]) -> Result<Cli, Failure> {
    let is_elsewhere = |word: &&String| {
        ELSEWHERE.iter().any(|option| word.split('=').next().is_some_and(|it| it == *option))
    };
    if let Some(word) = words.iter().find(is_elsewhere) {
        let next = "start another with these options: dekigoto console";
        return Err(Failure::argument(format!("{word} chooses another place"), next));
    }
    let words = std::iter::once("dekigoto").chain(words.iter().map(String::as_str));
    let cli = Cli::try_parse_from(words).map_err(|error| {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        Failure::argument(first.to_owned(), "see `dekigoto --help`")
    })?;
    match cli.command {
        Command::Console { .. } => {
            Err(Failure::argument("this is the console", "start another in a terminal"))
        }
        Command::Completions { .. } => {
            Err(Failure::argument("completions are for a shell", "run it there"))
        }
        _ => Ok(cli),
    }
}

fn failed(failure: &Failure) -> Value {
    json!({ "failed": { "kind": failure.kind, "text": failure.to_string() } })
}

/// Sends each line to the page.
struct Lines(UnboundedSender<String>);

impl Lines {
    fn send(&self, value: &Value) {
        // The page may be closed.
        let _ = self.0.send(format!("{value}\n"));
    }
}

impl Screen for Lines {
    fn line(&self, text: &str) {
        self.send(&json!({ "line": text }));
    }

    fn is_gone(&self) -> bool {
        self.0.is_closed()
    }
}
