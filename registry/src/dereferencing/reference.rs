//! What a `relativeRef` means at a service's endpoint (RFC 3986, section 5), and never outside it.
//!
//! A reference that begins with a slash is taken below the endpoint's own path, as the standard's
//! example has it; by RFC 3986 alone it would replace that path, which the standard's security
//! considerations forbid. docs/decisions/0004 tells why.

use crate::did::{is_encoded, remove_dot_segments, split_at};

/// Checks what holds at every endpoint: the reference is relative and climbs nowhere, in whatever
/// encoding.
pub(super) fn check(reference: &str) -> Result<(), &'static str> {
    let (rest, fragment) = split_at(reference, '#');
    let (path, query) = split_at(rest, '?');
    let plain = |text: &str| is_encoded(text, |b| b.is_ascii_alphanumeric() || SAFE.contains(&b));
    if !plain(path) || ![query, fragment].into_iter().flatten().all(plain) {
        return Err("`relativeRef` is a relative reference of RFC 3986, percent-encoded once");
    }
    let first = path.split('/').next().unwrap_or_default();
    if path.starts_with("//") || first.contains(':') {
        return Err("`relativeRef` is relative: it names no scheme and no host");
    }
    if decoded_wholly(path).split(['/', '\\']).any(|segment| segment == "..") {
        return Err("`relativeRef` leads out of the endpoint");
    }
    Ok(())
}

/// RFC 3986: what may stand in a path, query or fragment without being encoded.
const SAFE: &[u8] = b"-._~!$&'()*+,;=:@/?";

/// Decodes until nothing is left to decode, so that no number of encodings hides a segment. Each
/// byte is pushed once and popped at most once: what a decoded byte completes is decoded at once.
fn decoded_wholly(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        decoded.push(byte);
        while let [.., b'%', high, low] = decoded[..]
            && let (Some(high), Some(low)) = (hex(high), hex(low))
        {
            decoded.truncate(decoded.len() - 3);
            decoded.push(16 * high + low);
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// The URL at an endpoint that a checked reference means, with the fragment that the DID URL hands
/// on.
pub(super) fn below(
    endpoint: &str,
    reference: Option<&str>,
    fragment: Option<&str>,
) -> Result<String, &'static str> {
    let mut url = match reference {
        None => endpoint.to_owned(),
        Some(reference) => resolve(endpoint, reference)?,
    };
    if let Some(fragment) = fragment {
        if url.contains('#') {
            return Err("the service's URL has a fragment of its own");
        }
        url.push('#');
        url.push_str(fragment);
    }
    Ok(url)
}

fn resolve(endpoint: &str, reference: &str) -> Result<String, &'static str> {
    let (base, _) = split_at(endpoint, '#');
    let (base, base_query) = split_at(base, '?');
    let (scheme, hier) = base.split_once(':').ok_or("the service's endpoint is not a URL")?;
    let (authority, base_path) = match hier.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            (format!("{scheme}://{authority}"), path)
        }
        // A DID is an authority of its own kind (DID Core, relative DID URLs).
        None => {
            let end = hier.find('/').unwrap_or(hier.len());
            let (name, path) = hier.split_at(end);
            (format!("{scheme}:{name}"), path)
        }
    };
    let (rest, fragment) = split_at(reference, '#');
    let (path, query) = split_at(rest, '?');
    let (path, query) = match path {
        "" => (base_path.to_owned(), query.or(base_query)),
        _ if path.starts_with('/') => (below_path(base_path.trim_end_matches('/'), path), query),
        _ => {
            let folder = base_path.rfind('/').map_or("", |end| base_path.get(..end).unwrap_or(""));
            (below_path(folder, &format!("/{path}")), query)
        }
    };
    let query = query.map_or_else(String::new, |query| format!("?{query}"));
    let fragment = fragment.map_or_else(String::new, |fragment| format!("#{fragment}"));
    Ok(format!("{authority}{path}{query}{fragment}"))
}

fn below_path(folder: &str, path: &str) -> String {
    format!("{folder}{}", remove_dot_segments(path))
}
