//! AnonCreds v1 objects of revocation, as the specification has them and the library writes them
//! ("Credential Definition", "Revocation Registry Definition", "Revocation Status List"), and
//! nothing more.
//!
//! Read here is each object by itself: its form, limits, numbers and points. That the identifiers
//! lead to what they name, and that the author may speak for the issuer, is for the caller.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::text::{check_g1, read_gt};
use super::{MAX_CRED_NUM_MAX, MAX_CRED_NUM_MIN, Point, PointError};
use crate::base58;
use crate::resource::{NAME_BYTES_MAX, ResourceError};

/// Longest identifier and longest place of a tails file, in bytes.
pub const ID_BYTES_MAX: usize = 1_024;
/// Most keys of attributes: 125 of a schema, and the one of the holder's secret.
pub const ATTRIBUTE_KEYS_MAX: usize = 126;
/// How the credential definition names the key of the holder's secret.
pub const LINK_SECRET: &str = "master_secret";
/// Digits of a modulus that is the product of two primes of 1024 bits, or of 1025, as the library
/// makes them.
const MODULUS_DIGITS: std::ops::RangeInclusive<usize> = 616..=618;
const SHA256_BYTES: usize = 32;

/// A definition of a revocation registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationRegistryDefinition {
    /// `issuerId`.
    pub issuer_id: String,
    /// `credDefId`.
    pub cred_def_id: String,
    /// `tag`.
    pub tag: String,
    /// `value.maxCredNum`: positions of a status list; usable are those from 1.
    pub max_cred_num: u32,
    /// `value.tailsHash`, the SHA-256 of the tails file.
    pub tails_hash: [u8; SHA256_BYTES],
    /// `value.tailsLocation`: where the issuer says that the file is.
    pub tails_location: String,
    /// `value.publicKeys.accumKey.z`, as it was written; checked to be a value of a pairing.
    pub accum_key: String,
}

/// A status list: what is revoked at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationStatusList {
    /// `revRegDefId`.
    pub rev_reg_def_id: String,
    /// `issuerId`.
    pub issuer_id: String,
    /// `revocationList`: whether the credential at this position is revoked. Position 0 is none
    /// and never set.
    pub revoked: Vec<bool>,
    /// `currentAccumulator`. Whether it belongs to the list, [`super::shift`] shows.
    pub accumulator: Point,
    /// `timestamp`, in seconds since 1970.
    pub timestamp: u64,
}

/// A credential definition. Of its primary key the form is checked and nothing kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialDefinition {
    /// `issuerId`.
    pub issuer_id: String,
    /// `schemaId`.
    pub schema_id: String,
    /// `tag`.
    pub tag: String,
    /// The names in `value.primary.r` but [`LINK_SECRET`]: the schema's attributes, as the
    /// library compares them, in small letters and without spaces.
    pub attributes: BTreeSet<String>,
    /// `value.revocation.g_dash`, with which the tails of its registries begin; `None` where its
    /// credentials cannot be revoked.
    pub g_dash: Option<Point>,
}

impl RevocationRegistryDefinition {
    /// Reads a definition that stands at the JSON pointer `place`.
    ///
    /// # Errors
    /// The first thing that is wrong, and where.
    pub fn read(content: &Value, place: &str) -> Result<Self, ResourceError> {
        let members = "issuerId, revocDefType, credDefId, tag and value with publicKeys, \
            maxCredNum, tailsLocation and tailsHash";
        let form: forms::RegistryDefinition =
            read(content, place, "revocation registry definition", members)?;
        let place = |member: &str| format!("{place}/{member}");
        check_text(&place("issuerId"), &form.issuer_id, ID_BYTES_MAX)?;
        check_text(&place("credDefId"), &form.cred_def_id, ID_BYTES_MAX)?;
        check_text(&place("tag"), &form.tag, NAME_BYTES_MAX)?;
        if form.revoc_def_type != "CL_ACCUM" {
            return wrong(place("revocDefType"), "write `CL_ACCUM`");
        }
        let forms::RegistryValue { public_keys, max_cred_num, tails_location, tails_hash } =
            form.value;
        if !(MAX_CRED_NUM_MIN..=MAX_CRED_NUM_MAX).contains(&max_cred_num) {
            let message = format!("write {MAX_CRED_NUM_MIN} to {MAX_CRED_NUM_MAX}");
            return wrong(place("value/maxCredNum"), message);
        }
        check_text(&place("value/tailsLocation"), &tails_location, ID_BYTES_MAX)?;
        let hash = base58::decode(&tails_hash, SHA256_BYTES);
        let Some(hash) = hash.and_then(|bytes| bytes.try_into().ok()) else {
            let message = "write the SHA-256 of the tails file in base58";
            return wrong(place("value/tailsHash"), message);
        };
        let accum_key = public_keys.accum_key.z;
        check_point(place("value/publicKeys/accumKey/z"), read_gt(&accum_key))?;
        Ok(RevocationRegistryDefinition {
            issuer_id: form.issuer_id,
            cred_def_id: form.cred_def_id,
            tag: form.tag,
            max_cred_num,
            tails_hash: hash,
            tails_location,
            accum_key,
        })
    }
}

