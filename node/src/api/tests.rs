//! The whole interface over a ledger in memory, without sockets.

mod log;

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use proofs::trust::{Freshness, Trust};
use registry::answer;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::*;
use crate::clock::now_ms;
use crate::config::Disk;
use crate::space::Room;
use crate::testing::{AtOnce, World, key};
use conformance::Document;

mod blobs;
mod certificates;
mod conformance;
mod credentials;
mod dereferencing;
mod interface;
mod lists;
mod registrar;
mod resources;
mod stream;

struct Web {
    world: Arc<World>,
    front: Front,
}

struct Got {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    body: Bytes,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        let code = problem["type"].as_str().unwrap().strip_prefix("urn:dzong:problem:").unwrap();
        (self.status.as_u16(), code.to_owned())
    }
}

impl Web {
    fn new() -> Web {
        Web::of(World::new())
    }

    fn of(world: Arc<World>) -> Web {
        let agreement = Arc::new(AtOnce(world.clone()));
        Web::with(world, agreement)
    }

    fn with(world: Arc<World>, agreement: Arc<dyn Agreement>) -> Web {
        Web::made(world, agreement, Room { free: 1 << 40, total: 1 << 40 })
    }

    fn with_room(world: Arc<World>, room: Room) -> Web {
        let agreement = Arc::new(AtOnce(world.clone()));
        Web::made(world, agreement, room)
    }

    fn made(world: Arc<World>, agreement: Arc<dyn Agreement>, room: Room) -> Web {
        let disk = Disk { reserve_bytes: 0, ..Disk::default() };
        let space =
            Space::measured(Box::new(move || Ok(room)), &std::env::temp_dir().join("none"), &disk);
        space.look();
        let parts = Parts {
            moniker: "test".into(),
            ledger: world.ledger.clone(),
            blobs: world.blobs.clone(),
            space: Arc::new(space),
            agreement,
            intake: Intake::start(world.admission.clone(), 64, 1),
            waiting: world.waiting.clone(),
            checkpoints: world.checkpoints.clone(),
            feed: world.feed.clone(),
            metrics: world.metrics.clone(),
            status_lists: None,
            wait: Duration::from_secs(5),
            body: Duration::from_millis(200),
            heartbeat: Duration::from_secs(5),
        };
        Web { world, front: front(parts) }
    }

    /// The answer to a request, which the document must describe.
    async fn send(&self, request: Request<Body>) -> Got {
        let (method, path) = (request.method().clone(), request.uri().to_string());
        let response: Response<Body> = self.front.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let got = Got { status: parts.status, headers: parts.headers, body };
        self.document().check(method.as_str(), &path, &got);
        got
    }

    /// The status alone, of an answer that may not end.
    async fn first(&self, request: Request<Body>) -> StatusCode {
        self.front.clone().oneshot(request).await.unwrap().status()
    }

    async fn head(&self, path: &str) -> Got {
        self.send(Request::head(path).body(Body::empty()).unwrap()).await
    }

    fn document(&self) -> Document {
        Document::new(&table().finish().1)
    }

