//! A way to the server that loses requests or replies.

use std::sync::{
    Arc,
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
}

/// A proxy in front of the server.
pub(crate) struct Proxy {
    pub(crate) url: String,
    way: Arc<AtomicU8>,
}

impl Proxy {
    pub(crate) async fn start(url: &str) -> Self {
        let (user, rest) = url.split_once('@').unwrap();
        let (address, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap();
        let way = Arc::new(AtomicU8::new(0));
        let (address, shared) = (address.to_owned(), Arc::clone(&way));
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(&address).await.unwrap();
                tokio::spawn(carry(client, server, Arc::clone(&shared)));
            }
        });
        Self { url: format!("{user}@{own}/{database}"), way }
    }

    pub(crate) fn set(&self, way: Way) {
        let number = match way {
            Way::Open => 0,
            Way::LosesRequests => 1,
            Way::LosesReplies => 2,
        };
        self.way.store(number, Ordering::SeqCst);
    }
}

/// Carries bytes both ways until one side closes, or the proxy loses something.
async fn carry(mut client: TcpStream, mut server: TcpStream, way: Arc<AtomicU8>) {
    let (mut request, mut reply) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut request) => {
                let Ok(bytes @ 1..) = read else { return };
                if way.load(Ordering::SeqCst) == 1 {
                    return;
                }
                server.write_all(&request[..bytes]).await.unwrap();
            }
            read = server.read(&mut reply) => {
                let Ok(bytes @ 1..) = read else { return };
                if way.load(Ordering::SeqCst) == 2 {
                    return;
                }
                client.write_all(&reply[..bytes]).await.unwrap();
            }
        }
    }
}