impl RevocationStatusList {
    /// Reads a list that stands at the JSON pointer `place`, of a registry for `max_cred_num`
    /// credentials.
    ///
    /// # Errors
    /// The first thing that is wrong, and where.
    pub fn read(content: &Value, place: &str, max_cred_num: u32) -> Result<Self, ResourceError> {
        let members =
            "revRegDefId, issuerId, revocationList, currentAccumulator and timestamp in seconds";
        let form: forms::StatusList = read(content, place, "revocation status list", members)?;
        let place = |member: &str| format!("{place}/{member}");
        check_text(&place("revRegDefId"), &form.rev_reg_def_id, ID_BYTES_MAX)?;
        check_text(&place("issuerId"), &form.issuer_id, ID_BYTES_MAX)?;
        let length = form.revocation_list.len();
        if u32::try_from(length) != Ok(max_cred_num) {
            let message = format!("write {max_cred_num} bits, as `maxCredNum` says, not {length}");
            return wrong(place("revocationList"), message);
        }
        let mut revoked = Vec::with_capacity(length);
        for (at, bit) in form.revocation_list.into_iter().enumerate() {
            if bit > 1 {
                return wrong(place(&format!("revocationList/{at}")), "write 0 or 1");
            }
            revoked.push(bit == 1);
        }
        if revoked.first() == Some(&true) {
            let message = "write 0: no credential has this position, and revoking it would publish \
                the secret with which every revoked holder proves the opposite";
            return wrong(place("revocationList/0"), message);
        }
        let at = place("currentAccumulator");
        let accumulator = check_point(at, Point::parse(&form.current_accumulator))?;
        Ok(RevocationStatusList {
            rev_reg_def_id: form.rev_reg_def_id,
            issuer_id: form.issuer_id,
            revoked,
            accumulator,
            timestamp: form.timestamp,
        })
    }
}

impl CredentialDefinition {
    /// Reads a definition that stands at the JSON pointer `place`.
    ///
    /// # Errors
    /// The first thing that is wrong, and where.
    pub fn read(content: &Value, place: &str) -> Result<Self, ResourceError> {
        let members = "issuerId, schemaId, type, tag and value with primary (n, s, r, rctxt, z) \
            and, where credentials can be revoked, revocation (g, g_dash, h, h0, h1, h2, htilde, \
            h_cap, u, pk, y)";
        let form: forms::CredentialDefinition =
            read(content, place, "credential definition", members)?;
        let place = |member: &str| format!("{place}/{member}");
        check_text(&place("issuerId"), &form.issuer_id, ID_BYTES_MAX)?;
        check_text(&place("schemaId"), &form.schema_id, ID_BYTES_MAX)?;
        check_text(&place("tag"), &form.tag, NAME_BYTES_MAX)?;
        if form.kind != "CL" {
            return wrong(place("type"), "write `CL`");
        }
        let attributes = check_primary(&form.value.primary, &place("value/primary"))?;
        let at = place("value/revocation");
        let revocation = form.value.revocation.as_ref();
        let g_dash = revocation.map(|key| check_revocation(key, &at)).transpose()?;
        Ok(CredentialDefinition {
            issuer_id: form.issuer_id,
            schema_id: form.schema_id,
            tag: form.tag,
            attributes,
            g_dash,
        })
    }
}

/// Checks the key with which credentials are signed, and returns its attributes.
fn check_primary(key: &forms::Primary, place: &str) -> Result<BTreeSet<String>, ResourceError> {
    let n = key.n.as_str();
    let odd = n.ends_with(['1', '3', '5', '7', '9']);
    if !is_number(n) || !odd || !MODULUS_DIGITS.contains(&n.len()) {
        let message = "write the product of two primes of 1024 or 1025 bits, in decimal digits";
        return wrong(format!("{place}/n"), message);
    }
    let below = |member: &str, number: &str| {
        // Without leading zeros the longer number is the greater one.
        match is_number(number) && (number.len(), number) < (n.len(), n) {
            true => Ok(()),
            false => wrong(
                format!("{place}/{member}"),
                "write a number from 2 to below n, in decimal digits without leading zeros",
            ),
        }
    };
    below("s", &key.s)?;
    below("rctxt", &key.rctxt)?;
    below("z", &key.z)?;
    if !(2..=ATTRIBUTE_KEYS_MAX).contains(&key.r.len()) || !key.r.contains_key(LINK_SECRET) {
        let message = format!(
            "write a number for `{LINK_SECRET}` and for each attribute of the schema, \
             {ATTRIBUTE_KEYS_MAX} at most"
        );
        return wrong(format!("{place}/r"), message);
    }
    for (name, number) in &key.r {
        let member = format!("r/{}", name.replace('~', "~0").replace('/', "~1"));
        check_text(&format!("{place}/{member}"), name, NAME_BYTES_MAX)?;
        below(&member, number)?;
    }
    Ok(key.r.keys().filter(|name| *name != LINK_SECRET).cloned().collect())
}

