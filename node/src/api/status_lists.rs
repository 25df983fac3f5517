//! Lists of statuses as other software reads them: W3C Bitstring Status List and IETF Token Status
//! List, signed by the provider whom the issuer named.

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use serde_json::json;

use super::Api;
use super::answer::{Answer, Keep};
use super::request::{aside, known_options, moment, number};
use super::schema::{self, any_object, count, hash, one_of};
use super::table::{Table, read};
use crate::problem::Problem;
use crate::status_list::{
    CREDENTIAL_JWT_TYPE, CREDENTIAL_TYPE, Form, Purpose, TOKEN_CWT_TYPE, TOKEN_JWT_TYPE,
};

pub(super) fn routes(table: Table) -> Table {
    let bytes = |name: &str| json!({ "type": "string", "contentMediaType": name });
    let purposes = Purpose::ALL.map(Purpose::name);
    let bitstring = read(
        bitstring,
        "getBitstringStatusList",
        "W3C Bitstring Status List 1.0: a credential for each purpose.",
    )
    .at("id", hash(), "The registry's id.")
    .at("purpose", one_of(&purposes), "What a set bit says.")
    .option("timestamp", schema::time(), "As it was at the end of this second.")
    .kept(CREDENTIAL_TYPE, any_object())
    .kept(CREDENTIAL_JWT_TYPE, bytes(CREDENTIAL_JWT_TYPE))
    .problem(404, "There is no such list, not of that time, or this node does not sign it.");
    let token = read(token, "getTokenStatusList", "IETF Token Status List, two bits a slot.")
        .at("id", hash(), "The registry's id.")
        .option("time", count(), "As it was at the end of this second since 1970.")
        .kept(TOKEN_JWT_TYPE, bytes(TOKEN_JWT_TYPE))
        .kept(TOKEN_CWT_TYPE, bytes(TOKEN_CWT_TYPE))
        .problem(404, "There is no such list, not of that time, or this node does not sign it.");
    table
        .path("/v1/status/{id}/bitstring/{purpose}", [bitstring])
        .path("/v1/status/{id}/tsl", [token])
}

/// `GET /v1/status/{id}/bitstring/{purpose}[?timestamp=T]`
async fn bitstring(
    State(api): State<Api>,
    Path((id, purpose)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let options = known_options(query.as_deref(), &["timestamp"])?;
    let time = moment(&options, "timestamp")?;
    let unknown = || Problem::not_found("lists are for `revocation` and for `suspension`");
    let purpose = Purpose::named(&purpose).ok_or_else(unknown)?;
    let jwt = wants(&headers, CREDENTIAL_JWT_TYPE);
    serve(api, id, Form::Bitstring { purpose, jwt }, time, headers).await
}

/// `GET /v1/status/{id}/tsl[?time=T]`
async fn token(
    State(api): State<Api>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let options = known_options(query.as_deref(), &["time"])?;
    let time = number(&options, "time")?.map(|seconds| seconds.saturating_mul(1000));
    let cwt = wants(&headers, TOKEN_CWT_TYPE);
    serve(api, id, Form::Token { cwt }, time, headers).await
}

/// Whether the client asks for this very type.
fn wants(headers: &HeaderMap, media_type: &str) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let types = accept.unwrap_or_default().split(',');
    types.filter_map(|part| part.split(';').next()).any(|name| name.trim() == media_type)
}

async fn serve(
    api: Api,
    id: String,
    form: Form,
    time: Option<u64>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let snapshot = api.snapshot();
    let height = snapshot.height();
    let work = move || match &api.status_lists {
        // The text means all of its second.
        Some(server) => {
            server.list(&snapshot, &id, form, time.map(|time| time.saturating_add(999)))
        }
        None => Err(Problem::not_found("this node signs no lists of statuses: ask another")),
    };
    let body = aside(work).await?;
    let answer = Answer::dense(height, Keep::Briefly, form.media_type(), body);
    let mut response = answer.to(&headers);
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    Ok(response)
}
