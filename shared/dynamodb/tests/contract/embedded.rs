//! DynamoDB in this process: `dynoxide`, over HTTP, so that the SDK's own client can use it.

use tokio::{net::TcpListener, sync::OnceCell};

use crate::tables::Service;

static ENDPOINT: OnceCell<String> = OnceCell::const_new();

/// One engine for all tests, and a client for each test, because a connection ends with its test's runtime.
pub(crate) async fn service() -> Service {
    Service::at(ENDPOINT.get_or_init(start).await)
}

/// Starts the engine on its own thread, so that it outlives the first test.
async fn start() -> String {
    let (bound, port) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            bound.send(listener.local_addr().unwrap().port()).unwrap();
            let database = dynoxide::Database::memory().unwrap();
            let never = std::future::pending();
            dynoxide::server::serve_with_shutdown(listener, database, never).await.unwrap();
        });
    });
    format!("http://127.0.0.1:{}", port.await.unwrap())
}
