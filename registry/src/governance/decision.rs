//! Decisions of the Governing Body on their way: proposed, voted on, carried, perhaps waiting for
//! the time-lock, executed. What is decided is the exact text of an event's type and members.
//!
//! **Invariants.**
//! * A decision rests on the procedure and the membership that were in force when it was proposed.
//! * A member votes once, by seat; a key speaks for one member; a term that ends takes its vote
//!   with it.
//! * Silence carries a decision only when the voting period is over, a quorum approved and nobody
//!   was against. So two absent members block nothing, and two opponents block what asks for four.
//! * A decision is cancelled at most once. What was cancelled and is decided again by as many as a
//!   constitutional decision takes, stands.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use proofs::{Block, Hash};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::voices::Voices;
use super::{Body, GovernanceError, Procedure};
use crate::authority::Class;
use crate::event::Envelope;
use crate::rejection::Rejection;
use crate::state::{Change, Context, View, read};
use crate::{events, json, time};

/// How long what may be executed waits for somebody to do it, in milliseconds: two weeks. What was
/// forgotten does not come into force by surprise.
pub const EXECUTION_MAX: u64 = 14 * 24 * 3600 * 1000;

/// How many members cancel a decision.
pub const CANCELLERS: u64 = 2;

/// The key of a decision, whose id is that of the event that proposed it.
#[must_use]
pub fn key(id: &Hash) -> String {
    format!("governance/decision/{id}")
}

/// The hash of a decision's text, which every vote names.
#[must_use]
pub fn payload(text: &str) -> Hash {
    proofs::tagged(proofs::Tag::Decision, &[text.as_bytes()])
}

/// How far a decision is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Members may vote until the deadline.
    Open,
    /// Decided, and waiting for the end of the time-lock.
    Carried,
    /// Cancelled during the time-lock.
    Cancelled,
    /// In force.
    Executed,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Open => "open",
            Status::Carried => "carried",
            Status::Cancelled => "cancelled",
            Status::Executed => "executed",
        })
    }
}

/// A member's vote. Members stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vote {
    /// For or against.
    pub approve: bool,
    /// The keys that signed it.
    pub keys: BTreeSet<String>,
    /// Who held the seat.
    pub member: String,
}

/// The content of `governance/decision/<id>`. Members stand in canonical order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Decision {
    /// Who proposed it.
    pub author: String,
    /// In which class it is decided.
    pub class: Class,
    /// When the vote ends, in milliseconds since 1970.
    pub deadline: u64,
    /// The type and members of the event that is decided, canonical.
    pub decision: Box<RawValue>,
    /// When the time-lock ends, in milliseconds since 1970, once it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable: Option<u64>,
    /// The version of the membership to which it is bound.
    pub membership: u64,
    /// The hash of `decision`.
    pub payload: Hash,
    /// How many must approve where nobody is against.
    pub quorum: u64,
    /// The cancelled decision that this one repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resubmits: Option<Hash>,
    /// How far it is.
    pub status: Status,
    /// How many must approve.
    pub threshold: u64,
    /// How long it waits once it is carried.
    pub time_lock_seconds: u64,
    /// The votes, by number of the seat.
    pub votes: BTreeMap<u64, Vote>,
}

/// Opens a decision on a text, with the voices of the members who signed the proposal. Enough of
/// them carry it at once.
///
/// # Errors
/// Why this cannot be decided, or not now.
pub fn open(
    text: &str,
    resubmits: Option<Hash>,
    envelope: &Envelope,
    context: &Context,
    view: &dyn View,
) -> Result<Vec<Change>, Rejection> {
    let id = envelope.id;
    if view.record(&key(&id)).is_some() {
        return Err(Rejection::Exists(id.to_string()));
    }
    let motion = motion(text)?;
    let rule = motion.rule();
    let class = rule.class().ok_or_else(|| GovernanceError::NotDecidable(rule.kind.to_owned()))?;
    let procedure = Procedure::read(view)?;
    let mut decision = Decision {
        author: envelope.author.clone(),
        class,
        deadline: after(context.time, procedure.spans.voting_period_seconds),
        decision: RawValue::from_string(text.to_owned())
            .map_err(|error| Rejection::Members(format!("`decision`: {error}")))?,
        executable: None,
        membership: Body::read(view)?.version,
        payload: payload(text),
        quorum: procedure.quorum,
        resubmits,
        status: Status::Open,
        threshold: procedure.thresholds.of(class),
        time_lock_seconds: procedure.spans.time_lock_seconds,
        votes: BTreeMap::new(),
    };
    if let Some(cancelled) = resubmits {
        decision.repeats(&cancelled, view)?;
        decision.threshold = decision.threshold.max(procedure.thresholds.constitutional);
        // Silence does not carry what two members were against.
        decision.quorum = decision.threshold;
    }
    motion.kind().check(&decision.envelope(id, context), text.as_bytes())?;
    let voices = Voices::of(envelope, context, view)?.unwrap_or_default();
    decision.add(voices, true, context, view)?;
    decision.settle(id, context, view)
}

