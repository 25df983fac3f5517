//! The front of the interface: answers that are ready go out at once, everything else goes to the
//! router. As long as no block comes, the same question has the same answer, and nothing need be
//! read, hashed or written for it twice.
//!
//! A question is what is got, or what is posted to the trust registry.
//!
//! **Invariants.** An answer is kept for the height of which it speaks and no longer. What is kept
//! has bounds in number and bytes, and nothing of who asked is in it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, Request, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures::future::Either;
use ledger::Ledger;
use prometheus::{Histogram, IntCounter};
use registry::trust::query;
use tower::{Service, ServiceExt as _};

use super::request::{accepts_gzip, read_body};
use super::trust::QUERIES;
use crate::problem::Problem;

/// Most answers that are kept.
const ANSWERS_MAX: usize = 8_192;

/// Most bytes of all bodies that are kept.
const BYTES_MAX: usize = 64 << 20;

/// The longest question for which an answer is kept.
const QUESTION_BYTES_MAX: usize = 1_024;

/// What a client calls its request; the answer to what was posted repeats it (TRQP 2.0).
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest of such names, in bytes.
const REQUEST_ID_MAX: usize = 128;

/// A question that was posted, read within its size and its time, or why not.
#[derive(Debug, Clone)]
pub(super) struct Posted(pub(super) Result<Bytes, Problem>);

/// The body of an answer that depends on the ledger's state alone: put beside the response, it lets
/// the response be kept.
#[derive(Debug, Clone)]
pub(super) struct OfState(pub(super) Bytes);

/// What counts the requests of a route.
#[derive(Clone)]
pub(super) struct Counters {
    pub(super) requests: IntCounter,
    pub(super) seconds: Histogram,
}

/// The whole interface.
#[derive(Clone)]
pub struct Front {
    router: Router,
    ledger: Arc<Ledger>,
    /// How long a posted question may take.
    patience: Duration,
    kept: Arc<RwLock<Kept>>,
}

/// Answers of one height, by question: path, query, whether gzip is read, and `Accept`; or what
/// was posted instead of that.
#[derive(Default)]
struct Kept {
    height: u64,
    bytes: usize,
    answers: HashMap<Box<[u8]>, Answer>,
}

/// An answer that is ready.
#[derive(Clone)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    counters: Counters,
}

impl Front {
    pub(super) fn new(router: Router, ledger: Arc<Ledger>, patience: Duration) -> Front {
        Front { router, ledger, patience, kept: Arc::default() }
    }

    fn find(&self, height: u64, question: &[u8]) -> Option<Answer> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if kept.height != height {
            return None;
        }
        kept.answers.get(question).cloned()
    }

    fn keep(&self, height: u64, question: Box<[u8]>, answer: Answer) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.height < height {
            *kept = Kept { height, ..Kept::default() };
        }
        let bytes = kept.bytes + answer.body.len();
        if kept.height == height && kept.answers.len() < ANSWERS_MAX && bytes <= BYTES_MAX {
            kept.bytes = bytes;
            kept.answers.insert(question, answer);
        }
    }

    /// Has the router answer, and keeps what it says where that follows from the ledger alone.
    async fn ask(self, height: u64, question: Box<[u8]>, request: Request<Body>) -> Response {
        let Ok(mut response) = self.router.clone().oneshot(request).await;
        let extensions = response.extensions_mut();
        let (body, counters) = (extensions.remove::<OfState>(), extensions.remove::<Counters>());
        // A block that came meanwhile leaves it open of which height the answer is.
        if let (Some(OfState(body)), Some(counters)) = (body, counters)
            && self.ledger.height() == height
        {
            let (status, headers) = (response.status(), response.headers().clone());
            self.keep(height, question, Answer { status, headers, body, counters });
        }
        response
    }

    /// Answers what was posted, to the request of that name.
    async fn reply(self, since: Instant, request: Request<Body>) -> Response {
        let id = request.headers().get(REQUEST_ID);
        let id = id.filter(|id| id.len() <= REQUEST_ID_MAX).cloned();
        let mut response = self.reply_to_any(since, request).await;
        if let Some(id) = id {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }

    async fn reply_to_any(self, since: Instant, request: Request<Body>) -> Response {
        let (mut parts, body) = request.into_parts();
        let body = read_body(self.patience, body, query::QUESTION_BYTES_MAX).await;
        let question = body.as_ref().ok().and_then(|body| posted(&parts, body));
        let height = self.ledger.height();
        if let Some(answer) = question.as_ref().and_then(|question| self.find(height, question)) {
            return answer.send(since);
        }
        parts.extensions.insert(Posted(body));
        let request = Request::from_parts(parts, Body::empty());
        match question {
            Some(question) => self.ask(height, question, request).await,
            None => {
                let Ok(response) = self.router.oneshot(request).await;
                response
            }
        }
    }
}

