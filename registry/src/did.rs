//! Decentralized identifiers: the syntax of DID Core 1.1 section 3, and `did:ndi` in particular.
//!
//! **Invariants.** A [`Did`] and an [`NdiDid`] are well formed: only their parsers make them.
//! Identifiers are compared as text; nothing is normalised.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::base58;

/// Longest DID and DID URL that the registry reads, in bytes.
pub const DID_URL_BYTES_MAX: usize = 2048;
/// Longest name of a network, in bytes.
pub const NETWORK_BYTES_MAX: usize = 32;
/// What stands for the SCID in the bytes that the SCID is computed from.
pub const PLACEHOLDER: &str = "{SCID}";

/// Characters of a SHA-256 multihash in base58btc.
const SCID_CHARS: usize = 46;
/// Multihash code of SHA-256 and the digest's length.
const SHA2_256: [u8; 2] = [0x12, 0x20];
/// The multihashes of 32 zero bytes and of 32 bytes 0xff.
const SCID_FIRST: &str = "QmNLei78zWmzUdbeRB3CiUfAizWUrbeeZh5K1rhAQKCh51";
const SCID_LAST: &str = "QmfZy5bvk7a3DQAjCbGNtmrPXWkyVvPrdnZMyBZ5q5ieKG";

/// Text that is not an identifier of the kind asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    /// Longer than [`DID_URL_BYTES_MAX`].
    #[error("an identifier is at most {DID_URL_BYTES_MAX} bytes; shorten it")]
    TooLong,
    /// Not a DID by DID Core section 3.1.
    #[error("not a DID; write did:<method>:<identifier> as DID Core section 3.1 asks")]
    Did,
    /// Not a DID URL by DID Core section 3.2.
    #[error("not a DID URL; write <did>[/path][?query][#fragment], others percent-encoded")]
    DidUrl,
    /// A DID, but not of the method `ndi`.
    #[error("not a did:ndi identifier; write did:ndi:<network>:<scid>")]
    NotNdi,
    /// A name of a network that is not `[a-z0-9-]{1,32}`.
    #[error("a network's name has 1 to 32 lowercase letters, digits or hyphens")]
    Network,
    /// A SCID that is not a SHA-256 multihash in base58btc.
    #[error("an scid is a sha2-256 multihash in base58btc: 46 characters that begin with Qm")]
    Scid,
}

/// A DID: `did:<method>:<method-specific-id>`, without path, query or fragment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Did(String);

impl Did {
    /// Reads a DID.
    ///
    /// # Errors
    /// [`SyntaxError::TooLong`] or [`SyntaxError::Did`].
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let (did, rest) = split_did(text)?;
        if rest.is_empty() { Ok(Self(did.to_owned())) } else { Err(SyntaxError::Did) }
    }

    /// The whole DID.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The method's name, e.g. `ndi`.
    #[must_use]
    pub fn method(&self) -> &str {
        self.0.split(':').nth(1).unwrap_or_default()
    }
}

/// A DID URL: a DID with, perhaps, a path, a query and a fragment. A DID is one too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DidUrl {
    /// The DID at the front.
    pub did: Did,
    /// From the first `/` on, with it; empty if there is none.
    pub path: String,
    /// What stands after `?`.
    pub query: Option<String>,
    /// What stands after `#`.
    pub fragment: Option<String>,
}

impl DidUrl {
    /// Reads an absolute DID URL.
    ///
    /// # Errors
    /// [`SyntaxError::TooLong`], [`SyntaxError::Did`] or [`SyntaxError::DidUrl`].
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let (did, rest) = split_did(text)?;
        let (rest, fragment) = split_at(rest, '#');
        let (path, query) = split_at(rest, '?');
        let path_ok = path.is_empty() || path.starts_with('/');
        let ok = path_ok
            && is_encoded(path, |b| b == b'/' || is_pchar(b))
            && query.is_none_or(is_query)
            && fragment.is_none_or(is_query);
        if !ok {
            return Err(SyntaxError::DidUrl);
        }
        Ok(Self {
            did: Did(did.to_owned()),
            path: path.to_owned(),
            query: query.map(str::to_owned),
            fragment: fragment.map(str::to_owned),
        })
    }
}

