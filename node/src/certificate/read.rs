//! Certificates and lists as others made them: what they say, and whose signature they carry.

use std::collections::BTreeMap;

use p256::ecdsa::Signature;
use registry::multikey::PublicKey;
use registry::trust::{Moment, Period};
use serde_json::{Value, json};
use x509_parser::asn1_rs::{BitString, Oid, oid};
use x509_parser::extensions::{GeneralName, ParsedExtension, X509Extension};
use x509_parser::num_bigint::BigUint;
use x509_parser::prelude::{CertificateRevocationList, FromDer as _, X509Certificate};
use x509_parser::time::ASN1Time;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo, X509Name, X509Version};

use super::{ED25519, Label, Organization, P256, USER_ID, ed25519_key, fingerprint, p256_key};

/// How X.509 names an algorithm of signatures, and the whole identifier in DER.
struct Algorithm {
    suite: &'static str,
    id: Oid<'static>,
    encoded: &'static [u8],
}

/// RFC 8410, 3; RFC 5758, 3.2: neither has parameters.
static ALGORITHMS: [Algorithm; 2] = [
    Algorithm { suite: ED25519, id: ID_ED25519, encoded: b"\x30\x05\x06\x03\x2b\x65\x70" },
    Algorithm {
        suite: P256,
        id: oid!(1.2.840.10045.4.3.2),
        encoded: b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02",
    },
];

/// Keys (RFC 8410, 3; RFC 5480, 2.1.1).
const ID_ED25519: Oid<'static> = oid!(1.3.101.112);
const ID_EC_PUBLIC_KEY: Oid<'static> = oid!(1.2.840.10045.2.1);
const ID_P256: Oid<'static> = oid!(1.2.840.10045.3.1.7);

/// The tag of the bit string that holds a signature.
const BIT_STRING: u8 = 3;

const UNCLEAR: &str = "its signature is not written as X.509 wants";

/// Most bytes that are read.
const BYTES_MAX: usize = 128 << 10;

/// Why bytes are no certificate or list of this kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(String);

/// A certificate: what it says, believed by nobody yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct X509 {
    /// The DID in its subject alternative name.
    pub did: String,
    /// The key that it binds to the DID.
    pub key: PublicKey,
    /// Whom it says that the DID is.
    pub organization: Option<Organization>,
    /// SHA-256 of its DER bytes.
    pub fingerprint: String,
    /// The DID in its issuer's name, where there is one.
    pub issuer: Option<String>,
    /// When it holds.
    pub period: Period,
    /// Its serial number in hexadecimal digits.
    pub serial: String,
    signed: Signed,
}

/// A list of ended certificates: what it says, believed by nobody yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Its number.
    pub number: u64,
    /// When it was made, and by when the next one comes.
    pub period: Period,
    /// The serial numbers that it lists, and since when.
    pub ended: BTreeMap<String, Moment>,
    signed: Signed,
}

/// Bytes and the signature over them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Signed {
    bytes: Vec<u8>,
    suite: &'static str,
    signature: Vec<u8>,
}

impl X509 {
    /// Reads a certificate in PEM or DER.
    ///
    /// # Errors
    /// What it is not, or says that nobody here understands.
    pub fn read(bytes: &[u8]) -> Result<X509, Malformed> {
        let der = der(bytes, Label::Certificate)?;
        let parsed = X509Certificate::from_der(&der);
        let Ok((rest, parsed)) = parsed else { return wrong("it is no X.509 certificate") };
        if !rest.is_empty() || parsed.version() != X509Version::V3 {
            return wrong("it is not one X.509 certificate of version 3");
        }
        check_understood(parsed.extensions())?;
        let inner = &parsed.tbs_certificate.signature;
        let signed = parsed.tbs_certificate.as_ref();
        let signed = Signed::new(&der, signed, inner, &parsed.signature_value)?;
        let validity = parsed.validity();
        // X.509 names the last second that is included, a period the first that is not.
        let end = moment(validity.not_after)?.0.saturating_add(1000);
        Ok(X509 {
            did: did(&parsed)?,
            key: key(parsed.public_key())?,
            organization: organization(parsed.subject()),
            fingerprint: fingerprint(&der),
            issuer: user_id(parsed.issuer()),
            period: Period { from: moment(validity.not_before)?, until: Moment(end) },
            serial: digits(&parsed.serial),
            signed,
        })
    }

    /// Whether this key signed it.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.signed.is_by(key)
    }

    /// The own members of the `CertificateRegistered` of it; `authority` is who authorised the
    /// provider that issued it, where one did.
    pub fn registration(&self, authority: Option<&str>) -> Value {
        let mut members = json!({
            "did": self.did,
            "fingerprint": self.fingerprint,
            "period": self.period,
            "serial": self.serial,
        });
        if let (Some(authority), Some(members)) = (authority, members.as_object_mut()) {
            members.insert("authority".into(), authority.into());
        }
        members
    }
}

impl List {
    /// Reads a list in PEM or DER.
    ///
    /// # Errors
    /// What it is not, or says that nobody here understands.
    pub fn read(bytes: &[u8]) -> Result<List, Malformed> {
        let der = der(bytes, Label::List)?;
        let parsed = CertificateRevocationList::from_der(&der);
        let Ok((rest, parsed)) = parsed else { return wrong("it is no list of certificates") };
        if !rest.is_empty() || parsed.version() != Some(X509Version::V2) {
            return wrong("it is not one list of certificates of version 2");
        }
        check_understood(parsed.extensions())?;
        let entries = || parsed.iter_revoked_certificates();
        entries().try_for_each(|entry| check_understood(entry.extensions()))?;
        let inner = &parsed.tbs_cert_list.signature;
        let signed = parsed.tbs_cert_list.as_ref();
        let signed = Signed::new(&der, signed, inner, &parsed.signature_value)?;
        let number = parsed.crl_number().and_then(|number| u64::try_from(number).ok());
        let Some(until) = parsed.next_update() else { return wrong("no next list is promised") };
        Ok(List {
            number: number.ok_or_else(|| Malformed("the list has no number".into()))?,
            period: Period { from: moment(parsed.last_update())?, until: moment(until)? },
            ended: entries()
                .map(|entry| Ok((digits(entry.serial()), moment(entry.revocation_date)?)))
                .collect::<Result<_, Malformed>>()?,
            signed,
        })
    }

