//! Strict JSON: the profile in which every event and record is written, read and hashed.
//!
//! **Profile.** RFC 8259 JSON in UTF-8, with integers only, within ±(2^53−1), no member name twice
//! in one object at any level, no lone surrogate, no U+0000, and at most [`DEPTH_MAX`] levels.
//! Canonical form is RFC 8785 (JCS) of that profile.
//!
//! **Invariants.**
//! * [`check_canonical`] accepts exactly the objects that [`canonical`] writes: one text per value,
//!   so that bytes can be hashed, signed and stored as they came.
//! * Text is never normalised: names and strings are signed as given (no NFC).
//! * No floating point number is ever read or written.

mod scan;
mod write;

#[cfg(test)]
pub(crate) mod tests;

use std::fmt;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// How deep arrays and objects may nest; the outermost one is at depth 1.
pub const DEPTH_MAX: usize = 32;

/// The largest magnitude of an integer: 2^53−1, what every JSON library holds exactly.
pub const INTEGER_MAX: i64 = (1 << 53) - 1;

/// Why a text is not JSON of the profile, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} at {} (byte {offset})", .code.advice(), Place(.place))]
pub struct JsonError {
    /// What is wrong.
    pub code: JsonCode,
    /// The byte at which it was found, from 0; 0 where a value was written, not read.
    pub offset: usize,
    /// The JSON pointer (RFC 6901) of the value in which it was found; empty for the outermost.
    pub place: String,
}

/// What can be wrong with a text. The codes are stable: clients may match on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonCode {
    /// Not JSON (RFC 8259).
    Syntax,
    /// A member name stands twice in one object.
    DuplicateMember,
    /// JSON, but not in the one form of RFC 8785: white space, order of names, escapes.
    NotCanonical,
    /// An integer beyond ±(2^53−1), or minus zero.
    NumberRange,
    /// A number with a fraction or an exponent.
    Float,
    /// Deeper than [`DEPTH_MAX`].
    Depth,
    /// More bytes than the caller allows.
    Size,
    /// Not UTF-8.
    Utf8,
    /// A `\u` escape of half a surrogate pair.
    LoneSurrogate,
    /// An escaped U+0000.
    Nul,
    /// JSON, but the outermost value is not an object.
    NotObject,
}

/// The top-level members of an object in canonical form, borrowed from its text.
///
/// It can exist only for a text that [`check_canonical`] accepted, so its methods splice text
/// without parsing again, and what they write is canonical too.
#[derive(Clone, Debug)]
pub struct Layout<'a> {
    bytes: &'a [u8],
    members: Vec<Member<'a>>,
}

/// One member: the text of its name between the quotes, and the text of its value.
#[derive(Clone, Copy, Debug)]
struct Member<'a> {
    name: &'a [u8],
    value: &'a [u8],
}

/// Checks that `bytes` are one object of the profile in canonical form, of at most `bytes_max`
/// bytes, and returns where its members stand.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn check_canonical(bytes: &[u8], bytes_max: usize) -> Result<Layout<'_>, JsonError> {
    let members = scan::canonical_object(bytes, bytes_max)?;
    Ok(Layout { bytes, members })
}

/// Parses a text of the profile that need not be canonical: white space, any order of names and any
/// escapes are allowed, everything else is as strict. The outermost value may be of any type.
///
/// For tools that canonicalise before they submit; a node refuses what is not canonical.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn parse(bytes: &[u8], bytes_max: usize) -> Result<Value, JsonError> {
    scan::any_value(bytes, bytes_max)?;
    // The scan was the strict part; what it accepts, `serde_json` reads without loss.
    serde_json::from_slice(bytes).map_err(|_| JsonError {
        code: JsonCode::Syntax,
        offset: 0,
        place: String::new(),
    })
}

/// Writes `value` in canonical form (RFC 8785).
///
/// # Errors
/// `float`, `number-range`, `nul` or `depth` where `value` holds what the profile has not; nothing
/// that [`parse`] returned does.
pub fn canonical(value: &Value) -> Result<Vec<u8>, JsonError> {
    write::value(value)
}

/// `value` in canonical form, as a member to embed.
///
/// # Errors
/// As [`canonical`].
pub fn raw(value: &Value) -> Result<Box<RawValue>, JsonError> {
    let text = String::from_utf8_lossy(&canonical(value)?).into_owned();
    Ok(RawValue::from_string(text).expect("canonical JSON is JSON"))
}

