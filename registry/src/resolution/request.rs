//! What a request asks for: a DID or DID URL, its parameters, and options, in every spelling that
//! clients use.
//!
//! Parameters of the DID URL and options are read together, because clients put the same words in
//! either place; no word may stand twice.

use std::collections::BTreeMap;

use crate::dereferencing::{self, Accept};
use crate::did::{Did, DidUrl, split_at};
use crate::resolution::{self, Failure};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The question.
    pub question: Question,
    /// Whether a proof is wanted with the answer.
    pub proof: bool,
}

/// A DID to resolve or a DID URL to dereference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// The document of a DID.
    Resolution(resolution::Question),
    /// What a DID URL means.
    Dereferencing(dereferencing::Question),
}

/// Why a request is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The error.
    pub failure: Failure,
    /// What to do about it.
    pub detail: String,
    /// Whether a DID URL was to be dereferenced, so that the result is one of that.
    pub dereferencing: bool,
}

/// What is wanted of an identifier, by media type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Whatever the identifier means.
    Any,
    /// The result of dereferencing, whatever the identifier is.
    Dereferencing {
        /// Whether URLs or a document are wanted as its content, where that was said.
        uri_list: Option<bool>,
    },
    /// The URLs of services.
    UriList,
}

impl Question {
    /// The DID that it is about.
    pub fn did(&self) -> &str {
        match self {
            Question::Resolution(question) => &question.did,
            Question::Dereferencing(question) => &question.did,
        }
    }
}

impl Request {
    /// Reads an identifier (a DID, or a DID URL) and options. The method is for
    /// [`resolution::Question::key`] to judge.
    ///
    /// # Errors
    /// [`Failure::InvalidDid`], [`Failure::InvalidDidUrl`], [`Failure::FeatureNotSupported`],
    /// [`Failure::InvalidOptions`], [`Failure::NotFound`].
    pub fn read(
        identifier: &str,
        options: Vec<(String, String)>,
        goal: Goal,
    ) -> Result<Request, Refusal> {
        let url = read_url(identifier)?;
        let dereferencing = goal != Goal::Any || url.fragment.is_some();
        let mut words = Words { values: BTreeMap::new(), dereferencing };
        for part in url.query.as_deref().unwrap_or_default().split('&').filter(|p| !p.is_empty()) {
            let (name, value) = split_at(part, '=');
            match (decode(name), decode(value.unwrap_or_default())) {
                (Some(name), Some(value)) => words.add(name, value, Place::Url)?,
                _ => return words.refuse(Failure::InvalidDidUrl, "a parameter is badly encoded"),
            }
        }
        for (name, value) in options {
            words.add(name, value, Place::Option)?;
        }
        if !url.path.is_empty() {
            words.dereferencing = true;
            return words.refuse(Failure::NotFound, "nothing is known under paths of this DID");
        }
        words.question(url, goal)
    }
}

fn read_url(identifier: &str) -> Result<DidUrl, Refusal> {
    let refuse = |failure, detail: &str| Refusal {
        failure,
        detail: detail.to_owned(),
        dereferencing: failure == Failure::InvalidDidUrl,
    };
    let end = identifier.find(['/', '?', '#']).unwrap_or(identifier.len());
    let did = identifier.get(..end).unwrap_or_default();
    Did::parse(did).map_err(|error| refuse(Failure::InvalidDid, &error.to_string()))?;
    DidUrl::parse(identifier).map_err(|error| refuse(Failure::InvalidDidUrl, &error.to_string()))
}

/// Where a word was found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Url,
    Option,
}

/// The words of a request, each once.
struct Words {
    values: BTreeMap<&'static str, String>,
    dereferencing: bool,
}

/// What makes a request one for dereferencing.
const SELECTORS: [&str; 4] = ["relativeRef", "service", "serviceType", "verificationRelationship"];

