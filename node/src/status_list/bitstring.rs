//! W3C Bitstring Status List v1.0: a credential for each purpose, one bit for each slot.

use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64_URL;
use flate2::GzBuilder;
use registry::integrity::{self, Proof};
use registry::{json as profile, time};
use serde_json::{Value, json};

use super::{COMPRESSION, Listing, ListingError, Signer, Vector, compact, issuer};

/// The fewest entries of a list: 16 KB, so that one of them points to nobody (2.2).
pub const ENTRIES_MIN: u32 = 131_072;

/// The `ID` of "unknown" for the system that compressed (RFC 1952, 2.3.1), and no time: the bytes
/// say nothing of where and when.
const SYSTEM_UNKNOWN: u8 = 255;

const CONTEXT: &str = "https://www.w3.org/ns/credentials/v2";
/// What the VC Data Model 2.0 has for terms of an issuer's own. `ledgerProof` is one:
/// without this, a JSON-LD processor drops it, and in its safe mode refuses the credential.
const OWN_TERMS: &str = "https://www.w3.org/ns/credentials/undefined-terms/v2";

/// What a set bit says (2.2): there is a list for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The credential is revoked, for good: status 1.
    Revocation,
    /// It is not to be accepted for now: status 2.
    Suspension,
}

impl Purpose {
    /// Both.
    pub const ALL: [Purpose; 2] = [Purpose::Revocation, Purpose::Suspension];

    /// The value of `statusPurpose`.
    pub fn name(self) -> &'static str {
        match self {
            Purpose::Revocation => "revocation",
            Purpose::Suspension => "suspension",
        }
    }

    /// The purpose of this name.
    pub fn named(name: &str) -> Option<Purpose> {
        Purpose::ALL.into_iter().find(|purpose| purpose.name() == name)
    }

    /// The bits of eight slots, the first as the most significant (3.3, "left-most").
    fn bits(self, slots: [u8; 2]) -> u8 {
        let slots = u16::from_le_bytes(slots);
        let (low, high) = (slots & 0x5555, slots >> 1 & 0x5555);
        let set = match self {
            Purpose::Revocation => low & !high,
            Purpose::Suspension => high & !low,
        };
        // Every second bit counts: push the eight together.
        let set = (set | set >> 1) & 0x3333;
        let set = (set | set >> 2) & 0x0f0f;
        let [bits, _] = (set | set >> 4).to_le_bytes();
        bits.reverse_bits()
    }
}

/// The `BitstringStatusListCredential` of a purpose (2.2) with an embedded proof, as canonical
/// JSON. Slots that the registry has not, up to [`ENTRIES_MIN`], are 0.
///
/// # Errors
/// [`ListingError`].
pub fn bitstring_credential(
    listing: &Listing,
    purpose: Purpose,
    signer: &dyn Signer,
) -> Result<Vec<u8>, ListingError> {
    let mut credential = credential(listing, purpose, signer);
    let mut proof = Proof::new(signer.suite().name, signer.method(), "assertionMethod");
    proof.created = Some(date(listing.moment.issued));
    integrity::sign(&mut credential, proof, |message| signer.sign(message))?;
    profile::canonical(&credential).map_err(|_| integrity::IntegrityCode::Document.into())
}

/// The same credential as a JWT whose payload it is (VC-JOSE-COSE, 3.1.1).
///
/// # Errors
/// [`ListingError`].
pub fn bitstring_jwt(
    listing: &Listing,
    purpose: Purpose,
    signer: &dyn Signer,
) -> Result<String, ListingError> {
    let credential = credential(listing, purpose, signer);
    // What has no proof embedded is held to the same profile.
    profile::canonical(&credential).map_err(|_| integrity::IntegrityCode::Document)?;
    Ok(compact::sign(&credential, "vc+jwt", Some("vc"), signer))
}

fn credential(listing: &Listing, purpose: Purpose, signer: &dyn Signer) -> Value {
    let Listing { vector, moment, url, ledger_proof } = listing;
    let mut credential = json!({
        "@context": [CONTEXT],
        "credentialSubject": {
            "encodedList": encoded_list(vector, purpose),
            "id": format!("{url}#list"),
            "statusPurpose": purpose.name(),
            "type": "BitstringStatusList",
        },
        "id": url,
        "issuer": issuer(signer),
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "validFrom": date(moment.issued),
    });
    if let Some(until) = moment.valid_until {
        credential["validUntil"] = date(until).into();
    }
    if let Some(ttl) = moment.ttl {
        credential["credentialSubject"]["ttl"] = ttl.saturating_mul(1000).into();
    }
    if let Some(proof) = ledger_proof {
        credential["@context"] = json!([CONTEXT, OWN_TERMS]);
        credential["ledgerProof"] = (*proof).clone();
    }
    credential
}

/// `encodedList`: GZIP, then multibase base64url without padding (2.2, 3.3).
pub(super) fn encoded_list(vector: &Vector, purpose: Purpose) -> String {
    let mut gzip = GzBuilder::new().operating_system(SYSTEM_UNKNOWN).write(Vec::new(), COMPRESSION);
    let packed = gzip.write_all(&bitstring(vector, purpose)).and_then(|()| gzip.finish());
    let mut text = String::from("u");
    BASE64_URL.encode_string(packed.expect("memory takes every byte"), &mut text);
    text
}

pub(super) fn bitstring(vector: &Vector, purpose: Purpose) -> Vec<u8> {
    let bytes = vector.capacity().max(ENTRIES_MIN).div_ceil(8);
    let mut bits = vec![0; usize::try_from(bytes).expect("half a gigabyte at most")];
    for (bits, slots) in bits.iter_mut().zip(vector.statuses().chunks(2)) {
        let second = slots.get(1).copied().unwrap_or_default();
        *bits = purpose.bits([slots[0], second]);
    }
    bits
}

fn date(seconds: u64) -> String {
    time::format(seconds.saturating_mul(1000))
}