/// An identifier of this registry's method: `did:ndi:<network>:<scid>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NdiDid {
    network: String,
    scid: String,
}

impl NdiDid {
    /// Puts an identifier together.
    ///
    /// # Errors
    /// [`SyntaxError::Network`] or [`SyntaxError::Scid`].
    pub fn new(network: &str, scid: &str) -> Result<Self, SyntaxError> {
        if !is_network(network) {
            return Err(SyntaxError::Network);
        }
        if !is_sha256_multihash(scid) {
            return Err(SyntaxError::Scid);
        }
        Ok(Self { network: network.to_owned(), scid: scid.to_owned() })
    }

    /// Reads `did:ndi:<network>:<scid>`.
    ///
    /// # Errors
    /// [`SyntaxError::NotNdi`], [`SyntaxError::Network`] or [`SyntaxError::Scid`].
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let rest = text.strip_prefix("did:ndi:").ok_or(SyntaxError::NotNdi)?;
        let (network, scid) = rest.split_once(':').ok_or(SyntaxError::NotNdi)?;
        Self::new(network, scid)
    }

    /// The network's name, e.g. `bt-demo`.
    #[must_use]
    pub fn network(&self) -> &str {
        &self.network
    }

    /// The self-certifying part.
    #[must_use]
    pub fn scid(&self) -> &str {
        &self.scid
    }

    /// The same identifier as a [`Did`].
    #[must_use]
    pub fn to_did(&self) -> Did {
        Did(self.to_string())
    }
}

/// The SCID of an inception event: the base58btc SHA-256 multihash of its canonical bytes without
/// `proof` and with [`PLACEHOLDER`] wherever the SCID is going to stand.
#[must_use]
pub fn scid(canonical_event_without_proof_with_placeholder: &[u8]) -> String {
    sha256_multihash(canonical_event_without_proof_with_placeholder)
}

/// Whether `did` is the identifier of this inception event (canonical, without `proof`): every
/// occurrence of its SCID in the bytes is read as [`PLACEHOLDER`].
///
/// Bytes that hold the placeholder themselves never pass: two events would have one identifier.
#[must_use]
pub fn check_scid(did: &NdiDid, canonical_event_without_proof: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(canonical_event_without_proof) else { return false };
    !text.contains(PLACEHOLDER)
        && scid(text.replace(did.scid(), PLACEHOLDER).as_bytes()) == did.scid
}

/// A SHA-256 multihash in base58btc (`Qm…`): of an SCID, and of a key in `nextKeyHashes`.
#[must_use]
pub fn sha256_multihash(bytes: &[u8]) -> String {
    sha256_multihash_of(&Sha256::digest(bytes).into())
}

/// As [`sha256_multihash`], of what has this SHA-256.
#[must_use]
pub fn sha256_multihash_of(hash: &[u8; 32]) -> String {
    let mut multihash = SHA2_256.to_vec();
    multihash.extend_from_slice(hash);
    base58::encode(&multihash)
}

/// Whether the text is a SHA-256 multihash in base58btc, in its only spelling. Digits of one length
/// are ordered as the numbers that they write, so nothing is decoded.
#[must_use]
pub fn is_sha256_multihash(text: &str) -> bool {
    text.len() == SCID_CHARS
        && (SCID_FIRST..=SCID_LAST).contains(&text)
        && text.bytes().all(base58::is_digit)
}

/// The network that a text which may be a did:ndi identifier names; empty where there is none.
#[must_use]
pub fn network_of(text: &str) -> &str {
    text.split(':').nth(2).unwrap_or_default()
}