impl Answer {
    fn send(self, since: Instant) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        self.counters.count(since);
        response
    }
}

impl Counters {
    /// One more request, which came then and is answered now.
    pub(super) fn count(&self, since: Instant) {
        self.requests.inc();
        self.seconds.observe(since.elapsed().as_secs_f64());
    }
}

/// What a request asks, where its answer may be kept: a client that has an answer already, or asks
/// for something else than to read, is for the router.
fn question(request: &Request<Body>) -> Option<Box<[u8]>> {
    if request.method() != Method::GET || request.headers().contains_key(header::IF_NONE_MATCH) {
        return None;
    }
    let path = request.uri().path_and_query()?.as_str();
    let mut accepts = request.headers().get_all(header::ACCEPT).iter();
    let accept = accepts.next().map_or(&b""[..], |accept| accept.as_bytes());
    let one = accepts.next().is_none();
    let short = path.len() + accept.len() < QUESTION_BYTES_MAX;
    let coding = coding(request.headers());
    (one && short).then(|| [path.as_bytes(), coding, accept].concat().into())
}

/// What is asked by posting, where the answer may be kept. No other question begins like this.
fn posted(head: &Parts, body: &[u8]) -> Option<Box<[u8]>> {
    let path = head.uri.path_and_query()?.as_str();
    let short = path.len() + body.len() < QUESTION_BYTES_MAX;
    short.then(|| [b"POST ", path.as_bytes(), coding(&head.headers), body].concat().into())
}

/// The coding that an answer may have, between what else a question consists of: a path has no
/// blanks.
fn coding(headers: &HeaderMap) -> &'static [u8] {
    if accepts_gzip(headers) { b" gzip " } else { b" identity " }
}

type Asked = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

impl Service<Request<Body>> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, Asked>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let since = Instant::now();
        if request.method() == Method::POST && QUERIES.contains(&request.uri().path()) {
            let front = self.clone();
            return Either::Right(Box::pin(async move { Ok(front.reply(since, request).await) }));
        }
        let Some(question) = question(&request) else {
            return Either::Right(Box::pin(self.router.clone().oneshot(request)));
        };
        let height = self.ledger.height();
        if let Some(answer) = self.find(height, &question) {
            return Either::Left(ready(Ok(answer.send(since))));
        }
        let front = self.clone();
        Either::Right(Box::pin(async move { Ok(front.ask(height, question, request).await) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(headers: &[(HeaderName, &str)]) -> Box<[u8]> {
        let mut request = Request::get("/v1/dids?limit=1");
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        question(&request.body(Body::empty()).unwrap()).unwrap()
    }

    #[test]
    fn no_header_makes_one_question_look_like_another() {
        let with_gzip = (header::ACCEPT_ENCODING, "gzip");
        let json = (header::ACCEPT, "application/json");
        let gzip = asked(&[with_gzip.clone(), json.clone()]);
        assert_ne!(asked(&[json]), gzip);
        for accept in ["gzip application/json", " gzip application/json", "identity"] {
            let questions = [vec![], vec![with_gzip.clone()]].map(|mut headers| {
                headers.push((header::ACCEPT, accept));
                asked(&headers)
            });
            assert_ne!(questions[0], questions[1]);
            assert!(!questions.contains(&gzip), "{accept}");
        }
    }
}
