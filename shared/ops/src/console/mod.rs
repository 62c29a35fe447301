//! The console: a page in a browser, and the commands behind it.
//!
//! Everything that the page shows or changes is a command of this crate. The page sends its words, the same that an
//! operator would type, and gets its lines as they come and its result as JSON. So the page can do nothing that a command
//! cannot, every change is dry by default and recorded, and each action can show the command that does the same.

mod answer;
mod guard;
mod page;
#[cfg(feature = "aws")]
mod serve;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use dekigoto::{Ports, Service, generations::EraseRows, replay::ReplaySource};
use serde::Deserialize;

use self::guard::{Token, refusal};
#[cfg(feature = "aws")]
pub(crate) use self::{guard::TOKEN_HEADER, serve::serve};
use crate::{
    cloud::{Cloud, Screen, Stack},
    desk::{Consent, Desk},
    failure::Failure,
    layout::Layout,
    out::Shown,
};

/// What a console works with.
#[derive(Clone)]
pub struct Parts {
    /// The stack, as [`Cloud::stack`] reads it.
    pub stack: Stack,
    /// The place where the service runs.
    pub cloud: Arc<dyn Cloud>,
    /// Its event store, its view store, and the host.
    pub ports: Ports,
    /// Its view store, to erase the rows of a dropped generation.
    pub eraser: Arc<dyn EraseRows>,
    /// Its event store, to read all of it.
    pub history: Arc<dyn ReplaySource>,
    /// Its aggregates, views and policies.
    pub service: Service,
}

/// The console of one service. Serve it on a loopback address only: whoever reaches it acts with its caller's rights.
#[derive(Clone)]
pub struct Console {
    desk: Desk,
    token: Token,
}

impl Console {
    /// The console of a service.
    ///
    /// # Errors
    /// [`Failure`], when the stack is not that of a dekigoto service.
    pub fn of(parts: Parts) -> Result<Self, Failure> {
        let layout = Layout::of(&parts.stack)?;
        Ok(Self::at(Desk {
            cloud: parts.cloud,
            stack: parts.stack,
            layout,
            ports: parts.ports,
            eraser: parts.eraser,
            history: parts.history,
            service: parts.service,
            screen: Arc::new(Nowhere),
            shown: Shown::Masked,
            consent: Consent::Dry,
        }))
    }

    pub(crate) fn at(desk: Desk) -> Self {
        let token = Token::random(&*desk.ports.host);
        Self { desk, token }
    }

    /// The page at `/console`, and the commands at `/console/run`.
    pub fn router(self) -> Router {
        Router::new()
            .route("/console", get(shown))
            .route("/console/run", post(run))
            .with_state(Arc::new(self))
    }
}

struct Nowhere;

impl Screen for Nowhere {
    fn line(&self, _: &str) {}
}

async fn shown(State(console): State<Arc<Console>>, uri: Uri, headers: HeaderMap) -> Response {
    if let Some(refused) = refusal(&uri, &headers) {
        return refused.into_response();
    }
    page::page(&console.desk, &console.token)
}

/// The words of a command, without the program's name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    words: Vec<String>,
}

async fn run(
    State(console): State<Arc<Console>>,
    uri: Uri,
    headers: HeaderMap,
    Json(wanted): Json<Wanted>,
) -> Response {
    if let Some(refused) = refusal(&uri, &headers) {
        return refused.into_response();
    }
    if !console.token.is_in(&headers) {
        return (StatusCode::FORBIDDEN, "reload the page of the console\n").into_response();
    }
    answer::answer(console.desk.clone(), &wanted.words)
}

#[cfg(test)]
mod tests;
