//! A small blocking HTTP client for a node: with deadlines, a cap on what it reads, and problem
//! details turned into errors that say what to do.
//!
//! **Invariant.** It believes nothing: what a node answers is checked by `crate::trust`.

use std::io::Read as _;
use std::time::{Duration, Instant};

use proofs::tlog::tiles::TILE_BYTES_MAX;
use proofs::{Hash, Receipt};
use registry::resolution::Question;
use registry::resolution::request::{encode, is_unreserved};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::http::{Request, Response};
use ureq::{Agent, Body};

use crate::problem;

/// How long one request may take.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);

/// How long a blob may take on its way to a node.
const UPLOAD_TIME_MAX: Duration = Duration::from_secs(180);

/// The largest answer that is read: a bundle of the log's largest entries.
const RESPONSE_BYTES_MAX: u64 = TILE_BYTES_MAX as u64;

/// How long a command waits for its event to be certified.
pub const CERTIFICATION_TIME_MAX: Duration = Duration::from_secs(90);

/// Why a node did not give what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody answers there.
    #[error(
        "no answer from {url} ({why}): start a network with `dzong localnet`, or name a node by \
         --url or DZONG_URL"
    )]
    Unreachable {
        /// The node.
        url: String,
        /// What failed.
        why: String,
    },
    /// The node answered with an error.
    #[error("{0}")]
    Refused(Problem),
    /// The node's answer makes no sense.
    #[error("{url} answered with something else than expected: {why}; is it a Dzong node?")]
    Strange {
        /// What was asked for.
        url: String,
        /// What is wrong with the answer.
        why: String,
    },
    /// The event was accepted, but not certified in time.
    #[error(
        "event {0} was accepted, but not certified in time: look again with `dzong event receipt`"
    )]
    Pending(Hash),
}

/// Problem details (RFC 9457).
#[derive(Debug, Clone, Default, Deserialize, thiserror::Error)]
#[serde(default)]
#[error("{}", self.text())]
pub struct Problem {
    /// A URI that ends with the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status.
    pub status: u16,
    /// In short.
    pub title: String,
    /// What to do.
    pub detail: String,
    /// When to try again, in seconds.
    #[serde(skip)]
    pub retry_after: Option<u64>,
}

impl Problem {
    /// The stable code.
    pub fn code(&self) -> &str {
        self.kind.strip_prefix(problem::TYPE).unwrap_or(&self.kind)
    }

    fn text(&self) -> String {
        let said = if self.detail.is_empty() { &self.title } else { &self.detail };
        match self.code() {
            "" | "about:blank" => format!("the node answered {}: {said}", self.status),
            code => format!("{said} ({code})"),
        }
    }
}

/// What a node says of itself; other members are for people.
#[derive(Debug, Clone, Deserialize)]
pub struct Status {
    /// The network's name.
    pub network: String,
    /// Its genesis hash.
    pub genesis: Hash,
    /// The latest certified height.
    pub height: u64,
    /// That block's time in milliseconds.
    pub time: u64,
}

/// An answer with its status.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body as it came.
    pub body: Vec<u8>,
    /// When to try again, in seconds.
    pub retry_after: Option<u64>,
}

/// A node.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    url: String,
}

#[derive(Deserialize)]
struct Accepted {
    id: Hash,
}

impl Client {
    /// The node at `url`. Nothing is sent yet.
    pub fn new(url: &str) -> Client {
        Client { agent: agent(REQUEST_TIME_MAX), url: url.trim_end_matches('/').to_owned() }
    }

