//! Certificates and lists, signed with the key of their issuer.

use std::time::Duration;

use p256::ecdsa::Signature;
use rand::RngCore as _;
use rand::rngs::OsRng;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams,
    CrlDistributionPoint, DistinguishedName, DnType, Error, IsCa, KeyPair, KeyUsagePurpose,
    PublicKeyData, RemoteKeyPair, RevocationReason, RevokedCertParams, SanType, SerialNumber,
    SignatureAlgorithm,
};
use registry::author::Key as _;
use registry::multikey::PublicKey;
use registry::trust::{Ground, Moment, Period};
use time::OffsetDateTime;

use super::{ED25519, Organization, USER_ID, p256_point};
use crate::keys::KeyFile;

/// Why nothing is issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The serial number is something else.
    #[error("a serial number has hexadecimal digits: name another")]
    Serial,
    /// The library refuses.
    #[error("X.509 cannot say it: {0}")]
    Library(#[from] Error),
}

/// Who signs certificates and lists.
#[derive(Debug, Clone, Copy)]
pub struct Issuer<'a> {
    /// Its DID.
    pub did: &'a str,
    /// A key of its DID document.
    pub key: &'a KeyFile,
}

/// A certificate to be.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    /// The DID that it is about.
    pub did: &'a str,
    /// The key of that DID.
    pub key: &'a PublicKey,
    /// Whom its name means beside the DID.
    pub organization: Option<&'a Organization>,
    /// When it holds. X.509 writes the last second of it.
    pub period: Period,
    /// Its serial number in hexadecimal digits.
    pub serial: &'a str,
    /// Whether the key signs the certificates of others.
    pub is_authority: bool,
    /// Where the issuer's list is served, for software that fetches it.
    pub list_url: Option<&'a str>,
}

/// A certificate on a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its serial number in hexadecimal digits.
    pub serial: String,
    /// Since when.
    pub since: Moment,
    /// On which ground of s.40; `None` while it is only suspended.
    pub revoked: Option<Ground>,
}

/// A list of ended certificates to be.
#[derive(Debug, Clone)]
pub struct ListDraft {
    /// Its number, greater than that of the one before (RFC 5280, 5.2.3).
    pub number: u64,
    /// When it is made, and by when the next one comes.
    pub period: Period,
    /// What it lists.
    pub ended: Vec<Ended>,
}

/// A random serial number of 16 bytes: nobody can predict it, no two are alike, and it is positive
/// (RFC 5280, 4.1.2.2).
pub fn new_serial() -> String {
    let mut serial = [0; 16];
    OsRng.fill_bytes(&mut serial);
    // Never a zero byte in front, which DER would drop, and never a sign.
    serial[0] = serial[0] & 0x7f | 0x40;
    hex::encode(serial)
}

impl Issuer<'_> {
    /// The certificate's DER bytes.
    ///
    /// # Errors
    /// What X.509 cannot say.
    pub fn certify(&self, draft: &Draft<'_>) -> Result<Vec<u8>, IssueError> {
        let own = draft.did == self.did;
        let mut params = CertificateParams::default();
        params.distinguished_name = name(draft.did);
        if let Some(Organization { name, country }) = draft.organization {
            params.distinguished_name.push(DnType::CountryName, country.as_str());
            params.distinguished_name.push(DnType::OrganizationName, name.as_str());
        }
        params.subject_alt_names = vec![SanType::URI(draft.did.try_into()?)];
        params.serial_number = Some(serial(draft.serial)?);
        (params.not_before, params.not_after) = validity(draft.period);
        params.use_authority_key_identifier_extension = true;
        params.is_ca = match (draft.is_authority, own) {
            (true, true) => IsCa::Ca(BasicConstraints::Unconstrained),
            // Whom it certifies to certify names no further ones.
            (true, false) => IsCa::Ca(BasicConstraints::Constrained(0)),
            (false, _) => IsCa::ExplicitNoCa,
        };
        params.key_usages = match draft.is_authority {
            true => vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign],
            // s.38: it has the effect of a conventional certificate, signatures included.
            false => vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment],
        };
        if own && !draft.is_authority {
            // Who certifies itself lists its own certificates.
            params.key_usages.push(KeyUsagePurpose::CrlSign);
        }
        let points = draft.list_url.map(|url| CrlDistributionPoint { uris: vec![url.to_owned()] });
        params.crl_distribution_points.extend(points);
        let (signer, pair) = self.signer()?;
        let certificate = params.signed_by(&Subject::of(draft.key), &signer, &pair)?;
        Ok(certificate.der().to_vec())
    }

    /// The list's DER bytes.
    ///
    /// # Errors
    /// What X.509 cannot say.
    pub fn list(&self, draft: &ListDraft) -> Result<Vec<u8>, IssueError> {
        let revoked_certs = draft.ended.iter().map(revoked).collect::<Result<_, IssueError>>()?;
        let (signer, pair) = self.signer()?;
        let Period { from, until } = draft.period;
        let params = CertificateRevocationListParams {
            this_update: instant(from),
            next_update: instant(until),
            crl_number: SerialNumber::from(draft.number),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        Ok(params.signed_by(&signer, &pair)?.der().to_vec())
    }

    /// What the library takes an issuer from: a certificate, of which it reads the name alone, and
    /// the key. Nobody signs that certificate, so that the key signs what is issued and no more.
    fn signer(&self) -> Result<(Certificate, KeyPair), Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name = name(self.did);
        let named = params.self_signed(&KeyPair::from_remote(Box::new(Nobody))?)?;
        let subject = Subject::of(&self.key.public());
        let signer = Signer { subject, key: self.key.clone() };
        Ok((named, KeyPair::from_remote(Box::new(signer))?))
    }
}

