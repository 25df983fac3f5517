//! The trust registry for those who know no DIDs: a List of Trusted Entities (ETSI TS 119 602
//! V1.1.1), in a compact JWS as JAdES baseline B has it (ETSI TS 119 182-1 V1.2.1).
//!
//! # Invariants
//!
//! * What the ledger knows comes from its records; what it does not know, such as postal addresses,
//!   comes from the scheme's own file, and never replaces what the ledger knows.
//! * A list is signed with a key whose certificate names the scheme's operator and territory
//!   (TS 119 602, 6.8).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD as BASE64, BASE64_URL_SAFE_NO_PAD as BASE64_URL};
use registry::author::Key as _;
use registry::document::is_url;
use registry::trust::{Entity, EntityRole, Listed, Moment, Names, Period, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::certificate::{Malformed, Method, Organization, X509, jwk, signature_algorithm};
use crate::keys::KeyFile;

/// The version of the format (TS 119 602, 6.3.1).
const FORMAT: u32 = 1;

/// Most days until the next list is due: six months, as TS 119 602 has it in its profiles.
pub const DAYS_MAX: u64 = 183;

/// What the state of a national listing is called (TS 119 612, 5.5.4).
const RECOGNISED: &str =
    "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/recognisedatnationallevel";
const DEPRECATED: &str =
    "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/deprecatedatnationallevel";

/// What the ledger says of the list itself, so the scheme's file does not.
const OURS: [&str; 4] =
    ["ListIssueDateTime", "LoTESequenceNumber", "LoTEVersionIdentifier", "NextUpdate"];

/// What a list says that the ledger does not know: the scheme's file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Scheme {
    /// Members of `ListAndSchemeInformation`, as the standard names them: at least
    /// `SchemeOperatorName` and `SchemeTerritory`.
    information: Map<String, Value>,
    /// What the identifiers of services begin with; a role's name follows.
    service_types: String,
    /// Postal addresses of entities, by DID, as the standard has them.
    #[serde(default)]
    addresses: BTreeMap<String, Vec<Value>>,
}

/// An entity with those keys of its DID document that make statements.
#[derive(Debug, Clone)]
pub struct Trusted {
    /// What the ledger lists.
    pub entity: Listed<Entity>,
    /// Its keys.
    pub keys: Vec<Method>,
}

/// Why there is no list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// The scheme's file says what the ledger says, or leaves out what it must say.
    #[error("the scheme's file: {0}")]
    Scheme(String),
    /// The certificate is none of ours.
    #[error("the certificate: {0}")]
    Certificate(#[from] Malformed),
    /// The certificate is another key's, another operator's, or out of date.
    #[error("the certificate {0}")]
    NotTheOperator(String),
}

impl Scheme {
    /// Checks what must be there.
    ///
    /// # Errors
    /// [`ListError::Scheme`].
    pub fn check(&self) -> Result<(), ListError> {
        let wrong = |why: String| Err(ListError::Scheme(why));
        if let Some(ours) = OURS.iter().find(|name| self.information.contains_key(**name)) {
            return wrong(format!("`{ours}` is for the list to say: leave it out"));
        }
        if self.operators().next().is_none() {
            return wrong("`SchemeOperatorName` is a list of {lang, value}".into());
        }
        if self.territory().is_none() {
            return wrong("`SchemeTerritory` is a country's two letters".into());
        }
        if !is_url(&self.service_types) {
            return wrong("`serviceTypes` is a URL, which roles' names go on".into());
        }
        Ok(())
    }

    fn operators(&self) -> impl Iterator<Item = &str> {
        let names = self.information.get("SchemeOperatorName").and_then(Value::as_array);
        names.into_iter().flatten().filter_map(|name| name.get("value")?.as_str())
    }

    fn territory(&self) -> Option<&str> {
        self.information.get("SchemeTerritory")?.as_str()
    }

