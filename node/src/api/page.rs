//! The page that a person looks at.

use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::schema::text;
use super::table::{Operation, Table, read};

/// The page's own files and this node's answers, and nothing from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; \
                      connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
                      form-action 'self'";

pub(super) fn routes(table: Table) -> Table {
    let file = |operation: Operation, content_type| {
        operation.any_query().answer(200, "The file.", content_type, text())
    };
    table
        .path("/", [file(read(page, "getPage", "The page for people."), HTML)])
        .path("/page.css", [file(read(style, "getStyle", "Its style."), CSS)])
        .path("/page.js", [file(read(script, "getScript", "Its script."), SCRIPT)])
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// `GET /`
pub(super) async fn page() -> Response {
    file(HTML, include_str!("../page/index.html"))
}

/// `GET /page.css`
pub(super) async fn style() -> Response {
    file(CSS, include_str!("../page/page.css"))
}

/// `GET /page.js`
pub(super) async fn script() -> Response {
    file(SCRIPT, include_str!("../page/page.js"))
}

fn file(content_type: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}