/// Writes anything that serialises to JSON in canonical form (RFC 8785).
///
/// # Errors
/// As [`canonical`]; `syntax` where `value` does not serialise (a map whose keys are not strings).
pub fn canonical_of<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, JsonError> {
    let value = serde_json::to_value(value).map_err(|_| JsonError {
        code: JsonCode::Syntax,
        offset: 0,
        place: String::new(),
    })?;
    write::value(&value)
}

impl<'a> Layout<'a> {
    /// The whole text.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The canonical text of the value of `name`, if the object has that member.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&'a [u8]> {
        let name = write::name(name);
        self.members.iter().find(|member| member.name == &*name).map(|member| member.value)
    }

    /// The names of the members in canonical order, as they are written between the quotes (with
    /// escapes, where a name needs them).
    pub fn names(&self) -> impl Iterator<Item = &'a [u8]> {
        self.members.iter().map(|member| member.name)
    }

    /// The canonical texts of the elements of the array that stands at `name`; `None` where the
    /// member is absent or is no array.
    #[must_use]
    pub fn elements(&self, name: &str) -> Option<Vec<&'a [u8]>> {
        scan::elements(self.member(name)?)
    }

    /// The canonical text of this object without the member `name`.
    #[must_use]
    pub fn without(&self, name: &str) -> Vec<u8> {
        self.without_all(&[name])
    }

    /// The canonical text of this object without the members `names`.
    #[must_use]
    pub fn without_all(&self, names: &[&str]) -> Vec<u8> {
        let names: Vec<_> = names.iter().map(|name| write::name(name)).collect();
        let stays = |member: &Member<'_>| names.iter().all(|name| member.name != &**name);
        join(self.members.iter().copied().filter(stays), self.bytes.len())
    }

    /// The canonical text of this object with the member `name` set to `value`, which must be
    /// canonical itself.
    #[must_use]
    pub fn with(&self, name: &str, value: &[u8]) -> Vec<u8> {
        let name = write::name(name);
        let set = Member { name: &name, value };
        let before = |member: &&Member<'_>| scan::name_order(member.name, &name).is_lt();
        let after = |member: &&Member<'_>| scan::name_order(member.name, &name).is_gt();
        let members = self.members.iter().filter(before).copied();
        let members = members.chain([set]).chain(self.members.iter().filter(after).copied());
        join(members, self.bytes.len() + name.len() + value.len() + 4)
    }
}

fn join<'m>(members: impl Iterator<Item = Member<'m>>, capacity: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(capacity);
    text.push(b'{');
    for member in members {
        if text.len() > 1 {
            text.push(b',');
        }
        text.push(b'"');
        text.extend_from_slice(member.name);
        text.extend_from_slice(b"\":");
        text.extend_from_slice(member.value);
    }
    text.push(b'}');
    text
}

impl JsonCode {
    /// The stable code, such as `duplicate-member`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::DuplicateMember => "duplicate-member",
            Self::NotCanonical => "not-canonical",
            Self::NumberRange => "number-range",
            Self::Float => "float",
            Self::Depth => "depth",
            Self::Size => "size",
            Self::Utf8 => "utf8",
            Self::LoneSurrogate => "lone-surrogate",
            Self::Nul => "nul",
            Self::NotObject => "not-object",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Syntax => "this is not json: correct the text",
            Self::DuplicateMember => "a member name stands twice: remove one",
            Self::NotCanonical => "this is json but not canonical: write it by rfc 8785",
            Self::NumberRange => "an integer is beyond 2^53-1 or minus zero: write it as a string",
            Self::Float => "a number has a fraction or an exponent: write a plain integer",
            Self::Depth => "arrays and objects nest too deep: at most 32 levels",
            Self::Size => "the text is too long: shorten it",
            Self::Utf8 => "the text is not utf-8: encode it so",
            Self::LoneSurrogate => "an escape is half a surrogate pair: write the character",
            Self::Nul => "a string holds u+0000: remove it",
            Self::NotObject => "the outermost value is not an object: wrap it in one",
        }
    }
}

impl fmt::Display for JsonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl JsonError {
    fn new(code: JsonCode, offset: usize) -> Self {
        Self { code, offset, place: String::new() }
    }

    /// The error as seen from the object or array around it. Places are built on the way out, so
    /// that a text without errors pays nothing for them.
    fn under(mut self, token: &str) -> Self {
        let token = token.replace('~', "~0").replace('/', "~1");
        self.place = format!("/{token}{}", self.place);
        self
    }
}

/// A pointer for people: the empty one reads `the top`.
struct Place<'a>(&'a str);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "the top" } else { self.0 })
    }
}