/// Checks the key with which revocation is proven, and returns its `g_dash`.
fn check_revocation(key: &forms::Revocation, place: &str) -> Result<Point, ResourceError> {
    let at = |member: &str| format!("{place}/{member}");
    for (member, text) in [
        ("g", &key.g),
        ("h", &key.h),
        ("h0", &key.h0),
        ("h1", &key.h1),
        ("h2", &key.h2),
        ("htilde", &key.htilde),
        ("pk", &key.pk),
    ] {
        check_point(at(member), check_g1(text))?;
    }
    for (member, text) in [("h_cap", &key.h_cap), ("u", &key.u), ("y", &key.y)] {
        check_point(at(member), Point::parse(text))?;
    }
    check_point(at("g_dash"), Point::parse(&key.g_dash))
}

fn read<T: DeserializeOwned>(
    content: &Value,
    place: &str,
    what: &str,
    members: &str,
) -> Result<T, ResourceError> {
    T::deserialize(content).map_err(|error| ResourceError {
        place: place.to_owned(),
        message: format!("write an AnonCreds {what}: {members} ({error})"),
    })
}

fn wrong<T>(place: String, message: impl Into<String>) -> Result<T, ResourceError> {
    Err(ResourceError { place, message: message.into() })
}

fn check_point<T>(place: String, read: Result<T, PointError>) -> Result<T, ResourceError> {
    read.map_err(|error| ResourceError { place, message: error.to_string() })
}

fn check_text(place: &str, text: &str, bytes_max: usize) -> Result<(), ResourceError> {
    let sound = (1..=bytes_max).contains(&text.len())
        && !text.chars().any(char::is_control)
        && text.trim() == text;
    match sound {
        true => Ok(()),
        false => wrong(
            place.to_owned(),
            format!("write 1 to {bytes_max} bytes, no control characters, no outer spaces"),
        ),
    }
}

/// Whether these are the decimal digits of a number from 2.
fn is_number(digits: &str) -> bool {
    !digits.is_empty()
        && digits.bytes().all(|digit| digit.is_ascii_digit())
        && !digits.starts_with('0')
        && digits != "1"
}

/// What stands in the JSON texts.
mod forms {
    use super::{BTreeMap, Deserialize};

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    pub(super) struct RegistryDefinition {
        pub(super) issuer_id: String,
        pub(super) revoc_def_type: String,
        pub(super) cred_def_id: String,
        pub(super) tag: String,
        pub(super) value: RegistryValue,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    pub(super) struct RegistryValue {
        pub(super) public_keys: PublicKeys,
        pub(super) max_cred_num: u32,
        pub(super) tails_location: String,
        pub(super) tails_hash: String,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    pub(super) struct PublicKeys {
        pub(super) accum_key: AccumKey,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct AccumKey {
        pub(super) z: String,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    pub(super) struct StatusList {
        pub(super) rev_reg_def_id: String,
        pub(super) issuer_id: String,
        pub(super) revocation_list: Vec<u8>,
        pub(super) current_accumulator: String,
        pub(super) timestamp: u64,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    pub(super) struct CredentialDefinition {
        pub(super) issuer_id: String,
        pub(super) schema_id: String,
        #[serde(rename = "type")]
        pub(super) kind: String,
        pub(super) tag: String,
        pub(super) value: Keys,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Keys {
        pub(super) primary: Primary,
        #[serde(default)]
        pub(super) revocation: Option<Revocation>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Primary {
        pub(super) n: String,
        pub(super) s: String,
        pub(super) r: BTreeMap<String, String>,
        pub(super) rctxt: String,
        pub(super) z: String,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Revocation {
        pub(super) g: String,
        pub(super) g_dash: String,
        pub(super) h: String,
        pub(super) h0: String,
        pub(super) h1: String,
        pub(super) h2: String,
        pub(super) htilde: String,
        pub(super) h_cap: String,
        pub(super) u: String,
        pub(super) pk: String,
        pub(super) y: String,
    }
}
