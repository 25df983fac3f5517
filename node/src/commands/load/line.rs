//! One keep-alive connection to a node.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use registry::answer::ANSWER_BYTES_MAX;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long one request may take.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(60);

/// Where a node serves HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    host: String,
    port: u16,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Bytes,
}

/// A connection that is made when it is needed, and again when it was lost.
#[derive(Debug)]
pub(super) struct Line {
    node: Node,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Node {
    /// Reads `http://host:port`.
    pub(super) fn parse(url: &str) -> anyhow::Result<Node> {
        let wrong = || anyhow::anyhow!("`{url}`: a node for load is named as http://host:port");
        let rest = url.strip_prefix("http://").ok_or_else(wrong)?.trim_end_matches('/');
        let (host, port) = rest.rsplit_once(':').unwrap_or((rest, "80"));
        anyhow::ensure!(!host.is_empty() && !host.contains('/'), wrong());
        Ok(Node { host: host.to_owned(), port: port.parse().map_err(|_| wrong())? })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{self}")
    }

    pub(super) fn is_local(&self) -> bool {
        matches!(self.host.as_str(), "127.0.0.1" | "localhost" | "[::1]")
    }

    /// The same host at a later port.
    pub(super) fn with_port_after(&self, step: u16) -> Option<Node> {
        Some(Node { host: self.host.clone(), port: self.port.checked_add(step)? })
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl Line {
    pub(super) fn new(node: Node) -> Line {
        Line { node, sender: None }
    }

    pub(super) async fn get(&mut self, path: &str) -> Result<Reply, &'static str> {
        let accept = "application/did-resolution, application/json";
        let request = Request::builder().method(Method::GET).uri(path).header("accept", accept);
        self.send(request, Bytes::new()).await
    }

    pub(super) async fn post(&mut self, path: &str, body: Bytes) -> Result<Reply, &'static str> {
        let request = Request::builder().method(Method::POST).uri(path);
        self.send(request.header("content-type", "application/json"), body).await
    }

    async fn send(
        &mut self,
        request: hyper::http::request::Builder,
        body: Bytes,
    ) -> Result<Reply, &'static str> {
        let request = request.header("host", self.node.to_string()).body(Full::new(body));
        let request = request.map_err(|_| "request")?;
        let replied = timeout(REQUEST_TIME_MAX, self.exchange(request)).await;
        let replied = replied.unwrap_or(Err("timeout"));
        if replied.is_err() {
            self.sender = None;
        }
        replied
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<Reply, &'static str> {
        let mut sender = match self.sender.take() {
            Some(sender) if !sender.is_closed() => sender,
            _ => self.connect().await?,
        };
        sender.ready().await.map_err(|_| "connection")?;
        let response = sender.send_request(request).await.map_err(|_| "connection")?;
        self.sender = Some(sender);
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after");
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|_| "answer cut off")?.to_bytes();
        Ok(Reply { status, retry_after: retry_after.map(Duration::from_secs), body })
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, &'static str> {
        let host = self.node.host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((host, self.node.port)).await.map_err(|_| "connection")?;
        stream.set_nodelay(true).map_err(|_| "connection")?;
        let (sender, connection) =
            handshake(TokioIo::new(stream)).await.map_err(|_| "connection")?;
        // It ends with the sender; what goes wrong on it, the next request says.
        tokio::spawn(connection);
        Ok(sender)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_read_and_counted_on() {
        let node = Node::parse("http://127.0.0.1:8080/").unwrap();
        assert!(node.is_local());
        assert_eq!(node.with_port_after(3).unwrap().url(), "http://127.0.0.1:8083");
        assert_eq!(Node::parse("http://node.bt").unwrap().url(), "http://node.bt:80");
        for url in ["https://node.bt", "node.bt:80", "http://:80", "http://a:b", "http://a/b"] {
            assert!(Node::parse(url).is_err(), "{url}");
        }
    }
}