/// The event that a text would make.
fn motion(text: &str) -> Result<events::Body, Rejection> {
    let layout = json::check_canonical(text.as_bytes(), Block::EVENT_BYTES_MAX)?;
    let kind = layout.member("type").and_then(|kind| serde_json::from_slice(kind).ok());
    let kind: String =
        kind.ok_or_else(|| Rejection::Members("`decision` names the `type` of an event".into()))?;
    events::Body::read(&kind, &layout.without_all(&["type"]))
}

fn after(time: u64, seconds: u64) -> u64 {
    time.saturating_add(seconds.saturating_mul(1000))
}

impl Decision {
    /// The decision with this id.
    ///
    /// # Errors
    /// [`GovernanceError::NoDecision`].
    pub fn find(id: &Hash, view: &dyn View) -> Result<Decision, Rejection> {
        let found = read(&key(id), view)?;
        Ok(found.map(|(_, decision)| decision).ok_or(GovernanceError::NoDecision(*id))?)
    }

    /// Counts the votes of members, and carries the decision if they are enough.
    ///
    /// # Errors
    /// Why they do not count.
    pub fn vote(
        mut self,
        id: Hash,
        ballot: &Ballot,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        self.require(Status::Open)?;
        if ballot.payload != self.payload {
            return Err(GovernanceError::Altered(self.payload).into());
        }
        self.check_membership(view)?;
        if context.time >= self.deadline {
            return Err(GovernanceError::VotingOver(time::format(self.deadline)).into());
        }
        self.add(ballot.voices.clone(), ballot.approve, context, view)?;
        self.settle(id, context, view)
    }

    /// Ends the decision during its time-lock.
    ///
    /// # Errors
    /// Why it cannot be cancelled.
    pub fn cancel(mut self, id: Hash, context: &Context) -> Result<Vec<Change>, Rejection> {
        self.require(Status::Carried)?;
        if self.resubmits.is_some() {
            return Err(GovernanceError::FinalResubmission.into());
        }
        let executable = self.executable.unwrap_or_default();
        if context.time >= executable {
            return Err(GovernanceError::TimeLockOver(time::format(executable)).into());
        }
        self.status = Status::Cancelled;
        Ok(vec![self.change(id)])
    }

    /// Does what was decided, or takes silence for consent when its time has come.
    ///
    /// # Errors
    /// Why it is not the time, or what the decided event's own rule refuses.
    pub fn execute(
        mut self,
        id: Hash,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        let Some(executable) = self.executable.filter(|_| self.status == Status::Carried) else {
            self.require(Status::Open)?;
            self.check_membership(view)?;
            self.check_silence(context, view)?;
            return self.carry(id, context, view);
        };
        if context.time < executable {
            return Err(GovernanceError::TimeLocked(time::format(executable)).into());
        }
        check_lapse(executable, context)?;
        let mut changes = self.effect(id, context, view)?;
        self.status = Status::Executed;
        changes.push(self.change(id));
        Ok(changes)
    }

    /// Unopposed, by a quorum, after the voting period.
    fn check_silence(&self, context: &Context, view: &dyn View) -> Result<(), Rejection> {
        let count = self.approvals(context, view)?;
        let opposed = self.votes.values().any(|vote| !vote.approve);
        if context.time < self.deadline || opposed || count < self.quorum {
            let deadline = time::format(self.deadline);
            let threshold = self.threshold;
            return Err(GovernanceError::NotCarried { count, threshold, deadline }.into());
        }
        Ok(check_lapse(self.deadline, context)?)
    }