    /// The list of these entities; `number` is one more than the last list's.
    pub fn list(&self, number: u64, period: Period, entities: &[Trusted]) -> Value {
        let mut information = self.information.clone();
        information.insert("LoTEVersionIdentifier".into(), FORMAT.into());
        information.insert("LoTESequenceNumber".into(), number.into());
        information.insert("ListIssueDateTime".into(), json!(period.from));
        information.insert("NextUpdate".into(), json!(period.until));
        let entities: Vec<Value> = entities.iter().map(|entity| self.entity(entity)).collect();
        let mut list = json!({ "ListAndSchemeInformation": information });
        // Where nobody is listed there is no member (6.2).
        if !entities.is_empty() {
            list["TrustedEntitiesList"] = entities.into();
        }
        json!({ "LoTE": list })
    }

    fn entity(&self, trusted: &Trusted) -> Value {
        let Entity { did, particulars, .. } = &trusted.entity.listing;
        let somewhere = || {
            vec![json!({
                "lang": "en", "StreetAddress": "", "Locality": "", "PostalCode": "",
                "Country": particulars.jurisdiction,
            })]
        };
        let address = self.addresses.get(did).cloned().unwrap_or_else(somewhere);
        let website = particulars.website.as_ref().unwrap_or(did);
        let services = particulars.roles.iter().map(|role| self.service(*role, trusted));
        json!({
            "TrustedEntityInformation": {
                "TEName": texts(&particulars.name),
                "TEAddress": { "TEPostalAddress": address, "TEElectronicAddress": [uri(website)] },
                "TEInformationURI": [uri(did)],
            },
            "TrustedEntityServices": services.collect::<Vec<_>>(),
        })
    }

    fn service(&self, role: EntityRole, trusted: &Trusted) -> Value {
        let Listed { listing, status } = &trusted.entity;
        let mut identity = json!({ "OtherIds": [listing.did] });
        if !trusted.keys.is_empty() {
            identity["PublicKeyValues"] = trusted.keys.iter().map(key_value).collect();
        }
        let name = Names::from([("en".to_owned(), role.name().to_owned())]);
        let counts = status.state == State::Active;
        json!({
            "ServiceInformation": {
                "ServiceName": texts(&name),
                "ServiceTypeIdentifier": format!("{}{}", self.service_types, role.name()),
                "ServiceStatus": if counts { RECOGNISED } else { DEPRECATED },
                "StatusStartingTime": status.since,
                "ServiceDigitalIdentity": identity,
            },
        })
    }

    /// The list as a compact JWS, signed now with the key of this certificate (DER).
    ///
    /// # Errors
    /// The certificate is not of this key, this scheme, or this time.
    pub fn sign(
        &self,
        list: &Value,
        key: &KeyFile,
        certificate: &[u8],
        now: Moment,
    ) -> Result<String, ListError> {
        let other = |why: String| Err(ListError::NotTheOperator(why));
        let read = X509::read(certificate)?;
        if read.key != key.public() {
            return other("is of another key: name the one of --key".into());
        }
        if !(read.period.from..read.period.until).contains(&now) {
            return other(format!("holds from {} to {}", read.period.from, read.period.until));
        }
        let operator = |named: &Organization| {
            Some(&*named.country) == self.territory()
                && self.operators().any(|name| name == named.name)
        };
        if !read.organization.as_ref().is_some_and(operator) {
            return other(
                "does not name the scheme's operator and territory: make one with `dzong \
                 certificate issue --organization NAME --country CC`"
                    .into(),
            );
        }
        let header = json!({
            "alg": signature_algorithm(&read.key),
            "iat": now.0 / 1000,
            "typ": "JOSE",
            "x5c": [BASE64.encode(certificate)],
            "x5t#S256": BASE64_URL.encode(Sha256::digest(certificate)),
        });
        let part = |value: &Value| BASE64_URL.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(list));
        let signature = BASE64_URL.encode(key.sign_bytes(signed.as_bytes()));
        Ok(format!("{signed}.{signature}"))
    }
}

fn texts(names: &Names) -> Value {
    names.iter().map(|(lang, value)| json!({ "lang": lang, "value": value })).collect()
}

fn uri(uri: &str) -> Value {
    json!({ "lang": "en", "uriValue": uri })
}

/// A key under the name that its DID document gives it.
fn key_value(method: &Method) -> Value {
    let mut key = jwk(&method.key);
    key["kid"] = method.id.as_str().into();
    key
}

#[cfg(test)]
mod tests;
