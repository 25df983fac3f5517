//! Authorisation credentials of who is listed (Act s.96), made from the listing. The node holds no
//! key: they are signed elsewhere.

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use registry::projections::{Party, party_prefix};
use registry::trust::credential::credential;
use registry::trust::{Authorization, Entity, Listed, Listing as _, listing};

use super::Api;
use super::answer::{Answer, Keep};
use super::request::known_options;
use super::schema::{any_object, did};
use super::table::{JSON, Table, read};
use crate::problem::Problem;

/// Most authorizations in one credential; what it leaves out, TRQP answers.
const AUTHORIZATIONS_MAX: usize = 256;

/// Most rows of the index that are looked at.
const SCAN_MAX: usize = 4_000;

pub(super) fn routes(table: Table) -> Table {
    let show = read(
        show,
        "getAuthorizationCredential",
        "What an organisation is authorised for, as a W3C credential to be signed (s.96).",
    )
    .at("did", did(), "Who is listed.")
    .option("issuer", did(), "Who will sign it; without it, who listed the organisation.")
    .kept(JSON, any_object())
    .problem(404, "It is not listed, does not count, or is authorised for nothing.");
    table.path("/v1/credentials/{did}", [show])
}

/// `GET /v1/credentials/{did}[?issuer=DID]`
async fn show(
    State(api): State<Api>,
    Path(entity): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let options = known_options(query.as_deref(), &["issuer"])?;
    let snapshot = api.snapshot();
    let record = snapshot.record(&listing::key::<Entity>(&entity))?;
    let listed = record.and_then(|record| Listed::<Entity>::read(&record.content));
    let listed = listed.ok_or_else(|| Problem::not_found("nobody is listed under this DID"))?;
    let issuer = options.get("issuer").unwrap_or(&listed.listing.registrar);
    let authorizations = format!("{}/", Authorization::PREFIX);
    let index = party_prefix(Party::Subject, &entity);
    let keys =
        snapshot.projected(&index, &authorizations, None, AUTHORIZATIONS_MAX, SCAN_MAX)?.names;
    let time = snapshot.head().time;
    let made = snapshot.ask(|view| credential(issuer, &entity, time, &keys, view))?;
    let made = made.map_err(Problem::not_found)?;
    Ok(Answer::value(snapshot.height(), Keep::Briefly, &made).to(&headers))
}