    async fn get(&self, path: &str) -> Got {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn get_as(&self, path: &str, accept: &str) -> Got {
        let request = Request::get(path).header("accept", accept);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn post(&self, path: &str, body: impl Into<Body>) -> Got {
        self.send(Request::post(path).body(body.into()).unwrap()).await
    }

    fn trust(&self) -> Trust {
        Trust::from_genesis(self.world.ledger.genesis().bytes()).unwrap()
    }

    fn verdict(&self, answer: &[u8]) -> proofs::Verdict {
        let freshness = Freshness { now: now_ms(), age_max: Some(60_000) };
        answer::check(&self.trust(), answer, freshness)
    }

    fn assert_valid(&self, answer: &[u8]) {
        let verdict = self.verdict(answer);
        assert!(verdict.is_valid(), "{verdict}");
    }

    /// A DID with two versions, and then perhaps its end.
    fn life(&self, seed: u8, ended: bool) -> String {
        let key = key(seed);
        let (did, event) = self.world.did_created(&key);
        self.world.decide_events(&[event]);
        let document = json!({
            "@context": ["https://www.w3.org/ns/did/v1.1"],
            "alsoKnownAs": ["https://example.bt/"],
            "id": did,
        });
        let members = json!({ "previousVersion": 1, "document": document });
        let event = self.world.changed("DidUpdated", &did, &key, members);
        self.world.decide_events(&[event]);
        if ended {
            let members = json!({ "previousVersion": 2 });
            let event = self.world.changed("DidDeactivated", &did, &key, members);
            self.world.decide_events(&[event]);
        }
        did
    }
}

#[tokio::test]
async fn an_event_is_submitted_waited_for_and_receipted() {
    let web = Web::new();
    let (did, event) = web.world.did_created(&key(50));
    let got = web.post("/v1/events?wait=certified", event.clone()).await;
    assert_eq!(got.status, StatusCode::OK);
    web.assert_valid(&got.body);
    let id = got.json()["id"].as_str().unwrap().to_owned();
    let again = web.post("/v1/events", event).await;
    assert_eq!((again.status, &again.body), (StatusCode::OK, &got.body), "the same receipt");
    let receipt = web.get(&format!("/v1/events/{id}/receipt")).await;
    assert_eq!(receipt.body, got.body);
    assert!(receipt.header("cache-control").contains("immutable"));
    let shown = web.get(&format!("/v1/events/{id}")).await.json();
    assert_eq!((&shown["height"], &shown["event"]["author"]), (&json!(1), &json!(did)));
    let list = web.get("/v1/events?limit=1").await.json();
    assert_eq!((&list["events"][0]["id"], &list["next"]), (&json!(id), &json!(1)));
    let rest = web.get("/v1/events?from=1").await.json();
    assert_eq!((&rest["events"], &rest["next"], &rest["size"]), (&json!([]), &json!(2), &json!(2)));
}

#[tokio::test]
async fn a_node_with_little_space_reads_and_takes_nothing() {
    let web = Web::with_room(World::new(), Room { free: 5 << 20, total: 1 << 40 });
    let (did, event) = web.world.did_created(&key(50));
    web.world.decide_events(std::slice::from_ref(&event));
    let refused = web.post("/v1/events", event).await;
    assert_eq!(refused.problem(), (503, "disk-full".to_owned()));
    let ready = web.get("/readyz").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    let detail = ready.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("5 MB are free") && detail.contains("goes on by itself"), "{detail}");
    let status = web.get("/v1/status").await.json();
    assert_eq!((&status["diskLow"], &status["ready"]), (&json!(true), &json!(false)));
    let metrics = web.get("/metrics").await;
    assert!(String::from_utf8_lossy(&metrics.body).contains("\ndzong_disk_low 1\n"));
    assert_eq!(web.get(&format!("/1.0/identifiers/{did}")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn without_wait_an_event_is_pending() {
    let web = Web::new();
    let (_, event) = web.world.did_created(&key(50));
    let got = web.post("/v1/events", event).await;
    assert_eq!(got.status, StatusCode::ACCEPTED);
    assert_eq!(got.json()["status"], "pending");
    assert_eq!(
        got.header("location"),
        format!("/v1/events/{}", got.json()["id"].as_str().unwrap())
    );
}

#[tokio::test]
async fn refusals_are_problems_with_stable_codes() {
    let web = Web::new();
    let (_, event) = web.world.did_created(&key(50));
    let spaced = [b" ", &event[..]].concat();
    let refused = web.post("/v1/events", spaced).await.problem();
    assert_eq!(refused, (400, "json-not-canonical".into()));
    let text = String::from_utf8(event.to_vec()).unwrap();
    let at = text.find("\"proofValue\":\"z").unwrap() + 30;
    let mut forged = text.clone().into_bytes();
    forged[at] = if forged[at] == b'2' { b'3' } else { b'2' };
    assert_eq!(web.post("/v1/events", forged).await.problem(), (422, "signature".into()));
    let large = vec![b' '; 65_536];
    assert_eq!(web.post("/v1/events", large).await.problem(), (413, "event-too-large".into()));
    let slow = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
    assert_eq!(web.post("/v1/events", slow).await.problem(), (408, "slow-body".into()));
    assert_eq!(web.post("/v1/events?wait=ever", event.clone()).await.problem().0, 400);
    let did = web.life(51, false);
    let stale = json!({ "previousVersion": 1 });
    let stale = web.world.changed("DidDeactivated", &did, &key(51), stale);
    assert_eq!(web.post("/v1/events", stale).await.problem(), (409, "stale-version".into()));
    for (path, status) in [
        ("/nothing", 404),
        ("/v1/events/xyz", 400),
        (&*format!("/v1/events/{}", "0".repeat(64)), 404),
        ("/v1/blocks/99", 404),
        ("/v1/blocks/latest?x=1", 400),
        ("/v1/records/../x", 400),
        ("/v1/records/%2e%2e/x", 400),
        ("/v1/records/a%00b", 400),
        ("/v1/records/a%zz", 400),
        ("/log/checkpoint", 404),
    ] {
        assert_eq!(web.get(path).await.problem().0, status, "{path}");
    }
    let long = format!("/v1/records/{}", "a".repeat(9_000));
    assert_eq!(web.get(&long).await.problem().0, 414);
    let delete = Request::delete("/v1/events").body(Body::empty()).unwrap();
    assert_eq!(web.send(delete).await.problem().0, 405);
}

#[tokio::test]
async fn a_did_is_resolved_in_every_form_that_clients_read() {
    let web = Web::new();
    let did = web.life(50, false);
    let path = format!("/1.0/identifiers/{did}");
    for (accept, content_type, whole) in [
        ("*/*", "application/json", true),
        ("application/did-resolution", "application/did-resolution", true),
        (
            "application/ld+json;profile=\"https://w3id.org/did-resolution\"",
            "application/ld+json;profile=\"https://w3id.org/did-resolution\"",
            true,
        ),
        ("application/did", "application/did", false),
        ("application/did+ld+json", "application/did+ld+json", false),
        ("application/did+json", "application/did+json", false),
        ("application/ld+json", "application/ld+json", false),
        ("application/json", "application/json", false),
    ] {
        let got = web.get_as(&path, accept).await;
        assert_eq!((got.status, got.header("content-type")), (StatusCode::OK, content_type));
        let document = if whole { got.json()["didDocument"].clone() } else { got.json() };
        assert_eq!(document["id"], json!(did), "{accept}");
        assert_eq!(
            (got.header("dzong-height"), got.header("vary")),
            ("2", "accept, accept-encoding")
        );
    }
    let none = web.get(&path).await;
    assert_eq!(none.header("content-type"), "application/json");
    assert_eq!(none.json()["didDocumentMetadata"]["versionId"], "2");
    let other = web.get_as(&path, "text/html").await;
    assert_eq!(other.status, StatusCode::NOT_ACCEPTABLE);
    let kind = &other.json()["didResolutionMetadata"]["error"]["type"];
    assert_eq!(kind, "https://www.w3.org/ns/did#REPRESENTATION_NOT_SUPPORTED");
    let old = "application/ld+json;profile=\"https://w3id.org/did-resolution\"";
    let old = web.get_as(&path, old).await.json();
    assert_eq!(old["didResolutionMetadata"]["contentType"], "application/did+ld+json");
}

#[tokio::test]
async fn versions_are_found_in_every_spelling_and_proven() {
    let web = Web::new();
    let did = web.life(50, false);
    let encoded = did.replace(':', "%3A");
    for path in [
        format!("/1.0/identifiers/{did}?versionId=1"),
        format!("/1.0/identifiers/{encoded}?versionId=1"),
        format!("/1.0/identifiers/{encoded}%3FversionId%3D1"),
        format!("/1.0/identifiers/{encoded}?versionId=1&proof=true"),
    ] {
        let got = web.get(&path).await;
        assert_eq!(got.status, StatusCode::OK, "{path}");
        let answer = got.json();
        assert_eq!(answer["didDocument"]["alsoKnownAs"], Value::Null);
        assert_eq!(answer["didDocumentMetadata"]["nextVersionId"], "2");
        if path.ends_with("true") {
            web.assert_valid(&got.body);
        }
    }
    for (question, valid) in [("proof=true", true), ("versionId=2&proof=true", true), ("", false)] {
        let got = web.get(&format!("/1.0/identifiers/{did}?{question}")).await;
        assert_eq!(web.verdict(&got.body).is_valid(), valid, "{question}");
    }
    for (question, status, code) in [
        ("versionId=3", 404, "NOT_FOUND"),
        ("versionId=x", 400, "INVALID_OPTIONS"),
        ("versionId=1&versionTime=2026-01-01T00:00:00Z", 400, "INVALID_OPTIONS"),
        ("versionTime=2020-01-01T00:00:00Z", 404, "NOT_FOUND"),
        ("versionId=1&versionId=2", 400, "INVALID_DID_URL"),
        ("expandRelativeUrls=perhaps", 400, "INVALID_OPTIONS"),
        ("transformKey=jwk", 501, "FEATURE_NOT_SUPPORTED"),
        ("noCache=maybe", 400, "INVALID_OPTIONS"),
    ] {
        let got = web.get(&format!("/1.0/identifiers/{encoded}?{question}")).await;
        let error = got.json()["didResolutionMetadata"]["error"]["type"].clone();
        assert_eq!(got.status.as_u16(), status, "{question}");
        assert_eq!(error, json!(format!("https://www.w3.org/ns/did#{code}")), "{question}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_in_both_shapes_and_proven() {
    let web = Web::new();
    web.life(50, false);
    let (absent, _) = web.world.did_created(&key(60));
    let old = "application/ld+json;profile=\"https://w3id.org/did-resolution\"";
    for (did, status, word) in [
        ("did:web:example.bt", 501, "methodNotSupported"),
        ("did:ndi:other:QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR", 501, "methodNotSupported"),
        ("did", 400, "invalidDid"),
        ("did:ndi:bt-test:Q%25", 400, "invalidDid"),
        (&absent, 404, "notFound"),
    ] {
        let got = web.get_as(&format!("/1.0/identifiers/{did}"), old).await;
        let error = got.json()["didResolutionMetadata"]["error"].clone();
        assert_eq!((got.status.as_u16(), error), (status, json!(word)), "{did}");
    }
    let got = web.get(&format!("/1.0/identifiers/{absent}?proof=true")).await;
    assert_eq!(got.status, StatusCode::NOT_FOUND);
    web.assert_valid(&got.body);
    let got = web.get(&format!("/v1/records/did/{absent}?proof=true")).await;
    assert_eq!((got.status, &got.json()["record"]), (StatusCode::NOT_FOUND, &Value::Null));
    web.assert_valid(&got.body);
    assert_eq!(web.get(&format!("/v1/records/did/{absent}")).await.problem().0, 404);
}

#[tokio::test]
async fn a_deactivated_did_is_gone_with_its_history() {
    let web = Web::new();
    let did = web.life(50, true);
    let path = format!("/1.0/identifiers/{did}");
    for accept in ["*/*", "application/did-resolution", "application/did", "application/json"] {
        let got = web.get_as(&path, accept).await;
        assert_eq!(got.status, StatusCode::GONE, "{accept}");
        assert_eq!(got.json()["didDocumentMetadata"]["deactivated"], true);
        assert_eq!(got.json()["didDocument"], Value::Null);
    }
    let old = web.get(&format!("{path}?versionId=1&proof=true")).await;
    assert_eq!(old.status, StatusCode::GONE);
    assert_eq!(old.json()["didDocument"]["id"], json!(did));
    web.assert_valid(&old.body);
    web.assert_valid(&web.get(&format!("{path}?proof=true")).await.body);
}

#[tokio::test]
async fn a_client_that_has_the_answer_gets_it_not_again() {
    let web = Web::new();
    let path = format!("/1.0/identifiers/{}", web.life(50, false));
    let tag = web.get(&path).await.header("etag").to_owned();
    assert!(tag.len() == 34, "{tag}");
    let again = Request::get(&path).header("if-none-match", &tag).body(Body::empty()).unwrap();
    let again = web.send(again).await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(again.header("etag"), tag);
    let bare = web.get_as(&path, "application/did").await;
    assert_ne!(bare.header("etag"), tag, "another form has another tag");
}

#[tokio::test]
async fn the_node_describes_itself() {
    let web = Web::new();
    let unready = web.get("/readyz").await.problem();
    assert_eq!(unready, (503, "not-ready".into()));
    let did = web.life(50, false);
    assert_eq!(web.get("/healthz").await.status, StatusCode::OK);
    assert_eq!(web.get("/readyz").await.status, StatusCode::OK);
    let status = web.get("/v1/status").await.json();
    let expected = json!({ "height": 2, "ready": true, "role": "validator", "validators": 4 });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&status[name], value, "{name}");
    }
    let genesis = web.get("/v1/genesis").await;
    assert_eq!(&genesis.body[..], web.world.ledger.genesis().bytes());
    assert_eq!(web.get("/v1/validators").await.json()["validators"].as_array().unwrap().len(), 4);
    assert_eq!(web.get("/v1/peers").await.json()["peers"], json!([]));
    assert_eq!(web.get("/v1/evidence").await.json()["evidence"], json!([]));
    let block = web.get("/v1/blocks/latest").await.json();
    assert_eq!((&block["id"], &block["header"]["height"]), (&status["block"], &json!(2)));
    assert_eq!(web.get("/v1/blocks/1").await.json()["events"].as_array().unwrap().len(), 1);
    let record = web.get(&format!("/v1/records/did/{did}?proof=true")).await;
    web.assert_valid(&record.body);
    assert_eq!(web.get("/log/tile/0/000.p/4").await.body.len(), 4 * 32);
    let entries = web.get("/log/tile/entries/000.p/4").await.body;
    let length = usize::from(u16::from_be_bytes([entries[0], entries[1]]));
    assert_eq!(&entries[2..3], b"{");
    assert!(entries.len() > length);
    assert_eq!(web.get("/log/tile/0/000.p/5").await.problem().0, 404);
    let metrics = String::from_utf8(web.get("/metrics").await.body.to_vec()).unwrap();
    assert!(metrics.contains("dzong_height 2\n") && metrics.contains("engine 1"), "{metrics}");
    assert!(!metrics.contains("# EOF") && !metrics.contains(&did));
}

#[tokio::test]
async fn the_page_loads_only_what_this_binary_holds() {
    let web = Web::new();
    let page = web.get("/").await;
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(page.header("cache-control"), "no-cache");
    let text = String::from_utf8(page.body.to_vec()).unwrap();
    let paths: Vec<&str> = text.split('"').filter(|part| part.starts_with("/assets/")).collect();
    assert_eq!(paths.len(), 3, "{text}");
    for path in paths {
        let plain = web.get(path).await;
        assert_eq!(plain.status, StatusCode::OK, "{path}");
        assert!(plain.header("cache-control").contains("immutable"));
        let request = || Request::get(path);
        let packed = request().header("accept-encoding", "br, gzip;q=0.8").body(Body::empty());
        let packed = web.send(packed.unwrap()).await;
        assert_eq!(
            (packed.header("content-encoding"), &packed.body[..2]),
            ("gzip", &[31, 139][..])
        );
        assert!(packed.body.len() < plain.body.len());
        assert_ne!(packed.header("etag"), plain.header("etag"), "each coding has its own tag");
        let refused = request().header("accept-encoding", "gzip;q=0").body(Body::empty());
        assert_eq!(web.send(refused.unwrap()).await.body, plain.body);
        let known = request().header("if-none-match", plain.header("etag")).body(Body::empty());
        assert_eq!(web.send(known.unwrap()).await.status, StatusCode::NOT_MODIFIED);
    }
    let old = "/assets/app.0000000000000000.js";
    assert_eq!(web.get(old).await.problem().0, 404, "never another version's bytes");
}

#[tokio::test]
async fn a_trust_chain_leads_to_the_newest_header() {
    let web = Web::new();
    assert_eq!(web.get("/v1/trust-chain").await.problem().0, 404, "nothing is certified yet");
    web.life(50, false);
    let freshness = Freshness { now: now_ms(), age_max: None };
    for from in ["", "?from=0", "?from=2", "?from=9007199254740991"] {
        let got = web.get(&format!("/v1/trust-chain{from}")).await;
        let judgement = answer::judge(&web.trust(), &got.body, freshness);
        assert_eq!(judgement.trust.unwrap().height, 2, "{from}: {}", judgement.verdict);
    }
    for odd in ["?from=-1", "?from=18446744073709551616", "?from=x", "?to=1", "?from=1&from=2"] {
        assert_eq!(web.get(&format!("/v1/trust-chain{odd}")).await.problem().0, 400, "{odd}");
    }
}
