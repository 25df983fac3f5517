//! Which form of an answer about a DID a client wants (DID Resolution, HTTP binding; and what
//! clients really send).

use registry::resolution::request::Goal;

/// The media type of a resolution result.
pub(super) const RESULT: &str = "application/did-resolution";

/// What clients of DID Resolution 0.3 ask for a result with: errors are words there.
pub(super) const RESULT_OLD: &str =
    r#"application/ld+json;profile="https://w3id.org/did-resolution""#;

/// The media type of the result of dereferencing.
pub(super) const DEREFERENCING: &str = "application/did-url-dereferencing";

/// The same of DID Resolution 0.3.
pub(super) const DEREFERENCING_OLD: &str =
    r#"application/ld+json;profile="https://w3id.org/did-url-dereferencing""#;

/// The media type of lists of URLs.
pub(super) const URI_LIST: &str = "text/uri-list";

/// The types in which a document alone can be had. They are all one text: DID Core's JSON.
pub(super) const DOCUMENTS: [&str; 5] =
    ["application/did", "application/did+json", "application/did+ld+json", LD, JSON];

const JSON: &str = "application/json";
const LD: &str = "application/ld+json";

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The whole result of what is asked for, as plain JSON.
    Any,
    /// The whole result of resolution; `old` with errors as words.
    Resolution { old: bool },
    /// The whole result of dereferencing; `old` with errors as words.
    Dereferencing { old: bool },
    /// The document or other content alone, with this content type.
    Content(&'static str),
    /// The URLs of services.
    UriList,
}

impl Form {
    /// Whether errors are words.
    pub(super) fn is_old(self) -> bool {
        matches!(self, Form::Resolution { old: true } | Form::Dereferencing { old: true })
    }

    /// Whether a result in this form is one of dereferencing, where the request is.
    pub(super) fn dereferences(self, request: bool) -> bool {
        match self {
            Form::Resolution { .. } => false,
            Form::Dereferencing { .. } => true,
            Form::Any | Form::Content(_) | Form::UriList => request,
        }
    }

    /// The content type of a whole result in this form, which errors have, too.
    pub(super) fn result_type(self, dereferencing: bool) -> &'static str {
        match self {
            Form::Any | Form::Content(JSON) => JSON,
            Form::Resolution { old: true } => RESULT_OLD,
            Form::Dereferencing { old: true } => DEREFERENCING_OLD,
            _ if dereferencing => DEREFERENCING,
            _ => RESULT,
        }
    }
}

/// What an `Accept` header asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The form of the answer.
    pub(super) form: Form,
    /// What a whole result is to be of.
    pub(super) goal: Goal,
}

/// The form that an `Accept` header asks for first; `None` where it wants nothing that there is.
pub(super) fn negotiate(accept: Option<&str>) -> Option<Wanted> {
    // Some clients take a result for JSON only if it says so, and they send no `Accept`.
    let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else {
        return Some(Wanted { form: Form::Any, goal: Goal::Any });
    };
    let mut forms: Vec<(u32, Form)> = split(accept, ',').into_iter().filter_map(read).collect();
    // Of two with one quality the first counts.
    forms.sort_by_key(|(quality, _)| std::cmp::Reverse(*quality));
    let form = forms.first().map(|(_, form)| *form)?;
    let mut content = forms.iter().map(|(_, form)| *form);
    let content = content.find(|form| matches!(form, Form::Content(_) | Form::UriList));
    let uri_list = content.map(|form| form == Form::UriList);
    let goal = match form {
        Form::Dereferencing { .. } => Goal::Dereferencing { uri_list },
        Form::UriList => Goal::UriList,
        Form::Any | Form::Resolution { .. } | Form::Content(_) => Goal::Any,
    };
    Some(Wanted { form, goal })
}

/// One range of the header, with its quality if that is not zero.
fn read(range: &str) -> Option<(u32, Form)> {
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
        (LD, Some("https://w3id.org/did-resolution")) => Form::Resolution { old: true },
        (LD, Some("https://w3id.org/did-url-dereferencing")) => Form::Dereferencing { old: true },
        ("*/*" | "application/*", _) => Form::Any,
        (RESULT, _) => Form::Resolution { old: false },
        (DEREFERENCING, _) => Form::Dereferencing { old: false },
        (URI_LIST, _) => Form::UriList,
        (other, _) => Form::Content(DOCUMENTS.into_iter().find(|known| *known == other)?),
    };
    (quality > 0).then_some((quality, form))
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
        use Form::*;
        let new = Some(Resolution { old: false });
        for (accept, form) in [
            ("", Some(Any)),
            ("*/*", Some(Any)),
            ("application/did-resolution", new),
            (RESULT_OLD, Some(Resolution { old: true })),
            (
                "application/did+ld+json;q=0.5, application/ld+json; \
                 profile=\"https://w3id.org/did-resolution\"",
                Some(Resolution { old: true }),
            ),
            ("application/did", Some(Content("application/did"))),
            ("Application/DID+JSON", Some(Content("application/did+json"))),
            ("application/did+ld+json", Some(Content("application/did+ld+json"))),
            ("application/ld+json", Some(Content("application/ld+json"))),
            ("application/json", Some(Content("application/json"))),
            ("text/html, application/json;q=0.9, */*;q=0.8", Some(Content("application/json"))),
            ("application/did-resolution,application/did", new),
            ("application/did-url-dereferencing", Some(Dereferencing { old: false })),
            (DEREFERENCING_OLD, Some(Dereferencing { old: true })),
            ("text/uri-list", Some(UriList)),
            ("text/html", None),
            ("application/did;q=0", None),
            ("*/*;q=0.1, application/did-resolution;q=0.25", new),
        ] {
            assert_eq!(negotiate(Some(accept)).map(|wanted| wanted.form), form, "{accept}");
        }
        assert_eq!(negotiate(None).map(|wanted| wanted.form), Some(Any));
    }

    #[test]
    fn the_type_behind_a_whole_result_is_that_of_its_content() {
        for (accept, uri_list) in [
            ("application/did-url-dereferencing", None),
            ("application/did-url-dereferencing, text/uri-list", Some(true)),
            ("text/uri-list;q=0.5, application/did-url-dereferencing", Some(true)),
            ("application/did-url-dereferencing, application/did, text/uri-list", Some(false)),
        ] {
            let goal = negotiate(Some(accept)).map(|wanted| wanted.goal);
            assert_eq!(goal, Some(Goal::Dereferencing { uri_list }), "{accept}");
        }
    }
}
