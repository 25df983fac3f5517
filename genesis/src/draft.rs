//! The document while it is being made.

use registry::genesis::{Document, FORMAT, FirstRoles, Genesis, GenesisError, SEATS};
use registry::network::{Parameters, ReplicaEntry, ValidatorEntry};
use registry::{CheckedEvent, Rejection, SignedEvent, did, json};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::contribution::{Contribution, Place};

/// What a network is going to begin with, as far as it is known.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Draft {
    /// The network's name.
    pub network: String,
    /// When the network begins, in milliseconds since 1970. Inception events are made for it.
    pub time: u64,
    /// The first parameters.
    pub parameters: Parameters,
    administrative_body: Option<String>,
    endorsers: Vec<String>,
    events: Vec<Box<RawValue>>,
    governors: [Option<String>; SEATS.len()],
    replicas: Vec<ReplicaEntry>,
    secretary: Option<String>,
    validators: Vec<ValidatorEntry>,
}

/// Why the ceremony does not go on.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyError {
    /// Not a network's name.
    #[error("the network's name is refused: {0}")]
    Network(String),
    /// An inception event is refused.
    #[error("the inception event is refused: {0}")]
    Event(#[from] Rejection),
    /// An event of another kind or for another purpose.
    #[error("the contribution's event {0}")]
    NotInception(&'static str),
    /// Another took the place.
    #[error("{place} is taken by `{did}`: start a new draft to change it")]
    Taken {
        /// The place.
        place: String,
        /// Who has it.
        did: String,
    },
    /// No such seat.
    #[error("the Governing Body has seats 1 to 5, not {0}")]
    Seat(usize),
    /// An entry that names another operator than the event's author.
    #[error("the entry names `{entry}` as its operator, but the event is by `{author}`")]
    Operator {
        /// The entry's operator.
        entry: String,
        /// The event's author.
        author: String,
    },
    /// Someone has not contributed yet.
    #[error("the draft is not complete, it lacks: {}", .0.join(", "))]
    Incomplete(Vec<String>),
    /// The document is refused.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
}

impl Draft {
    /// An empty draft.
    ///
    /// # Errors
    /// [`CeremonyError::Network`].
    pub fn new(network: &str, parameters: Parameters, time: u64) -> Result<Draft, CeremonyError> {
        if !did::is_network(network) {
            return Err(CeremonyError::Network(did::SyntaxError::Network.to_string()));
        }
        Ok(Draft {
            network: network.to_owned(),
            time,
            parameters,
            administrative_body: None,
            endorsers: Vec::new(),
            events: Vec::new(),
            governors: Default::default(),
            replicas: Vec::new(),
            secretary: None,
            validators: Vec::new(),
        })
    }

    /// Takes a participant in and returns its DID. Adding the same contribution again changes
    /// nothing.
    ///
    /// # Errors
    /// Why the contribution is refused.
    pub fn add(&mut self, contribution: &Contribution) -> Result<String, CeremonyError> {
        let event = self.check_event(contribution.event.get())?;
        let did = event.author().to_owned();
        match &contribution.place {
            Place::Governor { seat } => {
                let at = seat.checked_sub(1);
                let held = at.and_then(|at| self.governors.get_mut(at));
                let held = held.ok_or(CeremonyError::Seat(*seat))?;
                take(held, &did, || format!("seat {seat}"))?;
            }
            Place::AdministrativeBody => {
                take(&mut self.administrative_body, &did, || "the Administrative Body".into())?;
            }
            Place::Secretary => take(&mut self.secretary, &did, || "the Secretary".into())?,
            Place::Endorser => push(&mut self.endorsers, did.clone()),
            Place::Validator(entry) => {
                check_operator(&entry.operator, &did)?;
                push(&mut self.validators, entry.clone());
            }
            Place::Replica(entry) => {
                check_operator(&entry.operator, &did)?;
                push(&mut self.replicas, entry.clone());
            }
        }
        if self.events.iter().all(|known| known.get() != contribution.event.get()) {
            self.events.push(contribution.event.clone());
        }
        Ok(did)
    }

    /// Who is still missing, in words.
    pub fn lacks(&self) -> Vec<String> {
        let mut lacks = Vec::new();
        for (seat, _) in self.governors.iter().enumerate().filter(|(_, held)| held.is_none()) {
            lacks.push(format!("governor of seat {}", seat + 1));
        }
        if self.administrative_body.is_none() {
            lacks.push("administrative body".into());
        }
        if self.secretary.is_none() {
            lacks.push("secretary".into());
        }
        if self.endorsers.is_empty() {
            lacks.push("an endorser".into());
        }
        match registry::genesis::VALIDATORS_MIN.saturating_sub(self.validators.len()) {
            0 => {}
            1 => lacks.push("1 validator".into()),
            missing => lacks.push(format!("{missing} validators")),
        }
        lacks
    }

    /// The genesis document that the draft makes, found sound.
    ///
    /// # Errors
    /// [`CeremonyError::Incomplete`], or what is wrong with the whole.
    pub fn assemble(&self) -> Result<Genesis, CeremonyError> {
        let lacks = self.lacks();
        let governors: Vec<String> = self.governors.iter().flatten().cloned().collect();
        let (Some(administrative_body), Some(secretary), []) =
            (self.administrative_body.clone(), self.secretary.clone(), lacks.as_slice())
        else {
            return Err(CeremonyError::Incomplete(lacks));
        };
        let endorsers = self.endorsers.clone();
        let document = Document {
            events: self.events.clone(),
            format: FORMAT.to_owned(),
            network: self.network.clone(),
            parameters: self.parameters.clone(),
            replicas: self.replicas.clone(),
            roles: FirstRoles { administrative_body, endorsers, governors, secretary },
            time: self.time,
            validators: self.validators.clone(),
        };
        let bytes = json::canonical_of(&document).map_err(GenesisError::from)?;
        Ok(Genesis::parse(&bytes)?)
    }

    fn check_event(&self, text: &str) -> Result<CheckedEvent, CeremonyError> {
        let event = SignedEvent::parse(text.as_bytes())?.verify()?;
        if event.kind() != "DidCreated" {
            return Err(CeremonyError::NotInception("is not a `DidCreated`"));
        }
        let nothing = std::collections::BTreeMap::new();
        let context = registry::Context {
            network: self.network.clone(),
            genesis: proofs::Hash::ZERO,
            height: 0,
            time: self.time,
            decided: None,
        };
        event.apply(&context, &nothing)?;
        Ok(event)
    }
}

fn take(
    held: &mut Option<String>,
    did: &str,
    place: impl Fn() -> String,
) -> Result<(), CeremonyError> {
    match held {
        Some(other) if other != did => {
            Err(CeremonyError::Taken { place: place(), did: other.clone() })
        }
        _ => {
            *held = Some(did.to_owned());
            Ok(())
        }
    }
}

fn push<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

fn check_operator(entry: &str, author: &str) -> Result<(), CeremonyError> {
    if entry == author {
        return Ok(());
    }
    Err(CeremonyError::Operator { entry: entry.to_owned(), author: author.to_owned() })
}
