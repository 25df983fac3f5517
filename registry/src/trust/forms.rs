//! The small forms that listings are made of.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Breach;
use crate::time;

/// Longest name and purpose, in bytes of UTF-8.
const TEXT_BYTES_MAX: usize = 160;
/// Longest web address.
const ADDRESS_BYTES_MAX: usize = 512;
/// Most languages of a name.
const LANGUAGES_MAX: usize = 8;

/// A time in milliseconds since 1970, written as `2026-01-31T12:00:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&time::format(self.0))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
        let text = String::deserialize(deserializer)?;
        let form = "a time is written as 2026-01-31T12:00:00Z";
        time::parse(&text).map(Moment).ok_or_else(|| de::Error::custom(form))
    }
}

/// From when and until when something holds: from the first moment, to before the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// The first moment.
    pub from: Moment,
    /// The first moment after it.
    pub until: Moment,
}

impl Period {
    /// Checks that it ends after it begins.
    ///
    /// # Errors
    /// [`Breach::Period`].
    pub fn check(&self) -> Result<(), Breach> {
        match self.from < self.until {
            true => Ok(()),
            false => Err(Breach::Period("it ends before it begins")),
        }
    }

    /// [`Period::check`], and that it has not ended.
    ///
    /// # Errors
    /// [`Breach::Period`].
    pub fn check_at(&self, time: u64) -> Result<(), Breach> {
        match Moment(time) < self.until {
            true => self.check(),
            false => Err(Breach::Period("it has ended already")),
        }
    }
}

/// A document elsewhere, by where it is and what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentReference {
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// Where it is published.
    pub uri: String,
}

impl DocumentReference {
    /// Checks the forms.
    ///
    /// # Errors
    /// [`Breach::Form`].
    pub fn check(&self, member: &'static str) -> Result<(), Breach> {
        check_sha256(member, &self.sha256)?;
        check_address(member, &self.uri)
    }
}

/// What something is called, by language.
pub type Names = BTreeMap<String, String>;

pub(crate) fn check_names(member: &'static str, names: &Names) -> Result<(), Breach> {
    let is_language = |tag: &String| {
        (2..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    if names.is_empty() || names.len() > LANGUAGES_MAX || !names.keys().all(is_language) {
        return Err(Breach::Form(member, "takes one name for each language, such as `en`"));
    }
    names.values().try_for_each(|name| check_text(member, name))
}

pub(crate) fn check_text(member: &'static str, text: &str) -> Result<(), Breach> {
    let sound = (1..=TEXT_BYTES_MAX).contains(&text.len())
        && text.trim() == text
        && !text.chars().any(char::is_control);
    match sound {
        true => Ok(()),
        false => Err(Breach::Form(member, "has 1 to 160 bytes, no outer spaces, no controls")),
    }
}

pub(crate) fn check_address(member: &'static str, text: &str) -> Result<(), Breach> {
    let host = text.strip_prefix("https://").and_then(|rest| rest.split('/').next());
    let sound = text.len() <= ADDRESS_BYTES_MAX
        && host.is_some_and(|host| !host.is_empty())
        && text.bytes().all(|byte| byte.is_ascii_graphic());
    match sound {
        true => Ok(()),
        false => Err(Breach::Form(member, "is a web address that begins with https://")),
    }
}

/// Whether a text is a SHA-256 in lower-case hexadecimal digits.
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

pub(crate) fn check_sha256(member: &'static str, text: &str) -> Result<(), Breach> {
    match is_sha256(text) {
        true => Ok(()),
        false => Err(Breach::Form(member, "is a SHA-256 in lower-case hexadecimal digits")),
    }
}

pub(crate) fn check_did(member: &'static str, text: &str) -> Result<(), Breach> {
    match crate::did::NdiDid::parse(text) {
        Ok(_) => Ok(()),
        Err(_) => Err(Breach::Form(member, "is a DID of this network")),
    }
}