    /// The node's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What the node says of itself.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn status(&self) -> Result<Status, ClientError> {
        self.read("/v1/status")
    }

    /// The genesis document's bytes, as the node has them.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn genesis(&self) -> Result<Vec<u8>, ClientError> {
        self.get("/v1/genesis")
    }

    /// The answer about a record, with its proof.
    ///
    /// # Errors
    /// The node cannot be reached or fails. That there is no such record is an answer.
    pub fn record(&self, key: &str) -> Result<Vec<u8>, ClientError> {
        let reply = self.ask(&format!("/v1/records/{}?proof=true", encoded(key)))?;
        if reply.status == 404 && is_json_object_with(&reply.body, "proof") {
            return Ok(reply.body);
        }
        self.expect_success(reply).map(|reply| reply.body)
    }

    /// The resolution result for a question, with its proof where it has one. Absence, an old
    /// version and deactivation are results like any other, whatever their HTTP status.
    ///
    /// # Errors
    /// The node cannot be reached or fails.
    pub fn resolve(&self, question: &Question) -> Result<Reply, ClientError> {
        let mut path = format!("/1.0/identifiers/{}?proof=true", encoded(&question.did));
        if let Some(version) = &question.version_id {
            path.push_str(&format!("&versionId={}", encoded(version)));
        }
        if let Some(moment) = &question.version_time {
            path.push_str(&format!("&versionTime={}", encoded(moment)));
        }
        let reply = self.send(
            Request::get(format!("{}{path}", self.url))
                .header("accept", "application/did-resolution"),
            &[],
        )?;
        if is_json_object_with(&reply.body, "didResolutionMetadata") {
            return Ok(reply);
        }
        self.expect_success(reply)
    }

    /// The dereferencing result for a DID URL, with its proof where it has one. Absence is a result
    /// like any other, whatever its HTTP status.
    ///
    /// # Errors
    /// The node cannot be reached or fails.
    pub fn dereference(&self, url: &str) -> Result<Reply, ClientError> {
        let reply = self.send(
            Request::get(format!("{}/1.0/identifiers/{}?proof=true", self.url, encoded(url)))
                .header("accept", "application/did-url-dereferencing"),
            &[],
        )?;
        if is_json_object_with(&reply.body, "dereferencingMetadata") {
            return Ok(reply);
        }
        self.expect_success(reply)
    }

    /// An event by its id, with its place in the log.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn event(&self, id: &Hash) -> Result<Vec<u8>, ClientError> {
        self.get(&format!("/v1/events/{id}"))
    }

    /// The receipt of an event, as it came.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn receipt(&self, id: &Hash) -> Result<Vec<u8>, ClientError> {
        self.get(&format!("/v1/events/{id}/receipt"))
    }

    /// Submits an event's canonical bytes; returns its id as soon as the node has accepted it.
    ///
    /// # Errors
    /// The rejection, as problem details.
    pub fn submit(&self, event: &[u8]) -> Result<Hash, ClientError> {
        let reply = self.post_until_accepted("/v1/events", event)?;
        let strange = |why: serde_json::Error| self.strange("/v1/events", &why);
        serde_json::from_slice(&reply.body).map(|accepted: Accepted| accepted.id).map_err(strange)
    }

    /// Submits an event's canonical bytes and waits until it is certified; returns the receipt as
    /// it came.
    ///
    /// # Errors
    /// The rejection, as problem details; [`ClientError::Pending`] after a while.
    pub fn submit_and_wait(&self, event: &[u8]) -> Result<Vec<u8>, ClientError> {
        let deadline = Instant::now() + CERTIFICATION_TIME_MAX;
        let reply = self.post_until_accepted("/v1/events?wait=certified", event)?;
        if reply.status == 200 {
            return Ok(reply.body);
        }
        let accepted: Accepted =
            serde_json::from_slice(&reply.body).map_err(|why| self.strange("/v1/events", &why))?;
        while Instant::now() < deadline {
            match self.receipt(&accepted.id) {
                Err(ClientError::Refused(problem)) if problem.status == 404 => {}
                other => return other,
            }
            std::thread::sleep(Duration::from_millis(250));
        }
        Err(ClientError::Pending(accepted.id))
    }

    /// Sends the bytes of a blob that is proposed.
    ///
    /// # Errors
    /// Nobody answers, or the node refuses them.
    pub fn put_blob(&self, id: &str, bytes: &[u8]) -> Result<(), ClientError> {
        let patient = Client { agent: agent(UPLOAD_TIME_MAX), url: self.url.clone() };
        let request = Request::put(format!("{}/v1/blobs/{id}", self.url))
            .header("content-type", "application/octet-stream");
        self.expect_success(patient.send(request, bytes)?).map(drop)
    }

    /// The answer to a question that is posted: 200 and 404 both are one.
    ///
    /// # Errors
    /// Nobody answers, or the answer is an error.
    pub fn query(&self, path: &str, question: &[u8]) -> Result<Reply, ClientError> {
        let request =
            Request::post(format!("{}{path}", self.url)).header("content-type", "application/json");
        match self.send(request, question)? {
            reply if reply.status == 404 => Ok(reply),
            reply => self.expect_success(reply),
        }
    }

    /// What stands at a path.
    ///
    /// # Errors
    /// Nobody answers, or the answer is an error.
    pub fn get(&self, path: &str) -> Result<Vec<u8>, ClientError> {
        self.ask(path).and_then(|reply| self.expect_success(reply)).map(|reply| reply.body)
    }

    /// What stands at a path, if anything does.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn find(&self, path: &str) -> Result<Option<Vec<u8>>, ClientError> {
        match self.ask(path)? {
            Reply { status: 404, .. } => Ok(None),
            reply => self.expect_success(reply).map(|reply| Some(reply.body)),
        }
    }

    /// What stands at a path, read as JSON.
    ///
    /// # Errors
    /// As [`Client::get`], or the answer is other JSON.
    pub fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        serde_json::from_slice(&self.get(path)?).map_err(|why| self.strange(path, &why))
    }

    /// All entries of a list, page after page. `path` has a query; `name` is the list's in a page.
    ///
    /// # Errors
    /// As [`Client::read`].
    pub fn pages<T: DeserializeOwned>(
        &self,
        path: &str,
        name: &str,
    ) -> Result<Vec<T>, ClientError> {
        let mut entries = Vec::new();
        let mut next = path.to_owned();
        loop {
            let mut page: Value = self.read(&next)?;
            let found = page.get_mut(name).map(Value::take).unwrap_or_default();
            let found: Vec<T> =
                serde_json::from_value(found).map_err(|why| self.strange(&next, &why))?;
            entries.extend(found);
            match page.get("cursor").and_then(Value::as_str) {
                Some(cursor) => next = format!("{path}&cursor={}", encoded(cursor)),
                None => return Ok(entries),
            }
        }
    }

    /// What stands at a path, whatever its status.
    ///
    /// # Errors
    /// Nobody answers.
    pub fn ask(&self, path: &str) -> Result<Reply, ClientError> {
        self.send(Request::get(format!("{}{path}", self.url)), &[])
    }

    /// Posts, and again while the node says that it is full.
    fn post_until_accepted(&self, path: &str, body: &[u8]) -> Result<Reply, ClientError> {
        let deadline = Instant::now() + CERTIFICATION_TIME_MAX;
        loop {
            let request = Request::post(format!("{}{path}", self.url))
                .header("content-type", "application/json");
            let reply = self.send(request, body)?;
            let pause = Duration::from_secs(reply.retry_after.unwrap_or(1).min(10));
            if reply.status != 503 || Instant::now() + pause > deadline {
                return self.expect_success(reply);
            }
            std::thread::sleep(pause);
        }
    }

    fn send(
        &self,
        request: ureq::http::request::Builder,
        body: &[u8],
    ) -> Result<Reply, ClientError> {
        let unreachable = |why: ureq::Error| ClientError::Unreachable {
            url: self.url.clone(),
            why: why.to_string(),
        };
        let refuse = |why: ureq::http::Error| ClientError::Unreachable {
            url: self.url.clone(),
            why: why.to_string(),
        };
        let sends = |method: &ureq::http::Method| method == "POST" || method == "PUT";
        let response = if request.method_ref().is_some_and(sends) {
            self.agent.run(request.body(body).map_err(refuse)?)
        } else {
            self.agent.run(request.body(()).map_err(refuse)?)
        };
        let mut response: Response<Body> = response.map_err(unreachable)?;
        let retry_after = response.headers().get("retry-after");
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
        let status = response.status().as_u16();
        let mut body = Vec::new();
        // The limit is on what comes out: a little that is compressed may be a lot.
        let mut decoded = response.body_mut().as_reader().take(RESPONSE_BYTES_MAX + 1);
        decoded.read_to_end(&mut body).map_err(|why| unreachable(why.into()))?;
        if body.len() as u64 > RESPONSE_BYTES_MAX {
            let why = format!("an answer of more than {RESPONSE_BYTES_MAX} bytes");
            return Err(ClientError::Strange { url: self.url.clone(), why });
        }
        Ok(Reply { status, body, retry_after })
    }

    fn expect_success(&self, reply: Reply) -> Result<Reply, ClientError> {
        if (200..300).contains(&reply.status) {
            return Ok(reply);
        }
        let text = || String::from_utf8_lossy(&reply.body).chars().take(200).collect();
        let mut problem = serde_json::from_slice(&reply.body)
            .unwrap_or_else(|_| Problem { detail: text(), ..Problem::default() });
        problem.status = reply.status;
        problem.retry_after = reply.retry_after;
        Err(ClientError::Refused(problem))
    }

    fn strange(&self, path: &str, why: &serde_json::Error) -> ClientError {
        ClientError::Strange { url: format!("{}{path}", self.url), why: why.to_string() }
    }
}

