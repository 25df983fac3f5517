//! The accept loop: connections with deadlines, under caps, and an end that lets answers finish.
//!
//! HTTP/1.1 only; multiplexing is for a proxy before the node. No request is logged: nobody learns
//! here who asked for what.

mod deadline;

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tower::Service;

use crate::config::Http;
use crate::metrics::Metrics;
use deadline::WriteDeadline;

/// Bytes of a request's head.
const HEAD_BYTES_MAX: usize = 24 << 10;

/// Headers of a request.
const HEADERS_MAX: usize = 64;

/// How long open requests may take to finish at the end.
const FAREWELL: Duration = Duration::from_secs(5);

/// Serves until `stop` ends, then lets open requests finish for a while.
pub async fn serve<S: Serves>(
    listener: TcpListener,
    service: S,
    config: &Http,
    metrics: Arc<Metrics>,
    stop: impl Future<Output = ()>,
) {
    let gate = Gate::new(config, metrics);
    let farewell = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, from)) => {
                // Refused by hanging up: an answer would cost what the cap is to save.
                let Some(pass) = gate.enter(from) else { continue };
                let connection = farewell.watch(connection(stream, service.clone(), config));
                tokio::spawn(async move {
                    let _pass = pass;
                    // How a connection ends is the client's affair.
                    let _ = connection.await;
                });
            }
            Err(error) => {
                // Out of descriptors, most likely: accepting at once again would spin.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(FAREWELL, farewell.shutdown()).await.is_err() {
        tracing::info!("requests were still open at the end");
    }
}

/// What answers requests.
pub trait Serves:
    Service<Request<Body>, Response = Response, Error = Infallible, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Serves for S where
    S: Service<Request<Body>, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

type Connection<S> = http1::Connection<TokioIo<WriteDeadline<TcpStream>>, S>;

fn connection<S: Serves>(
    stream: TcpStream,
    service: S,
    config: &Http,
) -> Connection<
    impl hyper::service::HttpService<Incoming, ResBody = Body, Error = Infallible, Future: Send>
    + use<S>,
> {
    // Answers are written whole, so waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let stream = WriteDeadline::new(stream, Duration::from_secs(config.write_seconds));
    let service = service_fn(move |request: Request<Incoming>| {
        // It is always ready.
        service.clone().call(request.map(Body::new))
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(config.head_seconds))
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(TokioIo::new(stream), service)
}

/// Counts connections, all and by address.
struct Gate {
    total_max: usize,
    each_max: usize,
    open: Mutex<Open>,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Open {
    total: usize,
    each: HashMap<IpAddr, usize>,
}

/// A connection's place; given back when dropped.
struct Pass {
    gate: Arc<Gate>,
    from: IpAddr,
}

impl Gate {
    fn new(config: &Http, metrics: Arc<Metrics>) -> Arc<Gate> {
        Arc::new(Gate {
            total_max: config.connections_max,
            each_max: config.connections_per_address_max,
            open: Mutex::default(),
            metrics,
        })
    }

    fn enter(self: &Arc<Self>, from: SocketAddr) -> Option<Pass> {
        let from = from.ip();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let each = open.each.get(&from).copied().unwrap_or(0);
        if open.total >= self.total_max || each >= self.each_max {
            self.metrics.connections_refused.inc();
            return None;
        }
        open.total += 1;
        open.each.insert(from, each + 1);
        self.metrics.connections.inc();
        Some(Pass { gate: self.clone(), from })
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut open = self.gate.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.total -= 1;
        if let Some(each) = open.each.get_mut(&self.from) {
            *each -= 1;
            if *each == 0 {
                open.each.remove(&self.from);
            }
        }
        self.gate.metrics.connections.dec();
    }
}

#[cfg(test)]
mod tests;
