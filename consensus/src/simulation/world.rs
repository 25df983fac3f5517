//! The loop: one queue of what happens next, in simulated microseconds.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arc_malachitebft_core_consensus::{
    ConsensusMsg, Effect, Error, Input, LivenessMsg, LocallyProposedValue, ProposedValue,
    Resumable, Resume, SignedConsensusMsg, process,
};
use arc_malachitebft_core_types::{
    CommitCertificate, Round, SignedMessage, Timeout, Validity, ValueOrigin, ValueResponse,
    VoteExtensionPolicy, VoteType,
};
use arc_malachitebft_peer::PeerId;
use arc_malachitebft_signing::VerifierExt;
use arc_malachitebft_signing_ed25519::{PublicKey as EngineKey, Signature};
use bytes::Bytes;
use futures::executor::block_on;
use proofs::{Hash, PublicKey, Tag, tagged};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::network::{Links, Message};
use super::node::{Node, stand_in, statement};
use super::{Config, LogFault, Report, Violation};
use crate::application::{Application, Fresh, Propose};
use crate::context::{
    self, Address, Context, Height, Proposal, Validators, Value, Vote, certificate, round_number,
    timeouts,
};
use crate::guard::{Position, Refusal, Step};
use crate::parts::{Whole, block_id};
use crate::signer::SignatureVerifier;

/// When the simulated clock begins, in milliseconds since 1970.
const EPOCH_MS: u64 = 1_800_000_000_000;

/// Gives the ledger of a node.
type Open<'a> = &'a mut dyn FnMut(usize) -> Arc<dyn Application>;

/// What happens at a point in time.
enum Happening {
    Arrive(usize, Message),
    Timer(usize, u64, u64, Timeout),
    Input(usize, u64, Input<Context>),
    Crash(usize),
    Restart(usize),
    Submit(usize),
    Cut,
    Mend,
    Sync,
    Heal,
}

/// Ends the processing of an input: the node crashed or was refused a signature.
#[derive(Debug)]
struct Stop;

pub(super) struct World<'a> {
    config: &'a Config,
    open: Open<'a>,
    random: StdRng,
    genesis: Hash,
    verifier: SignatureVerifier,
    now: u64,
    sequence: u64,
    queue: BTreeMap<(u64, u64), Happening>,
    nodes: Vec<Node>,
    links: Links,
    /// The block of each height, by the first honest node that committed it.
    agreed: BTreeMap<u64, Hash>,
    said: BTreeMap<(PublicKey, Position), Hash>,
    /// After how many effects the node that acts crashes.
    fuse: Option<u32>,
    refusal: Option<Refusal>,
    goal: Option<u64>,
    report: Report,
}

impl<'a> World<'a> {
    pub(super) fn new(config: &'a Config, open: Open<'a>) -> Self {
        let mut random = StdRng::seed_from_u64(config.seed);
        let honest = config.keys.len().saturating_sub(config.twins);
        let twins = config.keys.iter().enumerate().rev().take(config.twins);
        let identities = config.keys.iter().enumerate().chain(twins);
        let mut nodes = Vec::new();
        for (index, (key_index, key)) in identities.enumerate() {
            let skew = random.gen_range(0..=config.skew_ms);
            nodes.push(Node::new(key.clone(), key_index < honest, open(index), skew));
        }
        let genesis = nodes.first().map_or(Hash::ZERO, |node| node.application.genesis());
        World {
            config,
            open,
            random,
            genesis,
            verifier: SignatureVerifier { genesis },
            now: 0,
            sequence: 0,
            queue: BTreeMap::new(),
            nodes,
            links: Links::default(),
            agreed: BTreeMap::new(),
            said: BTreeMap::new(),
            fuse: None,
            refusal: None,
            goal: None,
            report: Report {
                trace: Hash::ZERO,
                heights: 0,
                violations: Vec::new(),
                simulated_ms: 0,
                steps: 0,
                crashes: 0,
                log_entries_lost: 0,
                sat_out: 0,
                round_max: 0,
                synced: 0,
                evidence: 0,
            },
        }
    }

