//! The AnonCreds v1 view of a registry: its definition, and the accumulator that every validator
//! computes from the public tails (`crate::anoncreds`).

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{Status, StatusError, Vector, touched};
use crate::anoncreds::objects::{CredentialDefinition, RevocationRegistryDefinition};
use crate::anoncreds::{self, Point, tail_at, tail_index};
use crate::blob;
use crate::rejection::Rejection;
use crate::resource;
use crate::state::View;

/// The type of resource that a definition is.
pub(crate) const DEFINITION: &str = "anonCredsRevocRegDef";
/// The kind of blob that a tails file is.
const TAILS: &str = "anonCredsTails";
/// Bytes of a point in a tails file.
const POINT_BYTES: usize = 128;

/// Where a registry's AnonCreds objects are. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anoncreds {
    /// The definition: the id of a resource of the issuer.
    pub definition: String,
    /// The tails file: the id of an active blob.
    pub tails: String,
}

/// The content of `anoncreds-registry/<issuer>/<definition>`: the one registry of a definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defined {
    /// The registry's id.
    pub registry: String,
}

impl Defined {
    /// The key under a definition.
    #[must_use]
    pub fn key(issuer: &str, definition: &str) -> String {
        format!("anoncreds-registry/{issuer}/{definition}")
    }
}

impl Anoncreds {
    /// The view of a registry with this definition, which was published as a resource just now,
    /// and its accumulator as it begins.
    ///
    /// # Errors
    /// The credential definition or the tails are not there, or do not belong together.
    pub(crate) fn open(
        definition: &RawValue,
        (id, issuer, capacity): (String, &str, u32),
        view: &dyn View,
    ) -> Result<(Anoncreds, Point), Rejection> {
        let unmet = |why: &str| StatusError::Unmet(why.to_owned());
        let definition: Value = serde_json::from_str(definition.get())
            .map_err(|error| Rejection::Members(format!("`anoncreds`: {error}")))?;
        let read = RevocationRegistryDefinition::read(&definition, "/anoncreds")?;
        if read.max_cred_num != capacity {
            Err(unmet("`capacity` is `maxCredNum` of the definition"))?;
        }
        let own = resource::split_uri(&read.cred_def_id).is_some_and(|(did, _)| did == issuer);
        let keys = resource::find(&read.cred_def_id, view).filter(|_| own);
        let keys = keys.and_then(|state| serde_json::from_str(state.content.get()).ok());
        let keys: Value = keys.ok_or_else(|| {
            unmet("`credDefId` is the DID URL of a credential definition that the author published")
        })?;
        let keys = CredentialDefinition::read(&keys, "/credDefId")?;
        let tails = resource::id_of(&read.tails_hash);
        if blob::active(&tails, TAILS, view)?.is_none() {
            Err(unmet("its tails are no active blob yet: put them first (`dzong blob put`)"))?;
        }
        let anoncreds = Anoncreds { definition: id, tails };
        if anoncreds.tails([0].into_iter(), view)?.first() != keys.g_dash.as_ref() {
            Err(unmet("the tails are not of this credential definition"))?;
        }
        let initial = anoncreds.initial(capacity, view)?;
        Ok((anoncreds, initial))
    }

    /// The sum of all credentials' tails.
    fn initial(&self, capacity: u32, view: &dyn View) -> Result<Point, Rejection> {
        let absent = || touched::absent(&self.tails);
        let bytes = tail_at(1).start..tail_at(capacity).end;
        let bytes = view.blob(&self.tails, bytes).ok_or_else(absent)?;
        let (points, _) = bytes.as_chunks::<POINT_BYTES>();
        let points: Option<Vec<Point>> =
            points.iter().map(|bytes| Point::from_bytes(bytes).ok()).collect();
        let points = points.ok_or_else(absent)?;
        let (first, rest) = points.split_first().ok_or_else(absent)?;
        anoncreds::shift(first, rest.iter().copied(), []).ok_or_else(absent)
    }

    /// The accumulator of a registry in which these slots do not count, from nothing.
    ///
    /// # Errors
    /// As [`Anoncreds::shift`].
    pub(crate) fn accumulator(
        &self,
        capacity: u32,
        ceased: &[u32],
        view: &dyn View,
    ) -> Result<Point, Rejection> {
        self.shift(&self.initial(capacity, view)?, capacity, (&[], ceased), view)
    }

    fn tails(
        &self,
        indices: impl Iterator<Item = u32>,
        view: &dyn View,
    ) -> Result<Vec<Point>, Rejection> {
        let read = |bytes: &[u8]| Point::from_bytes(bytes.try_into().ok()?).ok();
        touched::points(&self.tails, indices.map(tail_at), read, view)
    }

    /// The accumulator after these slots began to count, and those ceased to.
    ///
    /// # Errors
    /// The tails are not there, which no attested blob lets happen.
    pub(crate) fn shift(
        &self,
        accumulator: &Point,
        capacity: u32,
        (began, ceased): (&[u32], &[u32]),
        view: &dyn View,
    ) -> Result<Point, Rejection> {
        let absent = || touched::absent(&self.tails);
        let tails = |slots: &[u32]| {
            let indices = slots.iter().map(|slot| tail_index(*slot, capacity));
            let indices: Vec<u32> = indices.collect::<Option<_>>().ok_or_else(absent)?;
            self.tails(indices.into_iter(), view)
        };
        anoncreds::shift(accumulator, tails(began)?, tails(ceased)?).ok_or_else(absent)
    }
}

/// The status list as AnonCreds libraries read it. Suspended credentials are in it as revoked ones
/// are, and position 0, which no credential has, is not: the libraries add nothing for it.
#[must_use]
pub fn status_list(
    (issuer, definition): (&str, &str),
    accumulator: &Point,
    vector: &Vector,
    timestamp: u64,
) -> Value {
    let bit = |slot| u8::from(slot != 0 && vector.status(slot) != Some(Status::Valid));
    let bits: Vec<u8> = (0..vector.capacity()).map(bit).collect();
    json!({
        "currentAccumulator": accumulator.to_text(),
        "issuerId": issuer,
        "revRegDefId": resource::uri(issuer, definition),
        "revocationList": bits,
        "timestamp": timestamp,
    })
}