/// A public key as X.509 holds it.
struct Subject {
    algorithm: &'static SignatureAlgorithm,
    bytes: Vec<u8>,
}

impl Subject {
    fn of(key: &PublicKey) -> Subject {
        if key.suite().name == ED25519 {
            return Subject { algorithm: &rcgen::PKCS_ED25519, bytes: key.as_bytes().to_vec() };
        }
        let bytes = p256_point(key).as_bytes().to_vec();
        Subject { algorithm: &rcgen::PKCS_ECDSA_P256_SHA256, bytes }
    }
}

impl PublicKeyData for Subject {
    fn der_bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn algorithm(&self) -> &SignatureAlgorithm {
        self.algorithm
    }
}

/// A key file that signs for the library.
struct Signer {
    subject: Subject,
    key: KeyFile,
}

impl RemoteKeyPair for Signer {
    fn public_key(&self) -> &[u8] {
        &self.subject.bytes
    }

    fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let raw = self.key.sign_bytes(bytes);
        if *self.subject.algorithm == rcgen::PKCS_ED25519 {
            return Ok(raw);
        }
        // RFC 3279, 2.2.3: X.509 has ECDSA signatures in DER.
        let signature = Signature::from_slice(&raw).map_err(|_| Error::RemoteKeyError)?;
        Ok(signature.to_der().as_bytes().to_vec())
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.subject.algorithm
    }
}

/// Has no key and signs nothing.
struct Nobody;

impl RemoteKeyPair for Nobody {
    fn public_key(&self) -> &[u8] {
        &[]
    }

    fn sign(&self, _bytes: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(Vec::new())
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}

fn name(did: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::from_oid(&USER_ID), did);
    name
}

fn serial(digits: &str) -> Result<SerialNumber, IssueError> {
    let even = format!("{}{digits}", if digits.len().is_multiple_of(2) { "" } else { "0" });
    let bytes = hex::decode(even).map_err(|_| IssueError::Serial)?;
    Ok(SerialNumber::from(bytes))
}

fn revoked(ended: &Ended) -> Result<RevokedCertParams, IssueError> {
    let reason = match ended.revoked {
        None => RevocationReason::CertificateHold,
        // s.40 (2): breached or partly compromised.
        Some(Ground::Reliability) => RevocationReason::KeyCompromise,
        Some(_) => RevocationReason::PrivilegeWithdrawn,
    };
    Ok(RevokedCertParams {
        serial_number: serial(&ended.serial)?,
        revocation_time: instant(ended.since),
        reason_code: Some(reason),
        invalidity_date: None,
    })
}

/// The first and the last second of a period, which X.509 both includes.
fn validity(period: Period) -> (OffsetDateTime, OffsetDateTime) {
    (instant(period.from), instant(period.until) - Duration::from_secs(1))
}

fn instant(moment: Moment) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::from_millis(moment.0)
}
