//! What a participant brings to the ceremony.

use registry::author::{self, Key, Times};
use registry::control::Control;
use registry::event::VALIDITY_MAX;
use registry::json;
use registry::network::{ReplicaEntry, ValidatorEntry};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::CeremonyError;

/// How long before the genesis time an inception event says that it was made, and by how much it
/// stays below the longest validity: a minute.
const MARGIN: u64 = 60_000;

/// What a participant will be in the network. The operator's DID in an entry is filled in from the
/// inception event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Place {
    /// Holds a seat of the Governing Body, 1 to 5 in the order of Act s.5.
    Governor {
        /// Which seat.
        seat: usize,
    },
    /// The Administrative Body (Act s.11).
    AdministrativeBody,
    /// The Member Secretary (Act s.12).
    Secretary,
    /// Vouches for new authors.
    Endorser,
    /// Runs a validator with these keys.
    Validator(ValidatorEntry),
    /// Runs a replica with this key.
    Replica(ReplicaEntry),
}

/// A place and the signed inception event of the one who takes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contribution {
    /// The signed `DidCreated` event, canonical.
    pub event: Box<RawValue>,
    /// What the participant will be.
    pub place: Place,
}

/// Makes a participant's contribution: a new DID that `key` controls, whose inception event may
/// take effect at the genesis time and for nearly seven days after.
///
/// # Errors
/// [`CeremonyError::Network`] where the network's name is none.
pub fn contribute(
    network: &str,
    genesis_time: u64,
    place: Place,
    key: &dyn Key,
) -> Result<(String, Contribution), CeremonyError> {
    let times = Times {
        created: genesis_time.saturating_sub(MARGIN),
        valid_until: genesis_time.saturating_add(VALIDITY_MAX - MARGIN),
    };
    let control = Control::of([&key.public()], 1);
    let malformed = |error: &dyn std::fmt::Display| CeremonyError::Network(error.to_string());
    let (did, mut event) = author::inception(network, document(network), &control, times)
        .map_err(|error| malformed(&error))?;
    let did = did.to_string();
    author::sign(&mut event, &did, network, key).map_err(|error| malformed(&error))?;
    let contribution = Contribution {
        event: json::raw(&event).map_err(|error| malformed(&error))?,
        place: place.operated_by(&did),
    };
    Ok((did, contribution))
}

impl Place {
    /// The same place with the operator's DID in its entry.
    fn operated_by(self, did: &str) -> Place {
        let operator = did.to_owned();
        match self {
            Place::Validator(entry) => Place::Validator(ValidatorEntry { operator, ..entry }),
            Place::Replica(entry) => Place::Replica(ReplicaEntry { operator, ..entry }),
            other => other,
        }
    }
}

/// The least document that a DID has.
fn document(network: &str) -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/did/v1.1"],
        "id": author::placeholder(network),
    })
}