/// What both kinds of request know.
const OTHERS: [&str; 5] = ["expandRelativeUrls", "noCache", "proof", "versionId", "versionTime"];

impl Words {
    fn add(&mut self, name: String, value: String, place: Place) -> Result<(), Refusal> {
        let known = SELECTORS.iter().chain(&OTHERS).find(|known| **known == name);
        let Some(known) = known else {
            return match place {
                Place::Option => {
                    let detail = format!("`{}` is no option here", shortened(&name));
                    self.refuse(Failure::FeatureNotSupported, &detail)
                }
                Place::Url => {
                    self.dereferencing = true;
                    let detail = format!("`{}` is no parameter here", shortened(&name));
                    self.refuse(Failure::NotFound, &detail)
                }
            };
        };
        self.dereferencing |= SELECTORS.contains(known);
        if self.values.insert(known, value).is_some() {
            return self.refuse(Failure::InvalidDidUrl, &format!("`{known}` stands twice"));
        }
        Ok(())
    }

    fn refuse<T>(&self, failure: Failure, detail: &str) -> Result<T, Refusal> {
        let dereferencing = self.dereferencing;
        Err(Refusal { failure, detail: detail.to_owned(), dereferencing })
    }

    /// A yes or no; no where it does not stand.
    fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.values.get(name).map(String::as_str) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => {
                self.refuse(Failure::InvalidOptions, &format!("`{name}` is `true` or `false`"))
            }
        }
    }

    fn question(mut self, url: DidUrl, goal: Goal) -> Result<Request, Refusal> {
        // Every answer is from the newest block, so no cache need be told to stand aside.
        self.flag("noCache")?;
        let proof = self.flag("proof")?;
        let expand_relative_urls = self.flag("expandRelativeUrls")?;
        let did = url.did.as_str().to_owned();
        let resolution = resolution::Question {
            did,
            expand_relative_urls,
            version_id: self.values.remove("versionId"),
            version_time: self.values.remove("versionTime"),
        };
        if resolution.wanted().is_err() {
            let detail = "name one version: `versionId` is a number from 1, `versionTime` a time \
                          as 2026-11-21T12:00:00Z";
            return self.refuse(Failure::InvalidOptions, detail);
        }
        if !self.dereferencing {
            return Ok(Request { question: Question::Resolution(resolution), proof });
        }
        let wants_urls = match goal {
            Goal::Any => false,
            // What `relativeRef` means is a URL, unless a document is asked for.
            Goal::Dereferencing { uri_list } => {
                let by_name = |name| self.values.contains_key(name);
                let of_services = by_name("service") || by_name("serviceType");
                of_services && uri_list.unwrap_or(by_name("relativeRef"))
            }
            Goal::UriList => true,
        };
        let question = dereferencing::Question {
            accept: wants_urls.then_some(Accept::UriList),
            did: resolution.did,
            expand_relative_urls,
            fragment: url.fragment,
            relative_ref: self.values.remove("relativeRef"),
            service: self.values.remove("service"),
            service_type: self.values.remove("serviceType"),
            verification_relationship: self.values.remove("verificationRelationship"),
            version_id: resolution.version_id,
            version_time: resolution.version_time,
        };
        if let Err((failure, detail)) = question.check() {
            return self.refuse(failure, &detail);
        }
        Ok(Request { question: Question::Dereferencing(question), proof })
    }
}

/// A name as a message repeats it.
fn shortened(name: &str) -> String {
    name.chars().take(40).collect()
}

/// Percent-encodes every byte but those that may stay (RFC 3986, 2.1).
pub fn encode(text: &str, stays: impl Fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match stays(byte) {
            true => encoded.push(char::from(byte)),
            false => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// Whether a byte means only itself in any URL (RFC 3986, 2.3).
pub fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// Decodes percent-encoding once; `None` where it is broken or not UTF-8.
pub fn decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => 16 * digit(bytes.next()?)? + digit(bytes.next()?)?,
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
