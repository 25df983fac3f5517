//! URLs and URIs in a document: the URL Standard's valid URL strings and RFC 3986.

use std::net::Ipv6Addr;

use crate::did::{DID_URL_BYTES_MAX, DidUrl, is_encoded, is_relative_did_url, split_at};

use super::rules::{DID_URL, PASSWORD, SCHEME, SERVICE_ENDPOINT};
use super::{Checked, Rule, require};

/// Checks a URL that has a scheme; `rule` is what is broken if it is none.
pub(super) fn check_absolute(text: &str, rule: &'static Rule) -> Checked {
    if text.starts_with("did:") {
        return require(DidUrl::parse(text).is_ok(), &DID_URL);
    }
    let (scheme, rest) = scheme(text).ok_or_else(|| rule.broken())?;
    let (rest, fragment) = split_at(rest, '#');
    let (hierarchy, query) = split_at(rest, '?');
    let (authority, path) = match hierarchy.strip_prefix("//") {
        Some(rest) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            (Some(authority), path)
        }
        None => (None, hierarchy),
    };
    let (user, host) = authority
        .map(|text| text.rsplit_once('@').map_or(("", text), |(user, host)| (user, host)))
        .unzip();
    let ok = text.len() <= DID_URL_BYTES_MAX
        && user.is_none_or(is_url_text)
        && host.is_none_or(is_host)
        && (!needs_host(scheme) || host.is_some_and(|host| !host.is_empty()))
        && is_url_text(path)
        && query.is_none_or(is_url_text)
        && fragment.is_none_or(is_url_text);
    require(ok, rule)?;
    require(!user.is_some_and(|user| user.contains(':')), &PASSWORD)
}

/// Checks an absolute URL or a relative DID URL.
pub(super) fn check_any(text: &str, rule: &'static Rule) -> Checked {
    if is_relative_did_url(text) { Ok(()) } else { check_absolute(text, rule) }
}

/// Checks an endpoint's URL: absolute, or relative to the DID in a way that cannot be taken for a
/// forgotten scheme, as `example.com/agent` would be.
pub(super) fn check_endpoint(text: &str) -> Checked {
    if scheme(text).is_some() {
        return check_absolute(text, &SERVICE_ENDPOINT);
    }
    let relative = is_relative_did_url(text);
    require(relative || text.starts_with("//"), &SERVICE_ENDPOINT)?;
    require(relative && text.starts_with(['/', '?', '#']), &SCHEME)
}

/// The URL's scheme (RFC 3986 3.1) and what follows its colon.
pub(super) fn scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let ok = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    (ok && !rest.is_empty()).then_some((scheme, rest))
}

/// The URL Standard's special schemes, but for `file`, whose host may be empty.
fn needs_host(scheme: &str) -> bool {
    ["http", "https", "ws", "wss", "ftp"].iter().any(|name| name.eq_ignore_ascii_case(scheme))
}

/// A host, or an address in brackets, and perhaps a port.
fn is_host(text: &str) -> bool {
    let digits = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
    if let Some((address, port)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address.parse::<Ipv6Addr>().is_ok()
            && (port.is_empty() || port.strip_prefix(':').is_some_and(digits));
    }
    let (host, port) = split_at(text, ':');
    is_url_text(host) && port.is_none_or(digits)
}

/// The URL Standard's URL code points, and percent-encodings. Noncharacters and ASCII's controls,
/// blanks and delimiters are none of them.
fn is_url_text(text: &str) -> bool {
    let beyond_ascii = |c: char| c >= '\u{a0}' && u32::from(c) & 0xfffe != 0xfffe;
    text.chars()
        .all(|c| c.is_ascii() || (beyond_ascii(c) && !('\u{fdd0}'..='\u{fdef}').contains(&c)))
        && is_encoded(text, |b| {
            !b.is_ascii() || b.is_ascii_alphanumeric() || b"!$&'()*+,-./:;=?@_~".contains(&b)
        })
}