    fn add(
        &mut self,
        voices: Voices,
        approve: bool,
        context: &Context,
        view: &dyn View,
    ) -> Result<(), Rejection> {
        let motion = motion(self.decision.get())?;
        let body = Body::read(view)?;
        let mut all = Voices::default();
        for (seat, vote) in &self.votes {
            all.add(*seat, vote.keys.clone())?;
        }
        let members: BTreeMap<u64, &str> = body.sitting(context.time).collect();
        for (seat, keys) in voices.seats {
            let member = members.get(&seat).copied().unwrap_or_default().to_owned();
            if motion.kind().recused() == Some(&member) {
                return Err(GovernanceError::Recused(member).into());
            }
            if self.votes.contains_key(&seat) {
                return Err(GovernanceError::AlreadyVoted(seat).into());
            }
            all.add(seat, keys.clone())?;
            self.votes.insert(seat, Vote { approve, keys, member });
        }
        Ok(())
    }

    /// How many have approved whose term still runs.
    fn approvals(&self, context: &Context, view: &dyn View) -> Result<u64, Rejection> {
        let body = Body::read(view)?;
        let approves = |(seat, member): &(u64, &str)| {
            self.votes.get(seat).is_some_and(|vote| vote.approve && vote.member == *member)
        };
        let count = body.sitting(context.time).filter(approves).count();
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }

    fn settle(
        self,
        id: Hash,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        if self.approvals(context, view)? >= self.threshold {
            return self.carry(id, context, view);
        }
        Ok(vec![self.change(id)])
    }

    /// What changes the network waits for the time-lock; anything else comes into force at once.
    /// Either way it must be possible now: a decision that could not be done is not made.
    fn carry(
        mut self,
        id: Hash,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        let mut changes = self.effect(id, context, view)?;
        if self.class.is_time_locked() {
            self.status = Status::Carried;
            self.executable = Some(after(context.time, self.time_lock_seconds));
            return Ok(vec![self.change(id)]);
        }
        self.status = Status::Executed;
        changes.push(self.change(id));
        Ok(changes)
    }

    /// What the decided event changes by its own rule.
    fn effect(
        &self,
        id: Hash,
        context: &Context,
        view: &dyn View,
    ) -> Result<Vec<Change>, Rejection> {
        let envelope = self.envelope(id, context);
        let context = Context { decided: Some(self.class), ..context.clone() };
        motion(self.decision.get())?.kind().apply(&envelope, &context, view)
    }

    /// The envelope of the decided event: its author is who proposed it, and nobody signs it anew.
    fn envelope(&self, id: Hash, context: &Context) -> Envelope {
        Envelope {
            network: context.network.clone(),
            author: self.author.clone(),
            valid_until: context.time,
            domain: context.domain(),
            signers: Vec::new(),
            endorsers: Vec::new(),
            id,
        }
    }

    /// A resubmission is of the very text that was cancelled.
    fn repeats(&self, cancelled: &Hash, view: &dyn View) -> Result<(), Rejection> {
        let before = Decision::find(cancelled, view)?;
        if before.status != Status::Cancelled || before.payload != self.payload {
            return Err(GovernanceError::NotCancelled(*cancelled).into());
        }
        Ok(())
    }

    fn require(&self, status: Status) -> Result<(), GovernanceError> {
        if self.status == status { Ok(()) } else { Err(GovernanceError::Settled(self.status)) }
    }

    fn check_membership(&self, view: &dyn View) -> Result<(), Rejection> {
        match (self.membership, Body::read(view)?.version) {
            (bound, current) if bound == current => Ok(()),
            (bound, current) => Err(GovernanceError::OldMembership { bound, current }.into()),
        }
    }

    fn change(&self, id: Hash) -> Change {
        Change::new(key(&id), self)
    }
}

/// Who votes how, on which text.
#[derive(Debug, Clone)]
pub struct Ballot {
    /// For or against.
    pub approve: bool,
    /// The hash of the text that the members saw.
    pub payload: Hash,
    /// The members who signed.
    pub voices: Voices,
}

fn check_lapse(since: u64, context: &Context) -> Result<(), GovernanceError> {
    let end = since.saturating_add(EXECUTION_MAX);
    if context.time <= end { Ok(()) } else { Err(GovernanceError::Lapsed(time::format(end))) }
}