    pub(super) fn run(mut self) -> Report {
        for node in 0..self.nodes.len() {
            self.start(node);
            self.plan_crash(node);
        }
        self.after(500_000, Happening::Sync);
        self.after(2_000_000, Happening::Cut);
        self.after(self.config.faults_ms * 1000, Happening::Heal);
        let apart = self.config.faults_ms * 1000 / (self.config.events.len() as u64 + 1);
        for event in 0..self.config.events.len() {
            self.after(apart * (event as u64 + 1), Happening::Submit(event));
        }
        let end = (self.config.faults_ms + self.config.heal_ms) * 1000;
        while let Some(((now, _), happening)) = self.queue.pop_first() {
            self.now = now;
            if now > end {
                let heights = self.honest().map(|node| node.application.head().height).collect();
                self.report.violations.push(Violation::Stuck { heights });
            }
            if !self.report.violations.is_empty() || self.healed_enough() {
                break;
            }
            self.happen(happening);
        }
        self.report.simulated_ms = self.now / 1000;
        self.report.heights = self.agreed.keys().next_back().copied().unwrap_or(0);
        self.report
    }

    fn honest(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| node.honest)
    }

    fn healed_enough(&self) -> bool {
        let done = |goal| self.honest().all(|node| node.height > goal);
        self.goal.is_some_and(done)
    }

    fn after(&mut self, micros: u64, happening: Happening) {
        self.sequence += 1;
        self.queue.insert((self.now + micros, self.sequence), happening);
    }

    fn trace(&mut self, parts: &[&[u8]]) {
        let now = self.now.to_be_bytes();
        let trace = self.report.trace.0;
        let parts: Vec<&[u8]> =
            [&trace[..], &now].into_iter().chain(parts.iter().copied()).collect();
        self.report.trace = tagged(Tag::Content, &parts);
    }

    fn clock_ms(&self, node: usize) -> u64 {
        EPOCH_MS + self.now / 1000 + self.nodes[node].skew_ms
    }

    fn plan_crash(&mut self, node: usize) {
        if self.config.crashes > 0.0 {
            let mean = (60_000_000.0 / self.config.crashes) as u64;
            let wait = self.random.gen_range(0..=2 * mean);
            self.after(wait, Happening::Crash(node));
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Arrive(to, message) => self.arrive(to, message),
            Happening::Timer(node, epoch, id, timeout) => {
                let state = &mut self.nodes[node];
                if state.epoch == epoch && state.timers.get(&timeout) == Some(&id) {
                    state.timers.remove(&timeout);
                    self.input(node, Input::TimeoutElapsed(timeout));
                }
            }
            Happening::Input(node, epoch, input) => {
                if self.nodes[node].epoch == epoch {
                    self.scheduled(node, input);
                }
            }
            Happening::Crash(node) => {
                if !self.links.healed {
                    // In the middle of the next input, after a few of its effects.
                    if self.nodes[node].state.is_some() {
                        self.fuse = Some(self.random.gen_range(0..12));
                        self.crash_soon(node);
                    }
                    self.plan_crash(node);
                }
            }
            Happening::Restart(node) => {
                if self.nodes[node].state.is_none() {
                    self.start(node);
                }
            }
            Happening::Submit(event) => self.submit(event),
            Happening::Cut => {
                if !self.links.healed {
                    self.links.cut(self.config, self.nodes.len(), &mut self.random);
                    let wait = self.random.gen_range(500_000..25_000_000);
                    self.after(wait, Happening::Mend);
                }
            }
            Happening::Mend => {
                self.links.heal();
                let wait = self.random.gen_range(500_000..20_000_000);
                self.after(wait, Happening::Cut);
            }
            Happening::Sync => self.sync(),
            Happening::Heal => self.heal(),
        }
    }

    /// The next input of this node, whichever comes, meets a burning fuse. A node that gets none
    /// for a while crashes idle.
    fn crash_soon(&mut self, node: usize) {
        let next = self.queue.iter().find_map(|(at, happening)| match happening {
            Happening::Arrive(to, _) if *to == node => Some(*at),
            Happening::Timer(to, ..) | Happening::Input(to, ..) if *to == node => Some(*at),
            _ => None,
        });
        match next.and_then(|at| self.queue.remove(&at)) {
            Some(happening) => self.happen(happening),
            None => self.fuse = None,
        }
        if self.fuse.take().is_some() {
            self.crash(node);
        }
    }

    fn crash(&mut self, index: usize) {
        let (fault, node) = (self.config.log, &mut self.nodes[index]);
        if node.state.take().is_none() {
            return;
        }
        node.epoch += 1;
        node.waiting.clear();
        let keep = match fault {
            LogFault::TornTail => self.random.gen_range(node.synced..=node.log.len()),
            LogFault::Forgets => self.random.gen_range(0..=node.log.len()),
            LogFault::Vanishes => 0,
        };
        self.report.crashes += 1;
        self.report.log_entries_lost += (node.log.len() - keep) as u64;
        node.log.truncate(keep);
        node.synced = keep;
        let wait = self.random.gen_range(10_000..15_000_000);
        self.after(wait, Happening::Restart(index));
    }

    fn start(&mut self, index: usize) {
        if self.nodes[index].halted {
            return;
        }
        let application = (self.open)(index);
        let node = &mut self.nodes[index];
        let head = node.start(application);
        let (height, log) = (node.height, node.log.clone());
        let begin = Input::StartHeight(
            Height(height),
            Validators::new(&head.validators),
            false,
            None,
            VoteExtensionPolicy::Disabled,
        );
        self.nodes[index].replaying = !log.is_empty();
        self.input(index, begin);
        if log.is_empty() {
            return;
        }
        if let Some(state) = &mut self.nodes[index].state {
            state.record_recovered_own_precommit_extensions(log.iter());
            state.index_wal_entries(log.iter());
        }
        for entry in log {
            self.input(index, entry);
        }
        if let Some(state) = &mut self.nodes[index].state {
            state.reset_entries_index();
        }
        self.nodes[index].replaying = false;
    }

    fn scheduled(&mut self, index: usize, input: Input<Context>) {
        if let Input::StartHeight(height, ..) = &input {
            let node = &mut self.nodes[index];
            if node.height >= height.0 {
                return;
            }
            node.height = height.0;
            node.begin_log(height.0);
            // The watch is over: a new start, with the key.
            if node.watching.is_some_and(|until| until < height.0) {
                return self.start(index);
            }
        }
        self.input(index, input);
    }

    fn input(&mut self, index: usize, input: Input<Context>) {
        let Some(mut state) = self.nodes[index].state.take() else { return };
        self.report.steps += 1;
        let metrics = self.nodes[index].metrics.clone();
        let epoch = self.nodes[index].epoch;
        let result = catch_unwind(AssertUnwindSafe(|| {
            let result: Result<(), Error<Context>> = process!(
                input: input,
                state: &mut state,
                metrics: &metrics,
                with: effect => self.effect(index, effect)
            );
            result
        }));
        if let Err(panic) = result {
            let message = panic.downcast_ref::<String>().cloned();
            let message = message.or_else(|| panic.downcast_ref::<&str>().map(|&s| s.to_owned()));
            let message = message.unwrap_or_default();
            self.report.violations.push(Violation::Panic { node: index, message });
            return;
        }
        self.report.round_max = self.report.round_max.max(round_number(state.round()));
        if self.nodes[index].epoch == epoch && !self.nodes[index].halted {
            self.nodes[index].state = Some(state);
        }
        match self.refusal.take() {
            Some(Refusal::Forgotten(height)) => {
                self.report.sat_out += 1;
                self.nodes[index].watching = Some(height);
                self.nodes[index].state = None;
                self.nodes[index].epoch += 1;
                self.after(250_000, Happening::Restart(index));
            }
            Some(refusal) => self.halt(index, refusal.to_string()),
            None if self.fuse == Some(0) => {
                self.fuse = None;
                self.crash(index);
            }
            None => {}
        }
    }

    fn halt(&mut self, index: usize, reason: String) {
        self.nodes[index].state = None;
        self.nodes[index].halted = true;
        if self.nodes[index].honest {
            self.report.violations.push(Violation::Halted { node: index, reason });
        }
    }

    fn effect(&mut self, me: usize, effect: Effect<Context>) -> Result<Resume<Context>, Stop> {
        use Effect as E;
        match &mut self.fuse {
            Some(0) => return Err(Stop),
            Some(left) => *left -= 1,
            None => {}
        }
        if self.refusal.is_some() {
            return Err(Stop);
        }
        Ok(match effect {
            E::CancelAllTimeouts(r) => {
                self.nodes[me].timers.clear();
                r.resume_with(())
            }
            E::CancelTimeout(timeout, r) => {
                self.nodes[me].timers.remove(&timeout);
                r.resume_with(())
            }
            E::ScheduleTimeout(timeout, r) => {
                self.schedule(me, timeout);
                r.resume_with(())
            }
            E::StartRound(height, _, _, _, r) => {
                self.flush(me);
                self.offer_waiting(me, height.0);
                r.resume_with(())
            }
            E::PublishConsensusMsg(message, r) => {
                self.flush(me);
                self.say(me, &message);
                self.broadcast(me, &Message::Consensus(message));
                r.resume_with(())
            }
            E::PublishLivenessMsg(message, r) => {
                self.broadcast(me, &Message::Liveness(message));
                r.resume_with(())
            }
            E::RepublishVote(vote, r) => {
                self.broadcast(me, &Message::Liveness(LivenessMsg::Vote(vote)));
                r.resume_with(())
            }
            E::RepublishRoundCertificate(round, r) => {
                let message = LivenessMsg::SkipRoundCertificate(round);
                self.broadcast(me, &Message::Liveness(message));
                r.resume_with(())
            }
            E::GetValue(height, round, _, r) => {
                self.propose(me, height.0, round_number(round));
                r.resume_with(())
            }
            E::RestreamProposal(height, round, lock_round, _, block, r) => {
                self.stream(me, height.0, round_number(round), lock_round.as_u32(), block);
                r.resume_with(())
            }
            E::CertVerifiedSyncValue(response, proposer, r) => {
                self.on_synced(me, response, proposer);
                r.resume_with(())
            }
            E::CertRejectedSyncValue(_, _, _, r) => r.resume_with(()),
            E::Decide(certificate, _, r) => {
                self.flush(me);
                self.commit(me, &certificate);
                r.resume_with(())
            }
            E::Finalize(certificate, _, evidence, r) => {
                let found = crate::evidence::from_engine(&evidence, &self.genesis);
                self.report.evidence += found.len() as u64;
                self.begin_next(me, certificate.height.0);
                r.resume_with(())
            }
            E::SignVote(vote, r) => r.resume_with(self.sign_vote(me, vote)?),
            E::SignProposal(proposal, r) => r.resume_with(self.sign_proposal(me, proposal)?),
            E::VerifySignature(message, key, r) => {
                let bytes = match &message.message {
                    ConsensusMsg::Vote(vote) => vote.sign_bytes(&self.genesis),
                    ConsensusMsg::Proposal(proposal) => proposal.sign_bytes(&self.genesis),
                };
                r.resume_with(self.verify(&key, &bytes, &message.signature))
            }
            // With stand-ins for signatures only honest engines make certificates.
            E::VerifyCommitCertificate(certificate, validators, thresholds, r) => {
                r.resume_with(match self.config.real_signatures {
                    false => Ok(()),
                    true => block_on(self.verifier.verify_commit_certificate(
                        &Context,
                        &certificate,
                        &validators,
                        thresholds,
                    )),
                })
            }
            E::VerifyExtendedCommitCertificate(certificate, validators, thresholds, policy, r) => r
                .resume_with(match self.config.real_signatures {
                    false => Ok(()),
                    true => block_on(self.verifier.verify_extended_commit_certificate(
                        &Context,
                        &certificate,
                        &validators,
                        thresholds,
                        policy,
                    )),
                }),
            E::VerifyPolkaCertificate(certificate, validators, thresholds, r) => {
                r.resume_with(match self.config.real_signatures {
                    false => Ok(()),
                    true => block_on(self.verifier.verify_polka_certificate(
                        &Context,
                        &certificate,
                        &validators,
                        thresholds,
                    )),
                })
            }
            E::VerifyRoundCertificate(certificate, validators, thresholds, r) => {
                r.resume_with(match self.config.real_signatures {
                    false => Ok(()),
                    true => block_on(self.verifier.verify_round_certificate(
                        &Context,
                        &certificate,
                        &validators,
                        thresholds,
                    )),
                })
            }
            E::WalAppend(height, entry, r) => {
                let node = &mut self.nodes[me];
                if !node.replaying && node.watching.is_none() && height.0 == node.log_height {
                    node.log.push(entry);
                }
                r.resume_with(())
            }
            E::ExtendVote(.., r) => r.resume_with(None),
            E::VerifyVoteExtension(.., r) => r.resume_with(Ok(())),
        })
    }

    fn schedule(&mut self, me: usize, timeout: Timeout) {
        let length = timeouts(&self.config.timeouts).duration_for(timeout);
        let micros = u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
        // No two clocks run alike.
        let micros = micros.saturating_mul(self.random.gen_range(900..1_100)) / 1_000;
        let id = self.sequence + 1;
        let node = &mut self.nodes[me];
        node.timers.insert(timeout, id);
        let epoch = node.epoch;
        self.after(micros, Happening::Timer(me, epoch, id, timeout));
    }

    fn flush(&mut self, me: usize) {
        self.nodes[me].synced = self.nodes[me].log.len();
    }

    /// An honest validator says one thing per position.
    fn say(&mut self, me: usize, message: &SignedConsensusMsg<Context>) {
        let (validator, position, digest) = statement(message, &self.genesis);
        self.trace(&[&validator.0, &digest.0]);
        if !self.nodes[me].honest {
            return;
        }
        let before = self.said.insert((validator, position), digest);
        if before.is_some_and(|before| before != digest) {
            self.report.violations.push(Violation::DoubleSign { validator, position });
        }
    }

    fn broadcast(&mut self, from: usize, message: &Message) {
        for to in (0..self.nodes.len()).filter(|to| *to != from) {
            self.send(from, to, message);
        }
    }

    fn send(&mut self, from: usize, to: usize, message: &Message) {
        for delay in self.links.delays(self.config, from, to, &mut self.random) {
            self.after(delay, Happening::Arrive(to, message.clone()));
        }
    }

    fn arrive(&mut self, to: usize, message: Message) {
        if self.nodes[to].state.is_none() {
            return;
        }
        match message {
            Message::Consensus(SignedConsensusMsg::Vote(vote))
            | Message::Liveness(LivenessMsg::Vote(vote)) => self.input(to, Input::Vote(vote)),
            Message::Consensus(SignedConsensusMsg::Proposal(proposal)) => {
                self.input(to, Input::Proposal(proposal));
            }
            Message::Liveness(LivenessMsg::PolkaCertificate(polka)) => {
                self.input(to, Input::PolkaCertificate(polka));
            }
            Message::Liveness(LivenessMsg::SkipRoundCertificate(round)) => {
                self.input(to, Input::RoundCertificate(round));
            }
            Message::Payload(whole) => {
                if let Some(value) = self.on_payload(to, whole) {
                    self.input(to, Input::ProposedValue(value, ValueOrigin::Consensus));
                }
            }
            Message::Decided(response) => self.input(to, Input::SyncValueResponse(response)),
            Message::Event(candidate) => {
                let now = self.clock_ms(to);
                let _ = self.nodes[to].mempool.insert(candidate, now);
            }
        }
    }

    fn submit(&mut self, event: usize) {
        let (node, candidate) =
            (self.random.gen_range(0..self.nodes.len()), self.config.events[event].clone());
        let now = self.clock_ms(node);
        let _ = self.nodes[node].mempool.insert(candidate.clone(), now);
        self.broadcast(node, &Message::Event(candidate));
    }

    fn propose(&mut self, me: usize, height: u64, round: u32) {
        let time_ms = self.clock_ms(me);
        let node = &mut self.nodes[me];
        let block = match node.proposed.get(&(height, round)).copied() {
            Some(block) => block,
            None => {
                let candidates = node.mempool.select(&Default::default(), time_ms);
                let request = Propose { height, round, proposer: node.public, time_ms, candidates };
                match node.application.propose(request) {
                    Ok(proposal) => {
                        node.mempool.remove(&proposal.refused);
                        node.proposed.insert((height, round), proposal.id);
                        proposal.id
                    }
                    Err(fault) => return self.halt(me, fault.to_string()),
                }
            }
        };
        let epoch = node.epoch;
        let value = LocallyProposedValue::new(Height(height), Round::new(round), Value(block));
        let wait = self.random.gen_range(500..20_000);
        self.after(wait, Happening::Input(me, epoch, Input::Propose(value)));
        self.stream(me, height, round, None, block);
    }

    fn stream(&mut self, me: usize, height: u64, round: u32, lock_round: Option<u32>, block: Hash) {
        if let Ok(Some(payload)) = self.nodes[me].application.payload(&block) {
            let whole = Whole { height, round, lock_round, block, payload };
            self.broadcast(me, &Message::Payload(whole));
        }
    }

    fn offer_waiting(&mut self, me: usize, height: u64) {
        let node = &mut self.nodes[me];
        let later = node.waiting.split_off(&(height + 1, 0));
        let epoch = node.epoch;
        for whole in std::mem::replace(&mut node.waiting, later).into_values() {
            if let Some(value) = self.on_payload(me, whole) {
                let input = Input::ProposedValue(value, ValueOrigin::Consensus);
                self.after(0, Happening::Input(me, epoch, input));
            }
        }
    }

    fn on_payload(&mut self, me: usize, whole: Whole) -> Option<ProposedValue<Context>> {
        let now_ms = self.clock_ms(me);
        let node = &mut self.nodes[me];
        let head = node.application.head();
        let Whole { height, round, lock_round, block, payload } = whole;
        if height != head.height + 1 {
            if height > head.height && node.waiting.len() < 16 {
                let whole = Whole { height, round, lock_round, block, payload };
                node.waiting.insert((height, round), whole);
            }
            return None;
        }
        let validators = Validators::new(&head.validators);
        let proposer = context::address(validators.proposer(height, round));
        let fresh = lock_round.is_none().then_some(Fresh { now_ms, proposer });
        let valid = node.application.validate(payload, fresh).ok()?.is_ok();
        Some(ProposedValue {
            height: Height(height),
            round: Round::new(round),
            valid_round: context::round(lock_round),
            proposer: Address(proposer),
            value: Value(block),
            validity: Validity::from_bool(valid),
        })
    }

    fn on_synced(&mut self, me: usize, response: ValueResponse<Context>, proposer: Address) {
        let node = &mut self.nodes[me];
        let certificate = &response.certificate;
        if certificate.height.0 != node.application.head().height + 1 {
            return;
        }
        let Some(block) = block_id(&response.value_bytes) else { return };
        let Ok(verdict) = node.application.validate(response.value_bytes, None) else { return };
        let value = ProposedValue {
            height: certificate.height,
            round: certificate.round,
            valid_round: Round::Nil,
            proposer,
            value: Value(block),
            validity: Validity::from_bool(verdict.is_ok()),
        };
        let epoch = node.epoch;
        self.report.synced += 1;
        let input = Input::ProposedValue(value, ValueOrigin::Sync);
        self.after(500, Happening::Input(me, epoch, input));
    }

    fn commit(&mut self, me: usize, decided: &CommitCertificate<Context>) {
        let certificate = certificate(decided);
        let (height, block) = (certificate.height, certificate.block);
        if height <= self.nodes[me].application.head().height {
            return;
        }
        if let Ok(None) = self.nodes[me].application.payload(&block) {
            self.fetch(me, block);
        }
        let committed = match self.nodes[me].application.commit(&certificate) {
            Ok(committed) => committed,
            Err(fault) => return self.halt(me, fault.to_string()),
        };
        self.nodes[me].mempool.remove(&committed.events);
        self.nodes[me].proposed.retain(|(at, _), _| *at > height);
        self.trace(&[&height.to_be_bytes(), &block.0]);
        if self.nodes[me].honest {
            let first = *self.agreed.entry(height).or_insert(block);
            if first != block {
                let blocks = [first, block];
                self.report.violations.push(Violation::Disagreement { height, blocks });
            }
        }
    }

    /// A lost block is somewhere: a quorum stored it before it voted.
    fn fetch(&mut self, me: usize, block: Hash) {
        let found = self.nodes.iter().find_map(|node| node.application.payload(&block).ok()?);
        if let Some(payload) = found {
            let _ = self.nodes[me].application.validate(payload, None);
        }
    }

    fn begin_next(&mut self, me: usize, height: u64) {
        let node = &self.nodes[me];
        let validators = Validators::new(&node.application.head().validators);
        let begin = Input::StartHeight(
            Height(height + 1),
            validators,
            false,
            None,
            VoteExtensionPolicy::Disabled,
        );
        let epoch = node.epoch;
        let wait = self.random.gen_range(1_000..50_000);
        self.after(wait, Happening::Input(me, epoch, begin));
    }

    fn sign(&mut self, me: usize, position: Position, bytes: &[u8]) -> Result<Signature, Stop> {
        let (guard, real) = (self.config.guard, self.config.real_signatures);
        match self.nodes[me].sign(position, bytes, guard, real) {
            Ok(signature) => Ok(Signature::from_bytes(signature)),
            Err(refusal) => {
                self.refusal = Some(refusal);
                Err(Stop)
            }
        }
    }

    fn sign_vote(&mut self, me: usize, vote: Vote) -> Result<SignedMessage<Context, Vote>, Stop> {
        let step = match vote.kind {
            VoteType::Prevote => Step::Prevote,
            VoteType::Precommit => Step::Precommit,
        };
        let position = Position { height: vote.height.0, round: round_number(vote.round), step };
        let signature = self.sign(me, position, &vote.sign_bytes(&self.genesis))?;
        Ok(SignedMessage::new(vote, signature))
    }

    fn sign_proposal(
        &mut self,
        me: usize,
        proposal: Proposal,
    ) -> Result<SignedMessage<Context, Proposal>, Stop> {
        let (height, round) = (proposal.height.0, round_number(proposal.round));
        let position = Position { height, round, step: Step::Proposal };
        let signature = self.sign(me, position, &proposal.sign_bytes(&self.genesis))?;
        Ok(SignedMessage::new(proposal, signature))
    }

    fn verify(&self, key: &EngineKey, bytes: &[u8], signature: &Signature) -> bool {
        if self.config.real_signatures {
            return key.verify(bytes, signature).is_ok();
        }
        stand_in(&PublicKey(*key.as_bytes()), bytes) == signature.to_bytes()
    }

    /// Once in a while each node asks another for the block that it is waiting for.
    fn sync(&mut self) {
        self.after(500_000, Happening::Sync);
        for me in 0..self.nodes.len() {
            let other = self.random.gen_range(0..self.nodes.len());
            let up = |node: &Node| node.state.is_some();
            if other == me || !up(&self.nodes[me]) || !up(&self.nodes[other]) {
                continue;
            }
            let decided = self.nodes[other].application.decided(self.nodes[me].height);
            let Ok(Some((payload, certificate))) = decided else { continue };
            let certificate = context::extended(&certificate);
            let response = ValueResponse::new(peer(), Bytes::from(payload), certificate);
            self.send(other, me, &Message::Decided(response));
        }
    }

    fn heal(&mut self) {
        self.links.heal();
        self.links.healed = true;
        for node in 0..self.nodes.len() {
            if self.nodes[node].state.is_none() {
                self.start(node);
            }
        }
        let highest = self.agreed.keys().next_back().copied().unwrap_or(0);
        self.goal = Some(highest + self.config.heal_heights);
    }
}

/// Some peer: the core does not care which.
fn peer() -> PeerId {
    let id = crate::config::peer_id(&[1; 32]);
    PeerId::from_bytes(&id.to_bytes()).expect("a peer id has one form")
}