/// Whether the text is a network's name: `[a-z0-9-]{1,32}`.
#[must_use]
pub fn is_network(text: &str) -> bool {
    (1..=NETWORK_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Whether the text is a DID URL that is relative to a DID: `[path][?query][#fragment]`, not empty.
#[must_use]
pub fn is_relative_did_url(text: &str) -> bool {
    // DID Core, relative DID URLs: one does not begin with a DID. RFC 3986 section 4.2: the first
    // segment of a relative path holds no colon, and two slashes would begin an authority.
    let (rest, fragment) = split_at(text, '#');
    let (path, query) = split_at(rest, '?');
    let first = path.split('/').next().unwrap_or_default();
    !text.is_empty()
        && text.len() <= DID_URL_BYTES_MAX
        && !first.contains(':')
        && !path.starts_with("//")
        && is_encoded(path, |b| b == b'/' || is_pchar(b))
        && query.is_none_or(is_query)
        && fragment.is_none_or(is_query)
}

/// The DID URL that a relative one means in the document of `did` (RFC 3986 section 5.2); what is
/// absolute stays as it is.
#[must_use]
pub fn absolute_did_url(did: &str, reference: &str) -> String {
    let (rest, _) = split_at(reference, '#');
    let (path, _) = split_at(rest, '?');
    if path.split('/').next().unwrap_or_default().contains(':') {
        return reference.to_owned();
    }
    let after = reference.get(path.len()..).unwrap_or_default();
    // The DID stands as the authority and its own path is empty, so that a first slash is implied.
    let path = if path.is_empty() { String::new() } else { remove_dot_segments(path) };
    format!("{did}{path}{after}")
}

/// RFC 3986 section 5.2.4, of a path that begins with a slash or is read as if it did.
pub(crate) fn remove_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut ends_in_slash = false;
    for segment in path.strip_prefix('/').unwrap_or(path).split('/') {
        ends_in_slash = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            _ => kept.push(segment),
        }
    }
    let end = if ends_in_slash && !kept.is_empty() { "/" } else { "" };
    format!("/{}{end}", kept.join("/"))
}

/// The DID at the front of a text, and what follows from the first `/`, `?` or `#` on.
fn split_did(text: &str) -> Result<(&str, &str), SyntaxError> {
    if text.len() > DID_URL_BYTES_MAX {
        return Err(SyntaxError::TooLong);
    }
    let end = text.find(['/', '?', '#']).unwrap_or(text.len());
    let (did, rest) = text.split_at_checked(end).ok_or(SyntaxError::Did)?;
    let (method, id) =
        did.strip_prefix("did:").and_then(|d| d.split_once(':')).ok_or(SyntaxError::Did)?;
    let method_ok =
        !method.is_empty() && method.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    // method-specific-id = *( *idchar ":" ) 1*idchar
    let id_ok =
        !id.is_empty() && !id.ends_with(':') && is_encoded(id, |b| b == b':' || is_idchar(b));
    if method_ok && id_ok { Ok((did, rest)) } else { Err(SyntaxError::Did) }
}

pub(crate) fn split_at(text: &str, separator: char) -> (&str, Option<&str>) {
    text.split_once(separator).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// Whether each byte is allowed or part of a percent-encoding.
pub(crate) fn is_encoded(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let ok = if byte == b'%' {
            let mut hex = || bytes.next().is_some_and(|b| b.is_ascii_hexdigit());
            hex() && hex()
        } else {
            allowed(byte)
        };
        if !ok {
            return false;
        }
    }
    true
}

fn is_query(text: &str) -> bool {
    is_encoded(text, |b| matches!(b, b'/' | b'?') || is_pchar(b))
}

fn is_idchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

/// RFC 3986: unreserved, sub-delims, `:` and `@`.
fn is_pchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte)
}

macro_rules! text {
    ($($type:ty),*) => {$(
        impl FromStr for $type {
            type Err = SyntaxError;
            fn from_str(text: &str) -> Result<Self, SyntaxError> {
                Self::parse(text)
            }
        }
    )*};
}
text!(Did, DidUrl, NdiDid);

