//! The set-up of the slot accumulator as wallets fetch it: the table alone, in half the bytes.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use registry::blob::BlobState;
use registry::slots::{Table as Points, slots_of, table_in};
use registry::status::PowersOfTau;

use super::answer::{Answer, Keep};
use super::request::aside;
use super::schema::text;
use super::table::{OCTETS, Table, read};
use super::{Api, schema};
use crate::problem::Problem;

pub(super) fn routes(table: Table) -> Table {
    let points = "The table of a set-up: for each slot a point of G1, compressed.";
    let points = read(points_of, "getTable", points)
        .at("id", text(), "The set-up: the id of an active blob of the kind `powersOfTau`.")
        .kept(OCTETS, schema::any())
        .problem(404, "There is no such set-up.")
        .problem(503, "This node is fetching the blob.");
    table.path("/v1/powers-of-tau/{id}/table", [points])
}

/// `GET /v1/powers-of-tau/{id}/table`
async fn points_of(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let snapshot = api.snapshot();
    let work = move || -> Result<Answer, Problem> {
        let none = || Problem::not_found("no active blob of this id is a set-up");
        let is_set_up =
            |state: &BlobState| state.is_active() && state.kind == PowersOfTau::BLOB_KIND;
        let state = snapshot.blob_state(&id)?.filter(is_set_up).ok_or_else(none)?;
        let slots = slots_of(state.size).ok_or_else(none)?;
        let bytes = snapshot.blob(&id, table_in(slots))?.ok_or_else(none)?;
        let points = Points::adopted(&bytes).map_err(|error| Problem::fault(&error))?;
        Ok(Answer::dense(snapshot.height(), Keep::Forever, OCTETS, points.pack()))
    };
    Ok(aside(work).await?.to(&headers))
}
