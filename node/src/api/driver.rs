//! What the DIF Universal Resolver asks of a driver besides resolution.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use registry::events::Body;
use serde_json::json;

use super::Api;
use super::answer::{Answer, Keep};
use super::schema::{any_object, list, object, text};
use super::table::{JSON, Table, read};
use crate::problem::Problem;

/// The method.
const METHOD: &str = "ndi";

/// DIDs that are shown as examples.
const EXAMPLES: usize = 5;

pub(super) fn routes(table: Table) -> Table {
    let of = |schema| object([(METHOD, schema)]);
    table
        .path(
            "/1.0/properties",
            [read(properties, "getProperties", "What this driver is set to.")
                .kept(JSON, of(any_object()))],
        )
        .path(
            "/1.0/methods",
            [read(methods, "getMethods", "The DID methods that are resolved.")
                .kept(JSON, list(text()))],
        )
        .path(
            "/1.0/testIdentifiers",
            [read(examples, "getTestIdentifiers", "DIDs to try resolution with.")
                .kept(JSON, of(list(text())))],
        )
        .path(
            "/1.0/traits",
            [read(traits, "getTraits", "What the DID methods can do.")
                .kept(JSON, of(any_object()))],
        )
}

async fn properties(State(api): State<Api>, headers: HeaderMap) -> Response {
    let snapshot = api.snapshot();
    let properties = json!({
        "genesis": snapshot.genesis().hash(),
        "kinds": Body::KINDS,
        "network": snapshot.genesis().network(),
        "version": env!("CARGO_PKG_VERSION"),
    });
    Answer::value(snapshot.height(), Keep::Briefly, &json!({ METHOD: properties })).to(&headers)
}

async fn methods(State(api): State<Api>, headers: HeaderMap) -> Response {
    Answer::value(api.snapshot().height(), Keep::Briefly, &json!([METHOD])).to(&headers)
}

async fn examples(State(api): State<Api>, headers: HeaderMap) -> Result<Response, Problem> {
    let snapshot = api.snapshot();
    let records = snapshot.records("did/", None, EXAMPLES)?;
    let dids: Vec<&str> = records.iter().filter_map(|(key, _)| key.strip_prefix("did/")).collect();
    Ok(Answer::value(snapshot.height(), Keep::Briefly, &json!({ METHOD: dids })).to(&headers))
}

async fn traits(State(api): State<Api>, headers: HeaderMap) -> Response {
    let traits = json!({
        "deactivatable": true,
        "deletable": false,
        "enumerable": true,
        "historyAvailable": true,
        "historySigned": true,
        "humanReadable": false,
        "updatable": true,
    });
    Answer::value(api.snapshot().height(), Keep::Briefly, &json!({ METHOD: traits })).to(&headers)
}
