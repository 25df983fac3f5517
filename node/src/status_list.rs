//! The statuses of a registry as the two lists that verifiers know: the W3C Bitstring Status List
//! v1.0, as a credential with a Data Integrity proof or as a JWT, and the IETF Token Status List
//! (draft-ietf-oauth-status-list-21), as a JWT or a CWT.
//!
//! # Invariants
//!
//! * Making a list is pure: statuses and times come in, bytes go out. Times are of blocks, never of
//!   a clock, so the nodes of one build make the same bytes of one key. What is made never reaches
//!   state: another compressor makes other bytes of the same statuses.
//! * One vector, two bit orders. A Token Status List counts from the least significant bit, as the
//!   vector does; a Bitstring from the most significant.
//! * What is read inflates to no more than the reader allows.

mod bitstring;
mod cbor;
mod compact;
mod provider;
pub mod reading;
mod server;
mod token;

use flate2::Compression;
use registry::integrity::IntegrityError;
use registry::status::Vector;
use registry::suites::Suite;
use serde_json::Value;

pub use bitstring::{ENTRIES_MIN, Purpose, bitstring_credential, bitstring_jwt};
pub use provider::Provider;
pub use server::{Form, Server};
pub use token::{token_list_cwt, token_list_jwt};

/// How many bits of the vector a slot has, and of a Token Status List.
pub const SLOT_BITS: u8 = 2;

/// Measured on 1,048,576 slots: with 1 % of them set, level 4 takes 1.6 ms for 21.1 KB and level 6
/// takes 5.9 ms for 19.8 KB; with 10 %, 12 ms for 102 KB and 65 ms for 98 KB. The draft recommends
/// the highest level (Token Status List, 4.1), which takes 39 ms and 283 ms for 10 % and 3 % less.
const COMPRESSION: Compression = Compression::new(4);

/// The media type of [`bitstring_credential`] (VC Data Model 2.0, 6.2).
pub const CREDENTIAL_TYPE: &str = "application/vc";
/// The media type of [`bitstring_jwt`] (VC-JOSE-COSE, 6.1.1).
pub const CREDENTIAL_JWT_TYPE: &str = "application/vc+jwt";
/// The media type of [`token_list_jwt`] (Token Status List, 8.1).
pub const TOKEN_JWT_TYPE: &str = "application/statuslist+jwt";
/// The media type of [`token_list_cwt`] (Token Status List, 8.1).
pub const TOKEN_CWT_TYPE: &str = "application/statuslist+cwt";

/// When a list is of, in seconds since 1970: block time all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Since when the statuses are these: `validFrom`, `iat`.
    pub issued: u64,
    /// Until when the list counts, `validUntil` and `exp`. Of a list of the past, this is when the
    /// next one took over: by it readers see that the list is of the time that they asked for
    /// (Token Status List, 8.4).
    pub valid_until: Option<u64>,
    /// For how many seconds it may be kept before there may be a newer one. W3C has milliseconds.
    pub ttl: Option<u64>,
}

/// What is to be published, and where.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    /// The statuses.
    pub vector: &'a Vector,
    /// When they are of.
    pub moment: Moment,
    /// The list's own URL, which the credentials name that it speaks of: `id`, `sub`.
    pub url: &'a str,
    /// What the ledger proves of the vector, so that a reader need not trust the signer: an extra
    /// member `ledgerProof`. The CWT has none.
    pub ledger_proof: Option<&'a Value>,
}

/// The key of a status provider, which the ledger names: lists are signed by it, and it may be
/// another than the key that signed the credentials (Bitstring Status List, 2.2).
pub trait Signer {
    /// The DID URL of the verification method. What stands before `#` is the issuer of lists.
    fn method(&self) -> &str;
    /// The suite of the key: `eddsa-jcs-2022` or `ecdsa-jcs-2019`.
    fn suite(&self) -> &'static Suite;
    /// The raw signature over these bytes; of P-256, r and s.
    fn sign(&self, message: &[u8]) -> Vec<u8>;
}

/// Why there is no list: the URL, a time or the ledger's proof is not JSON of the profile.
pub type ListingError = IntegrityError;

/// The DID of a signer.
fn issuer(signer: &dyn Signer) -> &str {
    let method = signer.method();
    method.split_once('#').map_or(method, |(did, _)| did)
}

#[cfg(test)]
mod tests;
