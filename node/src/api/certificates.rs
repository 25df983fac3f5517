//! DPKI certificates (Act s.41): the status of one, and the list of those that its issuer ended.

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use registry::trust::{Certificate, Crl, is_sha256, listing};
use serde_json::json;

use super::Api;
use super::answer::{Answer, Keep};
use super::records;
use super::request::{flag, known_options};
use super::schema::{did, hash};
use super::table::{Table, read};
use crate::problem::Problem;

/// The media type of a list in DER (RFC 2585, 4.2).
const CRL: &str = "application/pkix-crl";

pub(super) fn routes(table: Table) -> Table {
    let status = read(
        status,
        "getCertificate",
        "What was registered of a certificate, and whether it counts.",
    )
    .at("fingerprint", hash(), "The SHA-256 of its DER bytes.");
    let list = read(list, "getCrl", "An issuer's list of certificates that ended (RFC 5280).").at(
        "issuer",
        did(),
        "The issuer's DID.",
    );
    let list = records::described(list).answer(
        200,
        "The list as the issuer signed it; with `proof` the record that holds it.",
        CRL,
        json!({ "type": "string", "contentMediaType": CRL }),
    );
    table
        .path("/v1/certificates/{fingerprint}", [records::described(status)])
        .path("/v1/crl/{issuer}", [list])
}

/// `GET /v1/certificates/{fingerprint}[?proof=true]`
async fn status(
    State(api): State<Api>,
    Path(fingerprint): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !is_sha256(&fingerprint) {
        return Err(Problem::bad_request(
            "a certificate is named by the SHA-256 of its DER bytes: 64 lower-case digits",
        ));
    }
    let key = listing::key::<Certificate>(&fingerprint);
    records::answer(&api, key, query.as_deref(), &headers)
}

/// `GET /v1/crl/{issuer}[?proof=true]`: the list itself, as software fetches it whose certificates
/// say that it is here (RFC 5280, 4.2.1.13); with `proof` the record that holds it.
async fn list(
    State(api): State<Api>,
    Path(issuer): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let options = known_options(query.as_deref(), &["proof"])?;
    let key = Crl::key(&issuer);
    if flag(&options, "proof")? {
        return records::answer(&api, key, query.as_deref(), &headers);
    }
    let snapshot = api.snapshot();
    let record = snapshot.record(&key)?;
    let record = record.ok_or_else(|| {
        Problem::not_found("the issuer has published no list: ask with `proof=true` for proof")
    })?;
    let list: Crl =
        serde_json::from_str(record.content.get()).map_err(|error| Problem::fault(&error))?;
    let der = BASE64.decode(list.crl).map_err(|error| Problem::fault(&error))?;
    Ok(Answer::dense(snapshot.height(), Keep::Briefly, CRL, der).to(&headers))
}
