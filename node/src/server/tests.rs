//! Slow and greedy clients against a real listener.

use std::time::Instant;

use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;

use super::*;

async fn start(config: Http) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let big = "x".repeat(64 << 20);
    let router = Router::new()
        .route("/", get(async || "hello"))
        .route("/slow", get(async || tokio::time::sleep(Duration::from_millis(400)).await))
        .route("/big", get(async move || big.clone()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let stopped = async { drop(stopped.await) };
        serve(listener, router, &config, Arc::new(Metrics::new()), stopped).await;
    });
    (address, stop, server)
}

fn patient() -> Http {
    Http { head_seconds: 1, write_seconds: 1, ..Http::default() }
}

async fn ends_within(stream: &mut TcpStream, seconds: u64) {
    let mut rest = Vec::new();
    let end = stream.read_to_end(&mut rest);
    let _ = tokio::time::timeout(Duration::from_secs(seconds), end).await.expect("still open");
}

#[tokio::test]
async fn silent_partial_and_idle_connections_are_let_go() {
    let (address, _stop, _server) = start(patient()).await;
    for sent in ["", "GET / HTTP/1.1\r\nHost: a", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        ends_within(&mut stream, 3).await;
    }
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_let_go() {
    let (address, _stop, _server) = start(patient()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.len() < 64 << 20, "the whole answer waited: {}", rest.len());
}

#[tokio::test]
async fn more_connections_than_allowed_are_refused_and_places_are_given_back() {
    let (address, _stop, _server) =
        start(Http { connections_per_address_max: 2, ..Http::default() }).await;
    let first = TcpStream::connect(address).await.unwrap();
    let _second = TcpStream::connect(address).await.unwrap();
    let mut third = TcpStream::connect(address).await.unwrap();
    ends_within(&mut third, 2).await;
    drop(first);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut fourth = TcpStream::connect(address).await.unwrap();
    fourth.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    fourth.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("hello"), "{answer}");
}

#[tokio::test]
async fn open_requests_finish_before_the_end() {
    let (address, stop, server) = start(Http::default()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let since = Instant::now();
    stop.send(()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    server.await.unwrap();
    assert!(since.elapsed() < Duration::from_secs(3));
}
