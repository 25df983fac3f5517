//! Which form of an answer about a DID a client wants (DID Resolution, HTTP binding; and what
//! clients really send).

/// The media type of a resolution result.
pub(super) const RESULT: &str = "application/did-resolution";

/// What clients of DID Resolution 0.3 ask for a result with: errors are words there.
pub(super) const RESULT_OLD: &str =
    r#"application/ld+json;profile="https://w3id.org/did-resolution""#;

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The whole result, with this content type.
    Result(&'static str),
    /// The whole result, with errors as words.
    OldResult,
    /// The document alone, with this content type.
    Document(&'static str),
}

impl Form {
    /// The content type of the whole result in this form, which errors have, too.
    pub(super) fn result_type(self) -> &'static str {
        match self {
            Form::Result(content_type) => content_type,
            Form::OldResult => RESULT_OLD,
            Form::Document("application/json") => "application/json",
            Form::Document(_) => RESULT,
        }
    }
}

/// The form that an `Accept` header asks for first; `None` where it wants nothing that there is.
pub(super) fn negotiate(accept: Option<&str>) -> Option<Form> {
    // Some clients take a result for JSON only if it says so, and they send no `Accept`.
    let any = Form::Result("application/json");
    let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else { return Some(any) };
    let mut best: Option<(u32, Form)> = None;
    for range in split(accept, ',') {
        let mut parts = split(range, ';').into_iter();
        let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
        let (mut quality, mut profile) = (1000, None);
        for parameter in parts {
            match parameter.split_once('=') {
                Some((name, value)) if name.trim().eq_ignore_ascii_case("q") => {
                    quality = parse_quality(value.trim());
                }
                Some((name, value)) if name.trim().eq_ignore_ascii_case("profile") => {
                    profile = Some(value.trim().trim_matches('"'));
                }
                _ => {}
            }
        }
        let form = match (media_type.as_str(), profile) {
            ("application/ld+json", Some("https://w3id.org/did-resolution")) => Form::OldResult,
            ("*/*" | "application/*", _) => any,
            (RESULT, _) => Form::Result(RESULT),
            ("application/did", _) => Form::Document("application/did"),
            ("application/did+json", _) => Form::Document("application/did+json"),
            ("application/did+ld+json", _) => Form::Document("application/did+ld+json"),
            ("application/ld+json", _) => Form::Document("application/ld+json"),
            ("application/json", _) => Form::Document("application/json"),
            _ => continue,
        };
        // Of two with one quality the first counts.
        if quality > best.map_or(0, |(quality, _)| quality) {
            best = Some((quality, form));
        }
    }
    best.map(|(_, form)| form)
}

/// RFC 9110, 12.4.2: up to three decimals, here in thousandths. What is no quality counts as 1.
fn parse_quality(text: &str) -> u32 {
    match text.split_once('.') {
        None if text == "0" => 0,
        Some(("0", decimals)) if decimals.len() <= 3 => {
            format!("{decimals:0<3}").parse().unwrap_or(1000)
        }
        _ => 1000,
    }
}

/// Splits at a separator that does not stand between quotes, and trims.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut quoted = false;
    let parts = text.split(|c| {
        quoted ^= c == '"';
        c == separator && !quoted
    });
    parts.map(str::trim).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_send_gets_what_they_can_read() {
        use Form::{Document, OldResult, Result};
        for (accept, form) in [
            ("", Some(Result("application/json"))),
            ("*/*", Some(Result("application/json"))),
            ("application/did-resolution", Some(Result(RESULT))),
            (r#"application/ld+json;profile="https://w3id.org/did-resolution""#, Some(OldResult)),
            (
                "application/did+ld+json;q=0.5, application/ld+json; \
                 profile=\"https://w3id.org/did-resolution\"",
                Some(OldResult),
            ),
            ("application/did", Some(Document("application/did"))),
            ("Application/DID+JSON", Some(Document("application/did+json"))),
            ("application/did+ld+json", Some(Document("application/did+ld+json"))),
            ("application/ld+json", Some(Document("application/ld+json"))),
            ("application/json", Some(Document("application/json"))),
            ("text/html, application/json;q=0.9, */*;q=0.8", Some(Document("application/json"))),
            ("text/html", None),
            ("application/did;q=0", None),
            ("*/*;q=0.1, application/did-resolution;q=0.25", Some(Result(RESULT))),
        ] {
            assert_eq!(negotiate(Some(accept)), form, "{accept}");
        }
        assert_eq!(negotiate(None), Some(Result("application/json")));
    }
}