    /// Whether this key signed it.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.signed.is_by(key)
    }
}

impl Signed {
    /// The algorithm is named twice (RFC 5280, 4.1.1.2): within what is signed and without. What is
    /// without has one encoding here, so that nothing can be changed that is not noticed.
    fn new(
        der: &[u8],
        signed: &[u8],
        inner: &AlgorithmIdentifier<'_>,
        signature: &BitString<'_>,
    ) -> Result<Signed, Malformed> {
        let known = ALGORITHMS.iter().find(|known| known.id == inner.algorithm);
        let Some(Algorithm { suite, encoded, .. }) = known else {
            return wrong("it is signed by another algorithm than Ed25519 and ECDSA with P-256");
        };
        let raw = signature.data.as_ref();
        let Ok(length) = u8::try_from(raw.len() + 1) else { return wrong(UNCLEAR) };
        let end = [encoded, &[BIT_STRING, length, 0][..], raw].concat();
        if inner.parameters.is_some() || !der.ends_with(&end) {
            return wrong(UNCLEAR);
        }
        let signature = match *suite {
            ED25519 => raw.to_vec(),
            _ => match Signature::from_der(raw) {
                Ok(signature) => signature.to_bytes().to_vec(),
                Err(_) => return wrong("the signature is not two numbers in DER"),
            },
        };
        Ok(Signed { bytes: signed.to_vec(), suite, signature })
    }

    fn is_by(&self, key: &PublicKey) -> bool {
        key.suite().name == self.suite && key.verify(&self.bytes, &self.signature)
    }
}

fn wrong<T>(text: &str) -> Result<T, Malformed> {
    Err(Malformed(text.to_owned()))
}

/// The DER bytes of what is one certificate or list in PEM, or in DER already.
///
/// # Errors
/// It is neither, or too large.
pub fn der(bytes: &[u8], label: Label) -> Result<Vec<u8>, Malformed> {
    if bytes.len() > BYTES_MAX {
        return wrong("it is too large");
    }
    if bytes.first() == Some(&0x30) {
        return Ok(bytes.to_vec());
    }
    match pem::parse_many(bytes).as_deref() {
        Ok([one]) if one.tag() == label.text() => Ok(one.contents().to_vec()),
        _ => Err(Malformed(format!("it is not one `{}` in PEM, nor DER", label.text()))),
    }
}

/// RFC 5280, 4.2: what is critical and not understood refuses the whole.
fn check_understood(extensions: &[X509Extension<'_>]) -> Result<(), Malformed> {
    for extension in extensions {
        let understood = matches!(
            extension.parsed_extension(),
            ParsedExtension::BasicConstraints(_)
                | ParsedExtension::KeyUsage(_)
                | ParsedExtension::SubjectAlternativeName(_)
        );
        if extension.critical && !understood {
            return Err(Malformed(format!("nobody here understands `{}`", extension.oid)));
        }
    }
    Ok(())
}

/// The one DID among the alternative names of the subject (RFC 5280, 4.2.1.6).
fn did(certificate: &X509Certificate<'_>) -> Result<String, Malformed> {
    let Ok(names) = certificate.subject_alternative_name() else {
        return wrong("its subject alternative name is damaged");
    };
    let names = names.iter().flat_map(|names| &names.value.general_names);
    let mut dids = names.filter_map(|name| match name {
        GeneralName::URI(uri) => uri.starts_with("did:").then_some(*uri),
        _ => None,
    });
    match (dids.next(), dids.next()) {
        (Some(did), None) => Ok(did.to_owned()),
        _ => wrong("its subject alternative name does not hold one DID as a URI"),
    }
}

fn user_id(name: &X509Name<'_>) -> Option<String> {
    let id = Oid::from(&USER_ID).ok()?;
    let mut found = name.iter_by_oid(&id);
    let text = found.next()?.as_str().ok()?.to_owned();
    found.next().is_none().then_some(text)
}

fn organization(name: &X509Name<'_>) -> Option<Organization> {
    let country = name.iter_country().next()?.as_str().ok()?.to_owned();
    let name = name.iter_organization().next()?.as_str().ok()?.to_owned();
    Some(Organization { name, country })
}

fn key(info: &SubjectPublicKeyInfo<'_>) -> Result<PublicKey, Malformed> {
    let AlgorithmIdentifier { algorithm, parameters } = &info.algorithm;
    let bytes = info.subject_public_key.data.as_ref();
    let curve = parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
    let key = if *algorithm == ID_ED25519 && parameters.is_none() {
        ed25519_key(bytes)
    } else if *algorithm == ID_EC_PUBLIC_KEY && curve == Some(ID_P256) {
        p256_key(bytes)
    } else {
        None
    };
    key.ok_or_else(|| Malformed("its key is not a sound one of Ed25519 or P-256".into()))
}

fn moment(time: ASN1Time) -> Result<Moment, Malformed> {
    let seconds = u64::try_from(time.timestamp());
    seconds.map(|seconds| Moment(seconds * 1000)).or_else(|_| wrong("a time is before 1970"))
}

fn digits(serial: &BigUint) -> String {
    hex::encode(serial.to_bytes_be())
}
