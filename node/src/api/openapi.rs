//! `GET /openapi.json`: this interface, described for machines.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::Api;
use super::answer::{Answer, Keep};
use super::schema::any_object;
use super::table::{JSON, Table, read};

pub(super) fn routes(table: Table) -> Table {
    let show = read(show, "getOpenApi", "This document.").kept(JSON, any_object());
    table.path("/openapi.json", [show])
}

async fn show(State(api): State<Api>, headers: HeaderMap) -> Response {
    let document = api.0.document.clone();
    Answer::json(api.snapshot().height(), Keep::Briefly, document).to(&headers)
}
