//! The authority of the Governing Body against a small model of it, written from the Act and the
//! design and not from the rules: whatever anyone tries, both say the same.

mod dice;

use std::collections::BTreeMap;

use dice::{Dice, key};
use proofs::Hash;
use serde_json::{Value, json};

use super::nation::{DAY, HOUR, MEMBERS, Nation, evidence};
use crate::author::Key as _;
use crate::control::Control;
use crate::network::Parameters;

const TERM: u64 = 1461 * DAY;
const HALF_YEAR: u64 = 183 * DAY;
const OFFICES: [&str; 2] = ["admin", "secretary"];
/// All who try: members, offices, strangers, and those who may become members.
const ACTORS: [&str; 12] =
    ["g1", "g2", "g3", "g4", "g5", "admin", "secretary", "op1", "endorser", "n1", "n2", "n3"];

/// What a decision or an event does.
#[derive(Debug, Clone, PartialEq)]
enum Effect {
    Regulate { previous: u64 },
    Appoint { seat: usize, member: &'static str, previous: u64 },
    Parametrise { events_max: u64, previous: u64 },
}

impl Effect {
    /// Approvals, and whether a time-lock follows.
    fn terms(&self) -> (usize, bool) {
        match self {
            Effect::Regulate { .. } => (3, false),
            Effect::Appoint { .. } => (4, false),
            Effect::Parametrise { .. } => (4, true),
        }
    }

