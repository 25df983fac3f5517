//! The node and its network: status, validators, trust chain, peers, evidence, genesis.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use registry::network;
use serde_json::{Value, json};

use super::Api;
use super::answer::{Answer, Keep};
use super::health::readiness;
use super::request::{aside, known_options, number};
use super::schema::{any_object, count, flag, hash, list, object, one_of, or_null, text};
use super::table::{JSON, Table, read};
use crate::problem::Problem;

pub(super) fn routes(table: Table) -> Table {
    let status =
        read(status, "getStatus", "The node, its height and its network.").json(status_schema());
    let validators = read(validators, "listValidators", "Who certifies the next height.").kept(
        JSON,
        object([
            ("hash", hash()),
            ("height", count()),
            ("totalPower", count()),
            ("validators", list(any_object())),
        ]),
    );
    let chain =
        read(trust_chain, "getTrustChain", "How trust moves from one height to the newest.")
            .option("from", count(), "The height that the client trusts; 0 for genesis.")
            .kept(
                JSON,
                object([
                    ("genesis", hash()),
                    ("steps", list(any_object())),
                    ("type", one_of(&["DzongTrustChain"])),
                ]),
            )
            .problem(404, "No block is certified yet.");
    let peers = read(peers, "listPeers", "The peers that this node knows.")
        .json(object([("peers", list(any_object()))]));
    let evidence = read(evidence, "listEvidence", "Double signatures that this node has seen.")
        .json(object([("evidence", list(any_object()))]));
    let genesis = read(genesis, "getGenesis", "The genesis document, whose hash is the network.")
        .kept(JSON, any_object());
    table
        .path("/v1/status", [status])
        .path("/v1/validators", [validators])
        .path("/v1/trust-chain", [chain])
        .path("/v1/peers", [peers])
        .path("/v1/evidence", [evidence])
        .path("/v1/genesis", [genesis])
}

fn status_schema() -> Value {
    object([
        ("behind", flag()),
        ("block", hash()),
        ("diskFree", or_null(count())),
        ("diskLow", flag()),
        ("evidence", count()),
        ("genesis", hash()),
        ("halted", or_null(text())),
        ("height", count()),
        ("logSize", count()),
        ("mempool", object([("bytes", count()), ("events", count())])),
        ("moniker", text()),
        ("network", text()),
        ("peers", count()),
        ("ready", flag()),
        ("role", one_of(&["replica", "validator"])),
        ("round", count()),
        ("stateRoot", hash()),
        ("time", count()),
        ("unready", or_null(text())),
        ("validators", count()),
        ("version", text()),
        ("waitingFor", or_null(text())),
        ("watching", flag()),
    ])
}

/// `GET /v1/status`
pub(super) async fn status(State(api): State<Api>, headers: HeaderMap) -> Response {
    let snapshot = api.snapshot();
    let head = snapshot.head();
    let agreement = api.agreement.status();
    let unready = readiness(&api, &agreement).err();
    let body = json!({
        "network": snapshot.genesis().network(),
        "genesis": snapshot.genesis().hash(),
        "moniker": api.moniker,
        "height": head.height,
        "block": head.id,
        "time": head.time,
        "stateRoot": snapshot.tree().root(),
        "logSize": snapshot.log_size(),
        "round": agreement.round,
        "role": if agreement.validator { "validator" } else { "replica" },
        "ready": unready.is_none(),
        "unready": unready,
        "behind": agreement.behind,
        "watching": agreement.watching.is_some(),
        "waitingFor": agreement.watching,
        "peers": agreement.peers,
        "validators": snapshot.validators().as_slice().len(),
        "mempool": { "events": agreement.mempool_events, "bytes": agreement.mempool_bytes },
        "evidence": agreement.evidence,
        "diskFree": api.space.room().map(|room| room.free),
        "diskLow": api.space.problem().is_some(),
        "halted": agreement.halted,
        "version": env!("CARGO_PKG_VERSION"),
    });
    Answer::value(head.height, Keep::Not, &body).to(&headers)
}

/// `GET /v1/validators`: as the record `network/validators` lists them.
pub(super) async fn validators(
    State(api): State<Api>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let snapshot = api.snapshot();
    let record = snapshot.record(network::VALIDATORS)?;
    let list = record.as_ref().and_then(network::validators).unwrap_or_default();
    let body = json!({
        "height": snapshot.height(),
        "hash": snapshot.validators().hash(),
        "totalPower": snapshot.validators().total_power(),
        "validators": list,
    });
    Ok(Answer::value(snapshot.height(), Keep::Briefly, &body).to(&headers))
}

/// `GET /v1/trust-chain?from=H`: the certified hand-overs of the validator set from a height on,
/// and the newest header.
pub(super) async fn trust_chain(
    State(api): State<Api>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let options = known_options(query.as_deref(), &["from"])?;
    let from = number(&options, "from")?.unwrap_or(0);
    let snapshot = api.snapshot();
    let height = snapshot.height();
    let chain = aside(move || snapshot.trust_chain(from)).await?;
    let chain = chain.ok_or_else(|| Problem::not_found("no block is certified yet: ask again"))?;
    Ok(Answer::value(height, Keep::Briefly, &chain).to(&headers))
}

/// `GET /v1/peers`
pub(super) async fn peers(State(api): State<Api>, headers: HeaderMap) -> Response {
    let body = json!({ "peers": api.agreement.peers() });
    Answer::value(api.snapshot().height(), Keep::Not, &body).to(&headers)
}

/// `GET /v1/evidence`: double signatures that this node has seen.
pub(super) async fn evidence(State(api): State<Api>, headers: HeaderMap) -> Response {
    let body: Value = json!({ "evidence": api.agreement.evidence() });
    Answer::value(api.snapshot().height(), Keep::Not, &body).to(&headers)
}

/// `GET /v1/genesis`: the exact bytes, whose hash names the network.
pub(super) async fn genesis(State(api): State<Api>, headers: HeaderMap) -> Response {
    let bytes = Bytes::copy_from_slice(api.ledger.genesis().bytes());
    Answer::json(0, Keep::Forever, bytes).to(&headers)
}
