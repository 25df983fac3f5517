//! IETF Token Status List (draft-ietf-oauth-status-list-21): one list of two bits a slot, revoked
//! and suspended alike.
//!
//! A list is as long as the registry and no longer: an index beyond it must be refused (8.3), and
//! would be valid in one that is padded.

use std::io::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64_URL;
use flate2::write::ZlibEncoder;
use registry::integrity::IntegrityCode;
use registry::json as profile;
use serde_json::json;

use super::cbor::Writer;
use super::{
    COMPRESSION, Listing, ListingError, Moment, SLOT_BITS, Signer, TOKEN_CWT_TYPE, Vector, compact,
};

/// Names of CWT claims (RFC 8392, 3.1; Token Status List, 14.3).
const SUBJECT: u64 = 2;
const EXPIRATION: u64 = 4;
const ISSUED_AT: u64 = 6;
const STATUS_LIST: u64 = 65_533;
const TIME_TO_LIVE: u64 = 65_534;

/// Header parameters of COSE (RFC 9052, 3.1; RFC 9596, 2).
const ALGORITHM: u64 = 1;
const KEY_ID: u64 = 4;
const TYPE: u64 = 16;
/// The tag of a `COSE_Sign1` (RFC 9052, 2), which a list has, and no other (5.2).
const SIGN1: u64 = 18;

/// The Status List Token as a JWT (5.1).
///
/// # Errors
/// [`ListingError`].
pub fn token_list_jwt(listing: &Listing, signer: &dyn Signer) -> Result<String, ListingError> {
    let Listing { vector, moment, url, ledger_proof } = listing;
    let mut claims = json!({
        "iat": moment.issued,
        "status_list": { "bits": SLOT_BITS, "lst": BASE64_URL.encode(compressed(vector)) },
        "sub": url,
    });
    if let Some(until) = moment.valid_until {
        claims["exp"] = until.into();
    }
    // "MUST be a positive number": without time to live there is no claim.
    if let Some(ttl) = moment.ttl.filter(|ttl| *ttl > 0) {
        claims["ttl"] = ttl.into();
    }
    if let Some(proof) = ledger_proof {
        claims["ledgerProof"] = (*proof).clone();
    }
    profile::canonical(&claims).map_err(|_| IntegrityCode::Document)?;
    Ok(compact::sign(&claims, "statuslist+jwt", None, signer))
}

/// The Status List Token as a CWT in a `COSE_Sign1` (5.2). The name of the key is protected.
pub fn token_list_cwt(listing: &Listing, signer: &dyn Signer) -> Vec<u8> {
    let claims = claims(listing.url, &listing.moment, SLOT_BITS, &compressed(listing.vector));
    let header = header(algorithm(signer), signer.method());
    let signature = signer.sign(&signed(&header, &claims));
    let message = Writer::new().tag(SIGN1).array(4).bytes(&header).map(0);
    message.bytes(&claims).bytes(&signature).into_bytes()
}

/// How COSE names the algorithm of a key (RFC 9053, 2): ES256 or EdDSA.
fn algorithm(signer: &dyn Signer) -> i64 {
    if signer.suite().algorithm == "ES256" { -7 } else { -8 }
}

pub(super) fn header(algorithm: i64, method: &str) -> Vec<u8> {
    let header = Writer::new().map(3).unsigned(ALGORITHM).integer(algorithm);
    let header = header.unsigned(KEY_ID).bytes(method.as_bytes());
    header.unsigned(TYPE).text(TOKEN_CWT_TYPE).into_bytes()
}

/// The claims in the order of the draft's example, which they match to the byte.
pub(super) fn claims(url: &str, moment: &Moment, bits: u8, list: &[u8]) -> Vec<u8> {
    let ttl = moment.ttl.filter(|ttl| *ttl > 0);
    let entries = 3 + u64::from(moment.valid_until.is_some()) + u64::from(ttl.is_some());
    let mut claims = Writer::new().map(entries).unsigned(SUBJECT).text(url);
    claims = claims.unsigned(ISSUED_AT).unsigned(moment.issued);
    if let Some(until) = moment.valid_until {
        claims = claims.unsigned(EXPIRATION).unsigned(until);
    }
    if let Some(ttl) = ttl {
        claims = claims.unsigned(TIME_TO_LIVE).unsigned(ttl);
    }
    claims = claims.unsigned(STATUS_LIST).map(2).text("bits").unsigned(bits.into());
    claims.text("lst").bytes(list).into_bytes()
}

/// What is signed (RFC 9052, 4.4): a `Sig_structure` without external data.
pub(super) fn signed(header: &[u8], claims: &[u8]) -> Vec<u8> {
    let structure = Writer::new().array(4).text("Signature1").bytes(header);
    structure.bytes(&[]).bytes(claims).into_bytes()
}

/// The compressed byte array (4.1): the vector, which is one, in DEFLATE with the ZLIB format.
pub(super) fn compressed(vector: &Vector) -> Vec<u8> {
    let mut zlib = ZlibEncoder::new(Vec::new(), COMPRESSION);
    let packed = zlib.write_all(vector.statuses()).and_then(|()| zlib.finish());
    packed.expect("memory takes every byte")
}
