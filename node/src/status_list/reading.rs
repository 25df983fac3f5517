//! Both lists as a reader has them: what they say of a slot, when they are of, and whose signature
//! they bear. Reading is not verifying: whoever reads checks the signature, the times and whether
//! the list is the one that a credential names.
//!
//! A few kilobytes can inflate to gigabytes, so each reader says how many entries there may be, and
//! a list with more is refused before they are in memory.

use std::io::{BufRead, Read};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64_URL;
use flate2::bufread::{GzDecoder, ZlibDecoder};
use registry::multikey::PublicKey;
use registry::time;
use serde_json::Value;

use super::{ENTRIES_MIN, Moment};

/// Why a list cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Not multibase base64url, base64url, or a compact JWS.
    #[error("the list is not in the encoding of its format: ask its publisher for another")]
    Encoding,
    /// Not GZIP, or not ZLIB; cut off, damaged, or with something after it.
    #[error("the list does not inflate: ask its publisher for another")]
    Compression,
    /// It inflates to more than the reader allows: perhaps a bomb.
    #[error("the list has more than {0} entries: read it with a higher limit if you expect so")]
    TooManyEntries(u32),
    /// A Bitstring of fewer than 131,072 entries (3.2: `STATUS_LIST_LENGTH_ERROR`).
    #[error("the list has fewer than 131072 entries: its publisher must pad it")]
    TooFewEntries,
    /// A status has 1, 2, 4 or 8 bits.
    #[error("`{0}` bits are not those of a status: 1, 2, 4 or 8")]
    Bits(u64),
    /// A member is missing or of another form; its name.
    #[error("the list's `{0}` is missing or not as its format has it")]
    Member(&'static str),
}

/// Statuses as a list has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statuses {
    bytes: Vec<u8>,
    bits: u8,
    /// Whether the first status of a byte is in its most significant bits.
    leftmost_first: bool,
}

impl Statuses {
    /// The `encodedList` of a Bitstring Status List (3.4), with at most so many entries.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn of_bitstring(encoded_list: &str, entries_max: u32) -> Result<Statuses, ReadError> {
        let packed = encoded_list.strip_prefix('u').ok_or(ReadError::Encoding)?;
        let packed = BASE64_URL.decode(packed).map_err(|_| ReadError::Encoding)?;
        let mut gzip = GzDecoder::new(&packed[..]);
        let bytes = inflate(&mut gzip, 1, entries_max)?;
        finish(gzip.into_inner())?;
        let statuses = Statuses { bytes, bits: 1, leftmost_first: true };
        if statuses.entries() < u64::from(ENTRIES_MIN) {
            return Err(ReadError::TooFewEntries);
        }
        Ok(statuses)
    }

    /// The compressed byte array of a Token Status List (4.1), with at most so many entries.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn of_token_list(packed: &[u8], bits: u64, max: u32) -> Result<Statuses, ReadError> {
        let width = match bits {
            1 => 1,
            2 => 2,
            4 => 4,
            8 => 8,
            other => return Err(ReadError::Bits(other)),
        };
        let mut zlib = ZlibDecoder::new(packed);
        let bytes = inflate(&mut zlib, width, max)?;
        finish(zlib.into_inner())?;
        Ok(Statuses { bytes, bits: width, leftmost_first: false })
    }

    /// How many statuses there are; the last byte's unused ones count too.
    pub fn entries(&self) -> u64 {
        let bytes = u64::try_from(self.bytes.len()).expect("memory is shorter than 2^64 bytes");
        bytes * u64::from(8 / self.bits)
    }

    /// The status at an index. `None` beyond the list: then nothing is known, and a credential is
    /// to be refused (Bitstring 3.2, `RANGE_ERROR`; Token Status List 8.3).
    pub fn get(&self, index: u64) -> Option<u8> {
        let per_byte = u64::from(8 / self.bits);
        let byte = self.bytes.get(usize::try_from(index / per_byte).ok()?)?;
        let place = u8::try_from(index % per_byte).ok()? * self.bits;
        let shift = if self.leftmost_first { 8 - self.bits - place } else { place };
        Some(byte >> shift & (u8::MAX >> (8 - self.bits)))
    }
}

/// What a list says, of the statuses and of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Its own URL, `id` or `sub`, which has to be the one that the credential names. A Bitstring
    /// may have none.
    pub url: Option<String>,
    /// Whose list it is. A token names none, but the key that signed it.
    pub issuer: Option<String>,
    /// What a set bit of a Bitstring says; it may say several things.
    pub purposes: Vec<String>,
    /// When it is of.
    pub moment: Moment,
    /// The statuses.
    pub statuses: Statuses,
}

