//! What every request passes: paths that mean one thing, headers that every answer has, counts.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use registry::json;
use registry::resolution::request::decode;
use registry::time;

use super::Api;
use super::answer::HEIGHT;
use super::front::Counters;
use super::resolution::PREFIX;
use crate::problem::Problem;

/// The longest path with its query. A DID URL has at most 2,048 bytes, each perhaps encoded.
const PATH_BYTES_MAX: usize = 8 << 10;

/// Refuses what is odd, and finishes every answer.
pub(super) async fn guard(State(api): State<Api>, request: Request, next: Next) -> Response {
    let since = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = match check_path(&request) {
        Err(problem) => problem.into_response(),
        Ok(()) if request.method() == Method::OPTIONS => preflight(),
        Ok(()) => next.run(request).await,
    };
    let headers = response.headers_mut();
    // Everything here is public, and credentials play no part.
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // No answer without a height, refusals included.
    headers.entry(HEIGHT).or_insert_with(|| HeaderValue::from(api.snapshot().height()));
    let exposed = HeaderValue::from_static(
        "accept-ranges, content-range, dzong-height, dzong-version-from, dzong-version-to, etag, \
         location, retry-after",
    );
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    let status = response.status();
    let route = route.as_ref().map_or("other", MatchedPath::as_str);
    let counters = Counters {
        requests: api.metrics.requests.with_label_values(&[route, status.as_str()]),
        seconds: api.metrics.seconds.with_label_values(&[route]),
    };
    counters.count(since);
    response.extensions_mut().insert(counters);
    response
}

/// What a browser asks before it sends.
fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST, PUT, OPTIONS"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "accept, content-type, if-none-match, last-event-id, range",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// A path is plain ASCII once decoded, climbs nowhere, and is not long.
fn check_path(request: &Request) -> Result<(), Problem> {
    let uri = request.uri();
    if uri.path().len() + uri.query().map_or(0, str::len) > PATH_BYTES_MAX {
        let title = "the path is too long";
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "path", title, "shorten the path"));
    }
    // What is odd about an identifier, resolution itself has errors for.
    if uri.path().starts_with(PREFIX) {
        return Ok(());
    }
    let odd = || Problem::bad_request("the path is not plain: encode it once, without dots alone");
    let path = decode(uri.path()).ok_or_else(odd)?;
    let climbs = path.split('/').any(|segment| segment == "." || segment == "..");
    if climbs || !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(odd());
    }
    Ok(())
}

/// The names and values of a query, decoded. `None` where one is badly encoded.
pub(super) fn pairs(query: Option<&str>) -> Option<Vec<(String, String)>> {
    let parts = query.unwrap_or_default().split('&').filter(|part| !part.is_empty());
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        // Only in form data is a plus sign a space, and times and DIDs have both.
        Some((decode(name)?, decode(value)?))
    };
    parts.map(pair).collect()
}

/// The options of a query where nothing but `known` may stand.
pub(super) fn known_options(
    query: Option<&str>,
    known: &[&str],
) -> Result<BTreeMap<String, String>, Problem> {
    let wrong = || Problem::bad_request("an option stands twice, or is badly encoded");
    let pairs = pairs(query).ok_or_else(wrong)?;
    let count = pairs.len();
    let options: BTreeMap<String, String> = pairs.into_iter().collect();
    if options.len() != count {
        return Err(wrong());
    }
    match options.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => {
            let known = known.join("`, `");
            Err(Problem::bad_request(format!("`{name}` is no option here: use `{known}`")))
        }
        None => Ok(options),
    }
}

/// A yes or no of a query; no where it does not stand.
pub(super) fn flag(options: &BTreeMap<String, String>, name: &str) -> Result<bool, Problem> {
    match options.get(name).map(String::as_str) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Problem::bad_request(format!("`{name}` is `true` or `false`"))),
    }
}

/// The length of a page that a query asks for.
pub(super) fn limit(
    options: &BTreeMap<String, String>,
    usual: u64,
    most: u64,
) -> Result<usize, Problem> {
    let limit = number(options, "limit")?.unwrap_or(usual);
    if !(1..=most).contains(&limit) {
        return Err(Problem::bad_request(format!("`limit` is from 1 to {most}")));
    }
    Ok(usize::try_from(limit).unwrap_or(usize::MAX))
}

/// A number in its one spelling, at most what every JSON library holds exactly.
pub(super) fn index(text: &str) -> Option<u64> {
    let number = text.parse().ok().filter(|number: &u64| number.to_string() == text)?;
    Some(number).filter(|number| *number <= json::INTEGER_MAX.unsigned_abs())
}

/// A number of a query.
pub(super) fn number(
    options: &BTreeMap<String, String>,
    name: &str,
) -> Result<Option<u64>, Problem> {
    let wrong = || Problem::bad_request(format!("`{name}` is a number"));
    options.get(name).map(|text| index(text).ok_or_else(wrong)).transpose()
}

/// A moment of a query, in milliseconds since 1970.
pub(super) fn moment(
    options: &BTreeMap<String, String>,
    name: &str,
) -> Result<Option<u64>, Problem> {
    let wrong = || Problem::bad_request(format!("`{name}` is a time as 2026-11-21T12:00:00Z"));
    options.get(name).map(|text| time::parse(text).ok_or_else(wrong)).transpose()
}

/// Whether the client reads gzip: RFC 9110, 12.5.3, as far as this one coding goes.
pub(super) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    let codings = values.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    codings.into_iter().any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

/// What reads the disk or calculates, where it holds up no other request.
pub(super) async fn aside<T, E>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, Problem>
where
    T: Send + 'static,
    E: Into<Problem> + Send + 'static,
{
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| Problem::fault(&error))?;
    done.map_err(Into::into)
}

/// The body, within its size and its time.
pub(super) async fn read_body(
    patience: Duration,
    body: Body,
    bytes_max: usize,
) -> Result<Bytes, Problem> {
    match tokio::time::timeout(patience, Limited::new(body, bytes_max).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "the body is too large",
            format!("the body has at most {bytes_max} bytes"),
        )),
        Ok(Err(_)) => Err(Problem::bad_request("the body broke off")),
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "slow-body",
            "the body took too long",
            "send the body at once",
        )),
    }
}
