//! Sends a command to a running process, such as `make run`, which executes it at its own desk and answers line by line.

use http_body_util::{BodyExt as _, Full};
use hyper::{
    Method, Request, Response, StatusCode, Uri,
    body::{Bytes, Incoming},
    client::conn::http1,
    header::{CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::{
    cloud::Screen,
    console::TOKEN_HEADER,
    failure::{Failure, Kind},
    out::Report,
};

/// What stands before the token in the page of the console.
const BEFORE_TOKEN: &str = "name=\"token\" content=\"";

/// A process that serves a console.
pub(crate) struct Process {
    url: String,
    host: String,
}

impl Process {
    /// The process at this address, such as `http://127.0.0.1:3000`.
    ///
    /// # Errors
    /// If that is no such address.
    pub(crate) fn at(url: &str) -> Result<Self, Failure> {
        let wrong = || {
            let what = format!("{url:?} is not the address of a process");
            Failure::argument(what, "write it as http://127.0.0.1:3000")
        };
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let host =
            uri.authority().filter(|_| uri.scheme_str() == Some("http")).ok_or_else(wrong)?;
        let host = match host.port() {
            Some(_) => host.to_string(),
            None => format!("{host}:80"),
        };
        Ok(Self { url: url.to_owned(), host })
    }

    /// Lets the process execute these words, and shows its lines as they come.
    pub(crate) async fn execute(
        &self,
        words: &[String],
        screen: &dyn Screen,
    ) -> Result<Report, Failure> {
        let page = self.send(Method::GET, "/console", None, String::new()).await?;
        let page = page.into_body().collect().await.map_err(|_| self.gone())?.to_bytes();
        let page = String::from_utf8_lossy(&page);
        let token = page.split(BEFORE_TOKEN).nth(1).and_then(|rest| rest.split('"').next());
        let Some(token) = token else { return Err(self.no_console()) };
        let body = json!({ "words": words }).to_string();
        let answer = self.send(Method::POST, "/console/run", Some(token), body).await?;
        let mut body = answer.into_body();
        let mut text = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| self.gone())?;
            text.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
            while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = text.drain(..=end).collect();
                if let Some(done) = told(&line, screen) {
                    return done;
                }
            }
        }
        Err(self.gone())
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: String,
    ) -> Result<Response<Incoming>, Failure> {
        let socket = TcpStream::connect(&self.host).await.map_err(|_| self.absent())?;
        let handshake = http1::handshake(TokioIo::new(socket)).await;
        let (mut sender, connection) = handshake.map_err(|_| self.absent())?;
        tokio::spawn(connection);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.host)
            .header(CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(TOKEN_HEADER, token);
        }
        let request = request.body(Full::new(Bytes::from(body))).map_err(|_| self.absent())?;
        let answer = sender.send_request(request).await.map_err(|_| self.gone())?;
        match answer.status() {
            StatusCode::OK => Ok(answer),
            _ => Err(self.no_console()),
        }
    }

    fn absent(&self) -> Failure {
        let what = format!("nothing answers at {}", self.url);
        Failure::new(Kind::Unreachable, what, "start it with `make run`, or name its port")
    }

    fn gone(&self) -> Failure {
        let what = format!("the process at {} ended", self.url);
        Failure::new(Kind::Unreachable, what, "start it again and repeat the command")
    }

    fn no_console(&self) -> Failure {
        let what = format!("{} serves no console", self.url);
        Failure::new(Kind::NotFound, what, "start it without AUTH_MODE=jwt")
    }
}

/// Shows one line of the answer; returns the result if it is the last.
fn told(line: &[u8], screen: &dyn Screen) -> Option<Result<Report, Failure>> {
    let line: Value = serde_json::from_slice(line).unwrap_or_default();
    if let Some(text) = line.get("line").and_then(Value::as_str) {
        screen.line(text);
        return None;
    }
    if let Some(failed) = line.get("failed") {
        let text = failed.get("text").and_then(Value::as_str).unwrap_or_default();
        let (what, next) = text.rsplit_once(": ").unwrap_or((text, "see `dekigoto --help`"));
        let is_argument = failed.get("kind").and_then(Value::as_str) == Some("argument");
        let kind = if is_argument { Kind::Argument } else { Kind::Refused };
        return Some(Err(Failure::new(kind, what, next)));
    }
    let done = line.get("done")?;
    let text = done.get("text").and_then(Value::as_str).unwrap_or_default();
    let needs_attention = done.get("needsAttention").and_then(Value::as_bool).unwrap_or(false);
    let json = done.get("json").cloned().unwrap_or_default();
    Some(Ok(Report::ready(text, json, needs_attention)))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::net::TcpListener;

    use super::*;
    use crate::{console::Console, fake::Bank};

    #[derive(Default)]
    struct Seen(Mutex<Vec<String>>);

    impl Screen for Seen {
        fn line(&self, text: &str) {
            self.0.lock().unwrap().push(text.to_owned());
        }
    }

    async fn served(router: axum::Router) -> Process {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Process::at(&url).unwrap()
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[tokio::test]
    async fn a_process_executes_the_words_and_answers_with_the_same_report() {
        let bank = Bank::new();
        bank.deposit("a", &[100]).await;
        let process = served(Console::at(bank.desk.clone()).router()).await;
        let seen = Arc::new(Seen::default());
        let report = process.execute(&words(&["show", "Account#a"]), &*seen).await.unwrap();
        let own = crate::commands::show(&bank.desk, "Account#a", None).await.unwrap();
        assert_eq!(report.text(false), own.text(false));
        assert_eq!(report.json(), own.json());
        assert_eq!(report.needs_attention(), own.needs_attention());
    }

    #[tokio::test]
    async fn a_failure_keeps_its_sentence_and_its_kind() {
        let process = served(Console::at(Bank::new().desk.clone()).router()).await;
        let seen = Seen::default();
        let failed = process.execute(&words(&["show", "nothing"]), &seen).await.unwrap_err();
        assert_eq!(failed.kind, Kind::Argument);
        let text = "\"nothing\" names no stream: write it as Type#id, with a type of Account";
        assert_eq!(failed.to_string(), text);
    }

    #[tokio::test]
    async fn a_process_that_is_absent_or_has_no_console_is_named_with_a_remedy() {
        let seen = Seen::default();
        let status = words(&["status"]);
        let absent = Process::at("http://127.0.0.1:9").unwrap().execute(&status, &seen).await;
        let text =
            "nothing answers at http://127.0.0.1:9: start it with `make run`, or name its port";
        assert_eq!(absent.unwrap_err().to_string(), text);
        let other = served(axum::Router::new()).await.execute(&status, &seen).await;
        assert!(other.unwrap_err().to_string().contains("serves no console"));
        for wrong in ["3000", "https://127.0.0.1:3000", "127.0.0.1:3000", ""] {
            assert!(Process::at(wrong).is_err(), "{wrong}");
        }
    }
}