impl List {
    /// Reads a `BitstringStatusListCredential` (2.2), with at most so many entries. Its proof is in
    /// `proof`, or in the JWT around it.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn of_credential(credential: &Value, entries_max: u32) -> Result<List, ReadError> {
        let kinds = strings(&credential["type"]);
        if !kinds.iter().any(|kind| kind == "BitstringStatusListCredential") {
            return Err(ReadError::Member("type"));
        }
        let list = &credential["credentialSubject"];
        if list["type"] != "BitstringStatusList" {
            return Err(ReadError::Member("credentialSubject.type"));
        }
        let purposes = strings(&list["statusPurpose"]);
        if purposes.is_empty() {
            return Err(ReadError::Member("statusPurpose"));
        }
        let issuer = &credential["issuer"];
        let issuer = text(issuer).or_else(|| text(&issuer["id"]));
        let seconds = |name| match &credential[name] {
            Value::Null => Ok(None),
            Value::String(date) => time::parse(date)
                .map(|milliseconds| Some(milliseconds / 1000))
                .ok_or(ReadError::Member(name)),
            _ => Err(ReadError::Member(name)),
        };
        let moment = Moment {
            issued: seconds("validFrom")?.ok_or(ReadError::Member("validFrom"))?,
            valid_until: seconds("validUntil")?,
            ttl: number(list, "ttl")?.map(|milliseconds| milliseconds / 1000),
        };
        let encoded = list["encodedList"].as_str().ok_or(ReadError::Member("encodedList"))?;
        let statuses = Statuses::of_bitstring(encoded, entries_max)?;
        let url = text(&credential["id"]);
        Ok(List {
            url,
            issuer: Some(issuer.ok_or(ReadError::Member("issuer"))?),
            purposes,
            moment,
            statuses,
        })
    }

    /// Reads the claims of a Status List Token (5.1), with at most so many entries.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn of_claims(claims: &Value, entries_max: u32) -> Result<List, ReadError> {
        let list = &claims["status_list"];
        let bits = number(list, "bits")?.ok_or(ReadError::Member("bits"))?;
        let packed = list["lst"].as_str().ok_or(ReadError::Member("lst"))?;
        let packed = BASE64_URL.decode(packed).map_err(|_| ReadError::Encoding)?;
        let moment = Moment {
            issued: number(claims, "iat")?.ok_or(ReadError::Member("iat"))?,
            valid_until: number(claims, "exp")?,
            ttl: number(claims, "ttl")?,
        };
        Ok(List {
            url: Some(text(&claims["sub"]).ok_or(ReadError::Member("sub"))?),
            issuer: text(&claims["iss"]),
            purposes: Vec::new(),
            moment,
            statuses: Statuses::of_token_list(&packed, bits, entries_max)?,
        })
    }

    /// Whether the list is of this time, in seconds since 1970. Who asked for the list of a time
    /// has to refuse one that is not (Token Status List, 8.4).
    pub fn covers(&self, seconds: u64) -> bool {
        let Moment { issued, valid_until, .. } = self.moment;
        issued <= seconds && valid_until.is_none_or(|until| seconds < until)
    }
}

/// A JWT (RFC 7519) whose signature is not verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token<'t> {
    signed: &'t str,
    signature: Vec<u8>,
    header: Value,
    /// The payload: of `statuslist+jwt` the claims, of `vc+jwt` the credential.
    pub payload: Value,
}

impl<'t> Token<'t> {
    /// Reads a JWT of a `typ`, `statuslist+jwt` or `vc+jwt`, which keeps other tokens of the same
    /// key from passing for lists (RFC 8725, 3.11).
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn read(token: &'t str, typ: &str) -> Result<Token<'t>, ReadError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(ReadError::Encoding)?;
        let (header, payload) = signed.split_once('.').ok_or(ReadError::Encoding)?;
        let bytes = |part: &str| BASE64_URL.decode(part).map_err(|_| ReadError::Encoding);
        let parse = |part: &str| {
            serde_json::from_slice::<Value>(&bytes(part)?).map_err(|_| ReadError::Encoding)
        };
        let header = parse(header)?;
        if header["typ"] != typ {
            return Err(ReadError::Member("typ"));
        }
        // What must be understood is not (RFC 7515, 4.1.11).
        if header.get("crit").is_some() {
            return Err(ReadError::Member("crit"));
        }
        Ok(Token { signed, signature: bytes(signature)?, header, payload: parse(payload)? })
    }

    /// The DID URL of the key that it says it is signed with.
    pub fn method(&self) -> Option<&str> {
        self.header["kid"].as_str()
    }

    /// Whether the signature is this key's. The key says which algorithm, and the header has to
    /// agree (RFC 8725, 3.1).
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.header["alg"] == key.suite().algorithm
            && key.verify(self.signed.as_bytes(), &self.signature)
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// One string, or those of an array.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().filter_map(text).collect(),
        one => text(one).into_iter().collect(),
    }
}

/// A whole number that may be absent.
fn number(of: &Value, name: &'static str) -> Result<Option<u64>, ReadError> {
    let value = of.get(name).map(|value| value.as_u64().ok_or(ReadError::Member(name)));
    value.transpose()
}

fn inflate(from: &mut impl Read, bits: u8, entries_max: u32) -> Result<Vec<u8>, ReadError> {
    let bytes_max = u64::from(entries_max).div_ceil(u64::from(8 / bits));
    let mut bytes = Vec::new();
    let mut capped = from.take(bytes_max + 1);
    let length = capped.read_to_end(&mut bytes).map_err(|_| ReadError::Compression)?;
    match u64::try_from(length) {
        Ok(length) if length <= bytes_max => Ok(bytes),
        _ => Err(ReadError::TooManyEntries(entries_max)),
    }
}

/// Nothing follows: a second member would be statuses that this reader does not see.
fn finish(mut rest: impl BufRead) -> Result<(), ReadError> {
    match rest.fill_buf() {
        Ok([]) => Ok(()),
        _ => Err(ReadError::Compression),
    }
}