impl fmt::Display for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for DidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.did, self.path)?;
        self.query.iter().try_for_each(|query| write!(f, "?{query}"))?;
        self.fragment.iter().try_for_each(|fragment| write!(f, "#{fragment}"))
    }
}

impl fmt::Display for NdiDid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "did:ndi:{}:{}", self.network, self.scid)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    const SCID: &str = "QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR";

    fn check(text: &str, expected: Expect) {
        let read = match DidUrl::parse(text) {
            Ok(url) => {
                assert_eq!(url.to_string(), text);
                format!("{} {} {:?} {:?}", url.did, url.path, url.query, url.fragment)
            }
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&read);
    }

    #[test]
    fn did_urls() {
        check("did:a:b", expect!["did:a:b  None None"]);
        check("did:a1::b:%C3%bc.-_", expect!["did:a1::b:%C3%bc.-_  None None"]);
        check(
            "did:a:b/c/d;e?f=g/?#h?/i",
            expect![[r#"did:a:b /c/d;e Some("f=g/?") Some("h?/i")"#]],
        );
        check("did:a:b?#", expect![[r#"did:a:b  Some("") Some("")"#]]);
        let long = format!("did:a:{}", "b".repeat(DID_URL_BYTES_MAX));
        check(&long, expect!["an identifier is at most 2048 bytes; shorten it"]);
        check(
            "did:a",
            expect!["not a DID; write did:<method>:<identifier> as DID Core section 3.1 asks"],
        );
        check(
            "did:a:b#c#d",
            expect!["not a DID URL; write <did>[/path][?query][#fragment], others percent-encoded"],
        );
    }

    #[test]
    fn what_is_no_did_url() {
        for text in ["", "did:", "did:a:", "did:a:b:", "did:A:b", "did:a-b:c", "DID:a:b", "a:b:c"] {
            assert_eq!(DidUrl::parse(text), Err(SyntaxError::Did), "{text}");
        }
        for text in ["did:a:b%", "did:a:b%4", "did:a:b%zz", "did:a:b;c", "did:a:ü", " did:a:b"] {
            assert_eq!(DidUrl::parse(text), Err(SyntaxError::Did), "{text}");
        }
        for text in ["did:a:b/c d", "did:a:b?c[d]", "did:a:b/%", "did:a:b/\u{0}"] {
            assert_eq!(DidUrl::parse(text), Err(SyntaxError::DidUrl), "{text}");
        }
    }

    #[test]
    fn a_did_has_neither_path_nor_query_nor_fragment() {
        assert_eq!(Did::parse("did:a:b").map(|did| did.method().to_owned()), Ok("a".to_owned()));
        for text in ["did:a:b/", "did:a:b?", "did:a:b#"] {
            assert_eq!(Did::parse(text), Err(SyntaxError::Did));
        }
    }

    #[test]
    fn ndi_identifiers() {
        let text = format!("did:ndi:bt-demo:{SCID}");
        let did = NdiDid::parse(&text).expect("well formed");
        assert_eq!((did.network(), did.scid(), did.to_string()), ("bt-demo", SCID, text.clone()));
        assert_eq!(Did::parse(&text), Ok(did.to_did()));
        let refused = |text: &str| NdiDid::parse(text).expect_err(text);
        assert_eq!(refused("did:web:a"), SyntaxError::NotNdi);
        assert_eq!(refused("did:ndi:bt"), SyntaxError::NotNdi);
        assert_eq!(refused(&format!("did:ndi::{SCID}")), SyntaxError::Network);
        assert_eq!(refused(&format!("did:ndi:Bt:{SCID}")), SyntaxError::Network);
        assert_eq!(refused(&format!("did:ndi:{}:{SCID}", "b".repeat(33))), SyntaxError::Network);
        assert_eq!(refused(&format!("did:ndi:bt:{SCID}x")), SyntaxError::Scid);
        assert_eq!(refused(&format!("did:ndi:bt:a:{SCID}")), SyntaxError::Scid);
        // Base58 text of 46 characters that is another hash than SHA-256 of 32 bytes.
        assert_eq!(refused(&format!("did:ndi:bt:{}", SCID.replace("Qm", "Qz"))), SyntaxError::Scid);
    }

    #[test]
    fn an_scid_certifies_its_event() {
        let with_placeholder =
            r#"{"author":"did:ndi:bt:{SCID}","document":{"id":"did:ndi:bt:{SCID}"}}"#;
        let scid = scid(with_placeholder.as_bytes());
        expect!["QmUpLSnkw8B3Zx5dYRQXrP7HBdF5HATBDHpWVKZwRNt8un"].assert_eq(&scid);
        let did = NdiDid::new("bt", &scid).expect("an scid");
        let event = with_placeholder.replace(PLACEHOLDER, &scid);
        assert!(check_scid(&did, event.as_bytes()));
        assert!(!check_scid(&did, event.replace("document", "Document").as_bytes()));
        // Left-over placeholders would let several events have one identifier.
        assert!(!check_scid(&did, with_placeholder.as_bytes()));
        assert!(!check_scid(&did, &[0xff]));
        let other = NdiDid::new("bt", SCID).expect("an scid");
        assert!(!check_scid(&other, event.as_bytes()));
    }

    #[test]
    fn the_example_in_the_specification_certifies_itself() {
        let specification = include_str!("../../docs/did-ndi.md");
        let is_example = |line: &&str| line.starts_with(r#"{"@context""#);
        let example = specification.lines().find(is_example).expect("an example");
        let (_, after) = example.split_once("did:ndi:bt-demo:").expect("an author");
        let (scid, _) = after.split_once('"').expect("the end of a text");
        let did = NdiDid::new("bt-demo", scid).expect("an scid");
        assert!(check_scid(&did, example.as_bytes()));
    }

    #[test]
    fn relative_did_urls() {
        for text in ["#a", "?a=b", "/a/b", "a", "a/b?c#d", "./a:b", "..", "%20"] {
            assert!(is_relative_did_url(text), "{text}");
        }
        for text in ["", "//a", "a:b", "https://a", "#a#b", "a b", "ü", "%2"] {
            assert!(!is_relative_did_url(text), "{text}");
        }
        let absolute = |text| absolute_did_url("did:a:b", text);
        assert_eq!(absolute("#c"), "did:a:b#c");
        assert_eq!(absolute("?c#d"), "did:a:b?c#d");
        assert_eq!(absolute("c"), "did:a:b/c");
        assert_eq!(absolute("/c/./d/../e/?f#g"), "did:a:b/c/e/?f#g");
        assert_eq!(absolute("../c/.."), "did:a:b/");
        assert_eq!(absolute("did:c:d#e"), "did:c:d#e");
        assert_eq!(absolute("https://c/d"), "https://c/d");
    }

    proptest! {
        #[test]
        fn a_multihash_is_known_without_decoding_it(
            prefix in prop_oneof![Just(SHA2_256), any::<[u8; 2]>()],
            digest in prop_oneof![Just([0; 32]), Just([0xff; 32]), any::<[u8; 32]>()],
            at in 0_usize..SCID_CHARS,
            character in any::<char>(),
        ) {
            let mut text = base58::encode(&[&prefix[..], &digest].concat());
            let decodes = |text: &str| {
                text.len() == SCID_CHARS
                    && base58::decode(text, 34)
                        .is_some_and(|bytes| bytes.len() == 34 && bytes.starts_with(&SHA2_256))
            };
            prop_assert_eq!(is_sha256_multihash(&text), prefix == SHA2_256);
            if at < text.len() {
                text.replace_range(at..=at, &character.to_string());
                prop_assert_eq!(is_sha256_multihash(&text), decodes(&text));
            }
        }
    }
}