fn agent(patience: Duration) -> Agent {
    let config = Agent::config_builder()
        .timeout_global(Some(patience))
        .timeout_connect(Some(Duration::from_secs(5)))
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .user_agent(concat!("dzong/", env!("CARGO_PKG_VERSION")))
        .build();
    config.new_agent()
}

/// Reads a receipt as a node sent it.
///
/// # Errors
/// It is none.
pub fn read_receipt(bytes: &[u8]) -> Result<Receipt, ClientError> {
    serde_json::from_slice(bytes).map_err(|why| ClientError::Strange {
        url: "the node".into(),
        why: format!("not a receipt: {why}"),
    })
}

fn is_json_object_with(body: &[u8], member: &str) -> bool {
    serde_json::from_slice::<serde_json::Value>(body).is_ok_and(|value| value.get(member).is_some())
}

/// Percent-encodes all but the unreserved characters of RFC 3986, and `/`.
pub fn encoded(text: &str) -> String {
    encode(text, |byte| is_unreserved(byte) || byte == b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dids_in_paths_are_encoded() {
        assert_eq!(encoded("did:ndi:bt:Qm?x"), "did%3Andi%3Abt%3AQm%3Fx");
        assert_eq!(encoded("did/did:a"), "did/did%3Aa");
    }

    #[test]
    fn problems_read_well() {
        let text = r#"{"type":"urn:dzong:problem:stale-version","title":"t","detail":"read it"}"#;
        let problem: Problem = serde_json::from_str(text).unwrap();
        assert_eq!(problem.code(), "stale-version");
        assert_eq!(problem.to_string(), "read it (stale-version)");
        let bare = Problem { status: 502, title: "Bad Gateway".into(), ..Problem::default() };
        assert_eq!(bare.to_string(), "the node answered 502: Bad Gateway");
    }
}
