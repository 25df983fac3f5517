//! The ledger's side of DPKI certificates (Act s.37 to s.43): the registered fingerprint and its
//! status, and the list of those revoked that an issuer publishes.

use serde::{Deserialize, Serialize};

use super::{Breach, By, Cases, Ground, Listing, Moment, Period};

/// The resource that stands for DPKI certificates in authorizations to certify and to revoke.
pub const DPKI_CERTIFICATE: &str = "dpki-certificate";

/// Longest serial number, in hexadecimal digits: twenty bytes (RFC 5280 section 4.1.2.2).
const SERIAL_DIGITS_MAX: usize = 40;
/// Longest revocation list, in base64.
const CRL_CHARS_MAX: usize = 48 << 10;

/// What `certificate/<sha256>` lists. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The DID that it binds to a key.
    pub did: String,
    /// SHA-256 of its DER bytes.
    pub fingerprint: String,
    /// Who signed it: a certification service provider, the Administrative Body, or the DID itself.
    pub issuer: String,
    /// Its own validity.
    pub period: Period,
    /// Its serial number in lower-case hexadecimal digits.
    pub serial: String,
}

impl Certificate {
    /// Act s.40: four grounds. The revocation service provider acts on the first three, on the
    /// third by order of a court; the Governing Body on the fourth. Who signed a certificate for
    /// itself may take it back as unreliable (s.39: as with any certificate).
    pub const ENDING: Cases = &[
        (Ground::Contravention, &[By::Provider]),
        (Ground::Reliability, &[By::Provider, By::Oneself]),
        (Ground::CourtOrder, &[By::Provider]),
        (Ground::NationalSecurity, &[By::Governors]),
    ];
    /// Act s.42, s.43: a suspension ends by who made it, or by the Administrative Body on appeal.
    pub const REINSTATEMENT: Cases = &[
        (Ground::Contravention, &[By::Provider, By::Administration]),
        (Ground::Reliability, &[By::Provider, By::Oneself, By::Administration]),
        (Ground::CourtOrder, &[By::Provider]),
        (Ground::NationalSecurity, &[By::Governors]),
    ];

    /// Checks what needs no state.
    ///
    /// # Errors
    /// [`Breach::Form`], [`Breach::Period`].
    pub fn check(&self) -> Result<(), Breach> {
        super::forms::check_did("did", &self.did)?;
        super::forms::check_sha256("fingerprint", &self.fingerprint)?;
        self.period.check()?;
        let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let sound =
            (1..=SERIAL_DIGITS_MAX).contains(&self.serial.len()) && self.serial.bytes().all(hex);
        match sound {
            true => Ok(()),
            false => Err(Breach::Form("serial", "has 1 to 40 lower-case hexadecimal digits")),
        }
    }
}

impl Listing for Certificate {
    const PREFIX: &'static str = "certificate";
    const NOUN: &'static str = "certificate";

    fn subject(&self) -> &str {
        &self.did
    }

    fn granter(&self) -> &str {
        &self.issuer
    }

    fn period(&self) -> Option<&Period> {
        Some(&self.period)
    }

    fn revocable_as(&self) -> Option<&str> {
        Some(DPKI_CERTIFICATE)
    }
}

/// The content of `crl/<issuer>`. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Crl {
    /// The list's DER bytes, signed by the issuer, in base64.
    pub crl: String,
    /// Its number, which grows (RFC 5280 section 5.2.3).
    pub crl_number: u64,
    /// By when the next one comes.
    pub next_update: Moment,
    /// When it was made.
    pub this_update: Moment,
}

impl Crl {
    /// The key of an issuer's list.
    pub fn key(issuer: &str) -> String {
        format!("crl/{issuer}")
    }

    /// Checks what needs no state.
    ///
    /// # Errors
    /// [`Breach::Form`], [`Breach::Period`].
    pub fn check(&self) -> Result<(), Breach> {
        let digits = self.crl.trim_end_matches('=');
        let padding = self.crl.len() - digits.len();
        let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        let sound = (4..=CRL_CHARS_MAX).contains(&self.crl.len())
            && self.crl.len().is_multiple_of(4)
            && padding <= 2
            && digits.bytes().all(is_digit);
        if !sound {
            return Err(Breach::Form("crl", "is base64 of at most 48 KiB"));
        }
        Period { from: self.this_update, until: self.next_update }.check()
    }
}
