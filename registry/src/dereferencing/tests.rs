use super::reference::{below, check};

/// The URL that a reference means at an endpoint, or nothing where it is refused.
fn url(endpoint: &str, reference: &str, fragment: Option<&str>) -> Option<String> {
    check(reference).ok()?;
    below(endpoint, Some(reference), fragment).ok()
}

#[test]
fn a_reference_means_what_stands_below_the_endpoint() {
    for (endpoint, reference, expected) in [
        // The example of DID Resolution.
        (
            "https://example.com/messages/8377464",
            "/some/path?query",
            "https://example.com/messages/8377464/some/path?query",
        ),
        ("https://example.com", "/a", "https://example.com/a"),
        ("https://example.com/", "/a", "https://example.com/a"),
        ("https://example.com/x/", "a/b", "https://example.com/x/a/b"),
        ("https://example.com/x/y", "a", "https://example.com/x/a"),
        ("https://example.com/x/y", "./a", "https://example.com/x/a"),
        ("https://example.com/x?q=1", "", "https://example.com/x?q=1"),
        ("https://example.com/x?q=1", "?r=2", "https://example.com/x?r=2"),
        ("https://example.com/x?q=1", "#f", "https://example.com/x?q=1#f"),
        ("https://example.com/x#g", "/a#f", "https://example.com/x/a#f"),
        ("did:example:123", "/a", "did:example:123/a"),
        ("https://example.com/x", "/a/.../b", "https://example.com/x/a/.../b"),
    ] {
        assert_eq!(url(endpoint, reference, None).as_deref(), Some(expected), "{reference}");
    }
    let url = url("https://example.com/m", "/a?q", Some("frag"));
    assert_eq!(url.as_deref(), Some("https://example.com/m/a?q#frag"));
}

#[test]
fn a_reference_leads_nowhere_else() {
    for reference in [
        "../x",
        "/../x",
        "a/../../x",
        "/a/..",
        "%2E%2E%2Fx",
        "%2e%2e/x",
        ".%2E/x",
        "%252E%252E%252Fx",
        "%25252e%25252e/x",
        "..%5Cx",
        "..\\x",
        "//evil.example/x",
        "https://evil.example/",
        "javascript:alert(1)",
        "a b",
        "é",
        "%zz",
        "a\u{0}",
        "?q=<",
    ] {
        assert_eq!(url("https://example.com/base/", reference, None), None, "{reference}");
    }
    assert_eq!(below("https://e.example/#own", None, Some("frag")).ok(), None, "two fragments");
}
