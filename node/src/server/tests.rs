//! Slow and greedy clients against a real listener.

use std::time::Instant;

use axum::Router;
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

#[tokio::test]
async fn a_head_that_drips_is_cut_and_one_that_is_too_large_is_refused() {
    let (address, _stop, _server) = start(patient()).await;
    let mut dripping = TcpStream::connect(address).await.unwrap();
    let since = Instant::now();
    while dripping.write_all(b"G").await.is_ok() && since.elapsed() < Duration::from_secs(5) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(since.elapsed() < Duration::from_secs(4), "every byte bought more time");
    for head in [
        format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(HEAD_BYTES_MAX)),
        format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(HEADERS_MAX)),
        format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(70_000)),
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n".into(),
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n".into(),
        "GET / HTTP/9.9\r\nHost: a\r\n\r\n".into(),
        "\u{0}\u{1}\u{2}".into(),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // It may hang up before it has read all.
        let _ = stream.write_all(head.as_bytes()).await;
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(3), stream.read_to_end(&mut answer));
        let _ = read.await.expect("it ends");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
}

#[tokio::test]
async fn clients_that_flood_or_stall_do_not_keep_others_waiting() {
    let (address, _stop, _server) = start(Http::default()).await;
    let mut stalled = Vec::new();
    for sent in ["", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"].repeat(30) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        stalled.push(stream);
    }
    for _ in 0..8 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        tokio::spawn(async move {
            let many = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(200);
            let mut answers = vec![0; 1 << 16];
            // Nothing is awaited but room: as much as it can.
            while stream.write_all(many.as_bytes()).await.is_ok() {
                let _ = stream.read(&mut answers).await;
            }
        });
    }
    for _ in 0..50 {
        let since = Instant::now();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("hello"), "{answer}");
        assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    }
}
