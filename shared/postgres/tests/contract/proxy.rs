//! A way to the server that loses requests or replies, and keeps what was requested.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU8, Ordering},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What the proxy does with what it carries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Carries it.
    Open,
    /// Closes both sides instead of carrying a request.
    LosesRequests,
    /// Carries requests, and closes the client's side instead of carrying a reply.
    LosesReplies,
    /// Carries requests, and keeps the replies.
    HoldsReplies,
}

/// A proxy in front of the server.
pub(crate) struct Proxy {
    pub(crate) url: String,
    way: Arc<AtomicU8>,
    /// The bytes that the clients sent, by connection.
    sent: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Proxy {
    pub(crate) async fn start(url: &str) -> Self {
        let (user, rest) = url.split_once('@').unwrap();
        let (address, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap();
        let way = Arc::new(AtomicU8::new(0));
        let (address, shared) = (address.to_owned(), Arc::clone(&way));
        let sent = Arc::new(Mutex::new(Vec::new()));
        let all_sent = Arc::clone(&sent);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(&address).await.unwrap();
                let connection = {
                    let mut sent = all_sent.lock().unwrap();
                    sent.push(Vec::new());
                    sent.len() - 1
                };
                let all_sent = Arc::clone(&all_sent);
                let keep = move |bytes: &[u8]| {
                    all_sent.lock().unwrap()[connection].extend_from_slice(bytes);
                };
                tokio::spawn(carry(client, server, Arc::clone(&shared), keep));
            }
        });
        Self { url: format!("{user}@{own}/{database}"), way, sent }
    }

    /// What the clients have sent so far, by connection: the kind of each message of the protocol, with its content.
    pub(crate) fn requests(&self) -> Vec<Vec<(char, String)>> {
        self.sent.lock().unwrap().iter().map(|it| messages(it)).collect()
    }

    pub(crate) fn set(&self, way: Way) {
        let number = match way {
            Way::Open => 0,
            Way::LosesRequests => 1,
            Way::LosesReplies => 2,
            Way::HoldsReplies => 3,
        };
        self.way.store(number, Ordering::SeqCst);
    }
}

/// Carries bytes both ways until one side closes, or the proxy loses something.
async fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    way: Arc<AtomicU8>,
    keep: impl Fn(&[u8]),
) {
    let (mut request, mut reply) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut request) => {
                let Ok(bytes @ 1..) = read else { return };
                if way.load(Ordering::SeqCst) == 1 {
                    return;
                }
                keep(&request[..bytes]);
                server.write_all(&request[..bytes]).await.unwrap();
            }
            read = server.read(&mut reply) => {
                let Ok(bytes @ 1..) = read else { return };
                match way.load(Ordering::SeqCst) {
                    2 => return,
                    3 => continue,
                    _ => {}
                }
                client.write_all(&reply[..bytes]).await.unwrap();
            }
        }
    }
}

/// The messages after the one that starts a session, which has no kind.
fn messages(sent: &[u8]) -> Vec<(char, String)> {
    let length = |at: usize| {
        let bytes = sent.get(at..at + 4)?;
        usize::try_from(u32::from_be_bytes(bytes.try_into().ok()?)).ok()
    };
    let mut messages = Vec::new();
    let mut at = length(0).unwrap_or_default();
    while let Some(length) = length(at + 1) {
        let content = sent.get(at + 5..at + 1 + length).unwrap_or_default();
        messages.push((char::from(sent[at]), String::from_utf8_lossy(content).into_owned()));
        at += 1 + length;
    }
    messages
}
