//! The page that a person looks at: what `explorer/dist` holds, built into the binary. A file that
//! the page loads is named by its bytes, so a browser keeps it for ever and never mixes versions.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use super::answer::{entity_tag, is_known};
use super::request::accepts_gzip;
use super::schema::text;
use super::table::{Table, read};
use crate::problem::Problem;

/// The page's own files and this node's answers, and nothing from elsewhere. Of what a page can do
/// beyond that, only WebAssembly is allowed: the verifier.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
                      style-src 'self'; img-src data:; connect-src 'self'; \
                      frame-ancestors 'none'; base-uri 'none'; form-action 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

const HTML: &str = "text/html; charset=utf-8";

/// Digits of a file's hash in its name.
const HASH_DIGITS: usize = 16;

/// A file of the page, as it is and compressed.
struct File {
    name: String,
    content_type: &'static str,
    plain: Coded,
    gzip: Coded,
}

/// A file's bytes in one coding, and the tag of just these.
struct Coded {
    bytes: &'static [u8],
    tag: HeaderValue,
}

macro_rules! file {
    ($stem:literal, $ending:literal, $content_type:expr) => {{
        let bytes = include_bytes!(concat!("../../../explorer/dist/", $stem, ".", $ending));
        let gzip = include_bytes!(concat!("../../../explorer/dist/", $stem, ".", $ending, ".gz"));
        let mut hash = hex::encode(Sha256::digest(bytes));
        hash.truncate(HASH_DIGITS);
        File {
            name: format!("{}.{hash}.{}", $stem, $ending),
            content_type: $content_type,
            plain: Coded { bytes, tag: entity_tag(bytes, false) },
            gzip: Coded { bytes: gzip, tag: entity_tag(gzip, true) },
        }
    }};
}

static PAGE: LazyLock<File> = LazyLock::new(|| file!("index", "html", HTML));

static ASSETS: LazyLock<[File; 3]> = LazyLock::new(|| {
    [
        file!("app", "js", "text/javascript; charset=utf-8"),
        file!("style", "css", "text/css; charset=utf-8"),
        file!("verifier", "wasm", "application/wasm"),
    ]
});

pub(super) fn routes(table: Table) -> Table {
    let page = read(page, "getPage", "The page for people.").any_query().kept(HTML, text());
    let asset = read(asset, "getAsset", "A file of the page, named by its bytes.")
        .at("name", text(), "The file's name.")
        .problem(404, "This version's page has no such file.");
    let asset = ASSETS.iter().fold(asset, |asset, file| asset.kept(file.content_type, text()));
    table.path("/", [page]).path("/assets/{name}", [asset])
}

/// `GET /`
pub(super) async fn page(headers: HeaderMap) -> Response {
    let mut response = PAGE.to(&headers, "no-cache");
    for (name, value) in
        [(header::CONTENT_SECURITY_POLICY, POLICY), (header::REFERRER_POLICY, "no-referrer")]
    {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// `GET /assets/{name}`
pub(super) async fn asset(
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let file = ASSETS.iter().find(|file| file.name == name);
    let file = file.ok_or_else(|| Problem::not_found("this version has no such file: reload"))?;
    Ok(file.to(&headers, "public, max-age=31536000, immutable"))
}

impl File {
    /// The response; to a client that has these very bytes, only that.
    fn to(&self, request: &HeaderMap, keep: &'static str) -> Response {
        let squeezed = accepts_gzip(request);
        let coded = if squeezed { &self.gzip } else { &self.plain };
        let mut response = if is_known(request, &coded.tag) {
            axum::http::StatusCode::NOT_MODIFIED.into_response()
        } else if squeezed {
            ([(header::CONTENT_ENCODING, "gzip")], coded.bytes).into_response()
        } else {
            coded.bytes.into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        headers.insert(header::ETAG, coded.tag.clone());
        response
    }
}