    fn text(&self, nation: &Nation) -> (&'static str, Value) {
        match self {
            Effect::Regulate { previous } => {
                let text = json!({
                    "sha256": "11".repeat(32), "title": "On-boarding", "uri": "https://example.bt/",
                });
                let mut members = json!({
                    "effective": "2027-01-01T00:00:00Z",
                    "languages": { "dz": text, "en": text },
                    "name": "on-boarding",
                    "version": previous.to_string(),
                });
                if *previous > 0 {
                    members["previousVersion"] = json!(previous);
                }
                ("RegulationApproved", members)
            }
            Effect::Appoint { seat, member, previous } => (
                "MemberAppointed",
                json!({
                    "member": nation.did(member),
                    "nomination": evidence(),
                    "previousVersion": previous,
                    "seat": seat + 1,
                }),
            ),
            Effect::Parametrise { events_max, previous } => {
                let parameters =
                    Parameters { block_events_max: *events_max, ..Parameters::default() };
                let members = json!({ "parameters": parameters, "previousVersion": previous });
                ("ParametersChanged", members)
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Open,
    Carried(u64),
    Cancelled,
    Executed,
}

#[derive(Debug, Clone)]
struct Decision {
    effect: Effect,
    text: Value,
    membership: u64,
    deadline: u64,
    again: bool,
    status: Status,
    votes: BTreeMap<usize, (&'static str, bool)>,
}

/// The state as far as authority goes.
struct Model {
    seats: [Option<(&'static str, u64)>; 5],
    membership: u64,
    regulations: u64,
    parameters: (u64, u64),
    decisions: BTreeMap<Hash, Decision>,
    time: u64,
}

impl Model {
    fn sitting(&self) -> impl Iterator<Item = (usize, &'static str)> {
        let time = self.time;
        let seats = self.seats.into_iter().enumerate();
        seats.filter_map(move |(at, seat)| seat.filter(|s| time < s.1).map(|s| (at, s.0)))
    }

    fn seat_of(&self, actor: &str) -> Option<usize> {
        self.sitting().find(|(_, member)| *member == actor).map(|(at, _)| at)
    }

    /// The seats that speak, where the first signer may speak in the Governing Body's name at all
    /// and nobody rides along.
    fn voices(&self, signers: &[&'static str]) -> Option<Vec<usize>> {
        let office = OFFICES.contains(&signers[0]);
        let others = if office { &signers[1..] } else { signers };
        others.iter().map(|signer| self.seat_of(signer)).collect()
    }

    fn possible(&self, effect: &Effect) -> bool {
        match effect {
            Effect::Regulate { previous } => *previous == self.regulations,
            Effect::Parametrise { events_max, previous } => {
                *previous == self.parameters.0 && *events_max != self.parameters.1
            }
            Effect::Appoint { seat, member, previous } => {
                let elsewhere = self.seat_of(member).is_some_and(|at| at != *seat);
                let free = match self.seats[*seat].filter(|held| self.time < held.1) {
                    None => true,
                    Some((held, ends)) => held == *member && ends - self.time <= HALF_YEAR,
                };
                *previous == self.membership && !elsewhere && free
            }
        }
    }

    fn perform(&mut self, effect: &Effect) {
        match effect {
            Effect::Regulate { .. } => self.regulations += 1,
            Effect::Parametrise { events_max, .. } => {
                self.parameters = (self.parameters.0 + 1, *events_max);
            }
            Effect::Appoint { seat, member, .. } => {
                let goes_on = self.seats[*seat].filter(|held| self.time < held.1);
                let begins = goes_on.map_or(self.time, |held| held.1);
                for other in &mut self.seats {
                    *other = other.filter(|held| held.0 != *member);
                }
                self.seats[*seat] = Some((member, begins + TERM));
                self.membership += 1;
            }
        }
    }

    fn approvals(&self, decision: &Decision) -> usize {
        let approves = |(at, member): &(usize, &'static str)| {
            decision.votes.get(at).is_some_and(|vote| *vote == (*member, true))
        };
        self.sitting().filter(approves).count()
    }

    /// Carries a decision; `None` where it cannot be done.
    fn carry(&mut self, mut decision: Decision) -> Option<Decision> {
        if !self.possible(&decision.effect) {
            return None;
        }
        decision.status = if decision.effect.terms().1 {
            Status::Carried(self.time + 3 * DAY)
        } else {
            self.perform(&decision.effect);
            Status::Executed
        };
        Some(decision)
    }

    /// A decision with more votes; `None` where they are refused.
    fn count(
        &mut self,
        mut decision: Decision,
        seats: &[usize],
        approve: bool,
    ) -> Option<Decision> {
        let members: BTreeMap<usize, &'static str> = self.sitting().collect();
        for seat in seats {
            if decision.votes.insert(*seat, (members[seat], approve)).is_some() {
                return None;
            }
        }
        let threshold = if decision.again { 4 } else { decision.effect.terms().0 };
        if self.approvals(&decision) >= threshold { self.carry(decision) } else { Some(decision) }
    }

    fn open(&self, effect: Effect, text: Value, again: bool) -> Decision {
        Decision {
            effect,
            text,
            membership: self.membership,
            deadline: self.time + 14 * DAY,
            again,
            status: Status::Open,
            votes: BTreeMap::new(),
        }
    }

    /// An event of an effect, signed: what it makes of the decision that it starts, if it starts
    /// one. The outer `None` is a refusal.
    fn signed(
        &mut self,
        effect: Effect,
        text: Value,
        signers: &[&'static str],
    ) -> Option<Option<Decision>> {
        let (threshold, locked) = effect.terms();
        let voices = self.voices(signers).filter(|voices| voices.len() >= threshold);
        let records = matches!(effect, Effect::Appoint { .. })
            && signers == ["admin"]
            && self.sitting().count() < 3;
        if voices.is_none() && !records || !self.possible(&effect) {
            return None;
        }
        if locked {
            let decision = self.open(effect, text, false);
            return Some(self.count(decision, &voices?, true));
        }
        self.perform(&effect);
        Some(None)
    }

    fn execute(&mut self, id: Hash) -> Option<Decision> {
        let mut decision = self.decisions.get(&id)?.clone();
        match decision.status {
            Status::Carried(at) if at <= self.time && self.time <= at + 14 * DAY => {
                if !self.possible(&decision.effect) {
                    return None;
                }
                self.perform(&decision.effect);
                decision.status = Status::Executed;
                Some(decision)
            }
            Status::Open
                if decision.membership == self.membership
                    && decision.deadline <= self.time
                    && self.time <= decision.deadline + 14 * DAY
                    && !decision.again
                    && decision.votes.values().all(|(_, approve)| *approve)
                    && self.approvals(&decision) >= 3 =>
            {
                self.carry(decision)
            }
            _ => None,
        }
    }
}

struct Run {
    nation: Nation,
    model: Model,
    dice: Dice,
    keys: u64,
    effective: usize,
}

impl Run {
    fn new(seed: u64) -> Run {
        let mut nation = Nation::new();
        for (name, key) in [("n1", 51), ("n2", 52), ("n3", 53)] {
            nation.join(name, key);
        }
        let ends = nation.context.time - 4_000 + TERM;
        assert_eq!(nation.content("governance/body")[0]["termEnds"], ends);
        let model = Model {
            seats: MEMBERS.map(|member| Some((member, ends))),
            membership: 1,
            regulations: 0,
            parameters: (1, 1_000),
            decisions: BTreeMap::new(),
            time: nation.context.time,
        };
        Run { nation, model, dice: Dice(seed), keys: 1_000, effective: 0 }
    }

    fn effect(&mut self) -> Effect {
        let stale = u64::from(self.dice.roll(12) == 0);
        match self.dice.roll(3) {
            0 => Effect::Regulate { previous: self.model.regulations + stale },
            1 => Effect::Parametrise {
                events_max: self.dice.of(&[900, 950, 1_000]),
                previous: self.model.parameters.0 + stale,
            },
            _ => Effect::Appoint {
                seat: self.dice.roll(5),
                member: self.dice.of(&["g1", "g2", "g3", "g4", "g5", "n1", "n2", "n3"]),
                previous: self.model.membership + stale,
            },
        }
    }

    fn decision(&mut self) -> Hash {
        let ids: Vec<Hash> = self.model.decisions.keys().copied().collect();
        if ids.is_empty() { Hash([3; 32]) } else { self.dice.of(&ids) }
    }

    /// One act of somebody. Returns what was tried.
    fn step(&mut self) -> String {
        self.model.time = self.nation.context.time;
        let signers = self.dice.signers();
        match self.dice.roll(16) {
            0 | 1 => self.sign(&signers),
            2 | 3 => self.propose(&signers),
            4..=9 => self.vote(&signers),
            10 => self.cancel(&signers),
            11 | 12 => self.execute(signers[0]),
            13 => self.resign(&signers),
            14 => self.rotate(),
            _ => {
                let spans = [HOUR, DAY, 3 * DAY, 3 * DAY, 14 * DAY, 14 * DAY, 400 * DAY];
                self.nation.pass(self.dice.of(&spans));
                "time passes".into()
            }
        }
    }

    /// Both say the same.
    fn agree(&mut self, tried: &str, real: Result<Hash, crate::Rejection>, model: bool) -> String {
        let said = real.map_or_else(|refused| refused.code(), |_| "done".into());
        assert_eq!(said == "done", model, "{tried}: {said}");
        self.effective += usize::from(model);
        format!("{tried}: {said}")
    }

    fn sign(&mut self, signers: &[&'static str]) -> String {
        let effect = self.effect();
        let (kind, members) = effect.text(&self.nation);
        let mut text = members.clone();
        text["type"] = json!(kind);
        let real = self.nation.act(kind, signers, members);
        let model = self.model.signed(effect.clone(), text, signers);
        if let (Ok(id), Some(Some(decision))) = (&real, &model) {
            self.model.decisions.insert(*id, decision.clone());
        }
        self.agree(&format!("{effect:?} by {signers:?}"), real, model.is_some())
    }

    fn propose(&mut self, signers: &[&'static str]) -> String {
        let again = (self.dice.roll(3) == 0).then(|| self.decision());
        let repeated = again.and_then(|id| Some((id, self.model.decisions.get(&id)?.clone())));
        let effect = match &repeated {
            Some((_, before)) => before.effect.clone(),
            None => self.effect(),
        };
        let (kind, mut text) = effect.text(&self.nation);
        text["type"] = json!(kind);
        let mut members = json!({ "decision": text, "membership": self.model.membership });
        if let Some((id, _)) = &repeated {
            members["resubmits"] = json!(id);
        }
        let real = self.nation.act("DecisionProposed", signers, members);
        let voices = self.model.voices(signers).filter(|voices| {
            !voices.is_empty() || OFFICES.contains(&signers[0]) && signers.len() == 1
        });
        let allowed = repeated.as_ref().is_none_or(|(_, it)| it.status == Status::Cancelled);
        let model = voices.filter(|_| allowed).and_then(|voices| {
            let decision = self.model.open(effect.clone(), text, repeated.is_some());
            self.model.count(decision, &voices, true)
        });
        if let (Ok(id), Some(decision)) = (&real, &model) {
            self.model.decisions.insert(*id, decision.clone());
        }
        self.agree(&format!("propose {effect:?} by {signers:?}"), real, model.is_some())
    }

    fn vote(&mut self, signers: &[&'static str]) -> String {
        let id = self.decision();
        let approve = self.dice.roll(5) > 0;
        let altered = self.dice.roll(12) == 0;
        let before = self.model.decisions.get(&id).cloned();
        let mut text = before.as_ref().map_or_else(|| json!({}), |it| it.text.clone());
        if altered {
            text["altered"] = json!(true);
        }
        let real = self.nation.vote(signers, id, &text, approve);
        let voices = self.model.voices(signers);
        let voices = voices.filter(|_| self.model.seat_of(signers[0]).is_some());
        let (time, membership) = (self.model.time, self.model.membership);
        let open = before.filter(|it| {
            it.status == Status::Open
                && !altered
                && it.membership == membership
                && time < it.deadline
        });
        let model =
            voices.zip(open).and_then(|(voices, it)| self.model.count(it, &voices, approve));
        let counted = model.is_some();
        if let Some(decision) = model {
            self.model.decisions.insert(id, decision);
        }
        self.agree(&format!("vote {approve} on {} by {signers:?}", id.short()), real, counted)
    }

    fn cancel(&mut self, signers: &[&'static str]) -> String {
        let id = self.decision();
        let real = self.nation.act("DecisionCancelled", signers, json!({ "decision": id }));
        let enough = self.model.voices(signers).is_some_and(|voices| voices.len() >= 2);
        let time = self.model.time;
        let decision = self.model.decisions.get_mut(&id).filter(|it| {
            enough && !it.again && matches!(it.status, Status::Carried(at) if time < at)
        });
        let model = decision.map(|it| it.status = Status::Cancelled).is_some();
        self.agree(&format!("cancel {} by {signers:?}", id.short()), real, model)
    }

    fn execute(&mut self, author: &'static str) -> String {
        let id = self.decision();
        let real = self.nation.act("DecisionExecuted", &[author], json!({ "decision": id }));
        let model = self.model.execute(id);
        let done = model.is_some();
        self.model.decisions.extend(model.map(|decision| (id, decision)));
        self.agree(&format!("execute {} by {author}", id.short()), real, done)
    }

    fn resign(&mut self, signers: &[&'static str]) -> String {
        let member = if self.dice.roll(2) == 0 { signers[0] } else { self.dice.of(&MEMBERS) };
        if self.dice.roll(3) > 0 {
            return "no resignation".into();
        }
        let members = json!({
            "ground": "resigned",
            "member": self.nation.did(member),
            "previousVersion": self.model.membership,
        });
        let real = self.nation.act("MemberRemoved", signers, members);
        let held = self.model.seats.iter().position(|seat| seat.is_some_and(|s| s.0 == member));
        let seat = held.filter(|_| signers == [member]);
        if let Some(seat) = seat {
            self.model.seats[seat] = None;
            self.model.membership += 1;
        }
        self.agree(&format!("{member} resigns by {signers:?}"), real, seat.is_some())
    }

    /// A member gets another key, and is still the same member.
    fn rotate(&mut self) -> String {
        let member = self.dice.of(&MEMBERS);
        let did = self.nation.did(member);
        self.keys += 1;
        let new = key(self.keys);
        let members = json!({
            "control": Control::of([&new.public()], 1),
            "previousVersion": self.nation.version(&format!("did/{did}")),
        });
        self.nation.act("DidUpdated", &[member], members).unwrap();
        self.nation.actors.get_mut(member).unwrap().1 = new;
        format!("{member} rotates")
    }
}

#[test]
fn s5_s9_s10_whatever_anyone_tries_the_rules_and_the_model_of_authority_agree() {
    let (mut effective, mut executed) = (0, 0);
    for seed in 0..60 {
        let mut run = Run::new(seed);
        let mut story = Vec::new();
        for _ in 0..120 {
            let step = std::panic::AssertUnwindSafe(&mut run);
            let tried = std::panic::catch_unwind(move || { step }.0.step());
            match tried {
                Ok(tried) => story.push(tried),
                Err(_) => panic!("seed {seed} after:\n{}", story.join("\n")),
            }
            let seats: Vec<Value> =
                run.nation.content("governance/body").as_array().unwrap().clone();
            for (seat, held) in seats.iter().zip(run.model.seats) {
                let member = held.map(|(member, _)| run.nation.did(member));
                assert_eq!(seat.get("member").and_then(Value::as_str), member.as_deref());
                assert!(held.is_none_or(|(_, ends)| seat["termEnds"] == ends), "seed {seed}");
            }
            for (id, decision) in &run.model.decisions {
                let status = match decision.status {
                    Status::Open => "open",
                    Status::Carried(_) => "carried",
                    Status::Cancelled => "cancelled",
                    Status::Executed => "executed",
                };
                assert_eq!(run.nation.status(*id), status, "seed {seed}: {story:?}");
            }
        }
        effective += run.effective;
        executed += run.model.decisions.values().filter(|it| it.status == Status::Executed).count();
    }
    // The dice reach what they are meant to try.
    assert!(effective > 400 && executed > 40, "{effective} took effect, {executed} executed");
}
