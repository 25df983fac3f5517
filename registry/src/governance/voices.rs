//! Whose signatures an event of the Governing Body bears: members, counted by seat.

use std::collections::{BTreeMap, BTreeSet};

use super::{Body, GovernanceError};
use crate::did_state::DidState;
use crate::event::{Envelope, Signer};
use crate::rejection::Rejection;
use crate::roles::{Role, Roles};
use crate::state::{Context, View};

/// The members who signed, each with its DID's own threshold met by its keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Voices {
    /// By number of the seat, the keys that signed.
    pub seats: BTreeMap<u64, BTreeSet<String>>,
}

impl Voices {
    /// How many members speak.
    #[must_use]
    pub fn count(&self) -> u64 {
        u64::try_from(self.seats.len()).unwrap_or(u64::MAX)
    }

    /// Whether so many members speak: yes, or how many are missing.
    ///
    /// # Errors
    /// [`Rejection::Threshold`].
    pub fn require(&self, threshold: u64) -> Result<bool, Rejection> {
        match self.count() {
            count if count >= threshold => Ok(true),
            count => Err(Rejection::Threshold { count, threshold }),
        }
    }

    /// The members who signed; `None` where the author is neither a member, nor the Secretary, nor
    /// the Administrative Body. The latter two propose, and their own signature adds no voice.
    ///
    /// # Errors
    /// [`GovernanceError::NotMember`], [`GovernanceError::TermEnded`], [`GovernanceError::NoVote`],
    /// [`GovernanceError::SharedKey`], [`Rejection::NotSigned`], and what a DID's control refuses.
    pub fn of(
        envelope: &Envelope,
        context: &Context,
        view: &dyn View,
    ) -> Result<Option<Voices>, Rejection> {
        let body = Body::read(view)?;
        let author = envelope.author.as_str();
        let proposes = is_office(author, view);
        if !proposes && body.seat_of(author).is_none() {
            return Ok(None);
        }
        let mut signers: BTreeMap<&str, Vec<&Signer>> = BTreeMap::new();
        for signer in &envelope.signers {
            signers.entry(&signer.did).or_default().push(signer);
        }
        if !signers.contains_key(author) {
            return Err(Rejection::NotSigned(author.to_owned()));
        }
        let mut voices = Voices::default();
        for (did, signers) in signers {
            let seat = match body.voter(did, context.time) {
                Ok(seat) => Some(seat),
                Err(_) if did == author && proposes => None,
                Err(_) if is_office(did, view) => {
                    return Err(GovernanceError::NoVote(did.to_owned()).into());
                }
                Err(refusal) => return Err(refusal.into()),
            };
            DidState::active(did, context, view)?.control.require(&signers)?;
            if let Some(seat) = seat {
                let keys = signers.iter().map(|signer| signer.key.clone()).collect();
                voices.add(seat, keys)?;
            }
        }
        Ok(Some(voices))
    }

    /// Adds a member's voice. A key speaks for one member.
    ///
    /// # Errors
    /// [`GovernanceError::SharedKey`].
    pub fn add(&mut self, seat: u64, keys: BTreeSet<String>) -> Result<(), GovernanceError> {
        let others = self.seats.iter().filter(|(other, _)| **other != seat);
        if let Some(key) = others.flat_map(|(_, keys)| keys).find(|key| keys.contains(*key)) {
            return Err(GovernanceError::SharedKey(key.clone()));
        }
        self.seats.entry(seat).or_default().extend(keys);
        Ok(())
    }
}

/// Whether a DID is an office that proposes and has no vote (Act s.11, s.12).
fn is_office(did: &str, view: &dyn View) -> bool {
    let roles = Roles::of(did, view).roles;
    [Role::AdministrativeBody, Role::Secretary].iter().any(|office| roles.contains(office))
}
