//! What the engine's core asks for, answered by simulated disks, clocks and links and by the
//! ledgers.

use arc_malachitebft_core_consensus::{
    ConsensusMsg, Effect, Input, LivenessMsg, LocallyProposedValue, ProposedValue, Resumable,
    Resume, SignedConsensusMsg,
};
use arc_malachitebft_core_types::{
    CertificateError, CommitCertificate, Round, SignedMessage, Timeout, Validity, ValueOrigin,
    ValueResponse, VoteExtensionPolicy,
};
use arc_malachitebft_signing::VerifierExt;
use arc_malachitebft_signing_ed25519::{PublicKey as EngineKey, Signature};
use futures::executor::block_on;
use proofs::{Hash, PublicKey};
use rand::Rng;

use super::Violation;
use super::network::Message;
use super::node::{Watching, stand_in, statement, voted};
use super::world::{Happening, Stop, World};
use crate::application::{Fault, Propose, Source};
use crate::context::{
    self, Address, Context, Height, Proposal, Validators, Value, Vote, certificate, round_number,
    timeouts,
};
use crate::guard::{Position, Step};
use crate::parts::{Whole, block_id};

impl World<'_> {
    pub(super) fn effect(
        &mut self,
        me: usize,
        effect: Effect<Context>,
    ) -> Result<Resume<Context>, Stop> {
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
            E::VerifyCommitCertificate(certificate, validators, thresholds, r) => {
                let verifier = &self.verifier;
                r.resume_with(self.certified(verifier.verify_commit_certificate(
                    &Context,
                    &certificate,
                    &validators,
                    thresholds,
                )))
            }
            E::VerifyExtendedCommitCertificate(certificate, validators, thresholds, policy, r) => {
                let verifier = &self.verifier;
                r.resume_with(self.certified(verifier.verify_extended_commit_certificate(
                    &Context,
                    &certificate,
                    &validators,
                    thresholds,
                    policy,
                )))
            }
            E::VerifyPolkaCertificate(certificate, validators, thresholds, r) => {
                let verifier = &self.verifier;
                r.resume_with(self.certified(verifier.verify_polka_certificate(
                    &Context,
                    &certificate,
                    &validators,
                    thresholds,
                )))
            }
            E::VerifyRoundCertificate(certificate, validators, thresholds, r) => {
                let verifier = &self.verifier;
                r.resume_with(self.certified(verifier.verify_round_certificate(
                    &Context,
                    &certificate,
                    &validators,
                    thresholds,
                )))
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

    /// With stand-ins for signatures only engines make certificates, and they make good ones.
    #[expect(clippy::result_large_err, reason = "the engine's own type")]
    fn certified(
        &self,
        check: impl Future<Output = Result<(), CertificateError<Context>>>,
    ) -> Result<(), CertificateError<Context>> {
        if self.config.real_signatures { block_on(check) } else { Ok(()) }
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
        if let (Step::Prevote, Some(block)) = (position.step, voted(message)) {
            let place = (position.height, position.round, block);
            self.prevotes.entry(place).or_default().insert(validator);
        }
        if !self.nodes[me].honest {
            return;
        }
        let before = self.said.insert((validator, position), digest);
        if before.is_some_and(|before| before != digest) {
            self.report.violations.push(Violation::DoubleSign { validator, position });
        }
        if let Some(block) = voted(message) {
            self.check_lock(me, validator, position, block);
        }
    }

    /// Who has precommitted a block prevotes for another one only after two thirds did, in that
    /// round or a later one.
    fn check_lock(&mut self, me: usize, validator: PublicKey, at: Position, block: Hash) {
        let lock = (at.height, at.round, block);
        if at.step == Step::Precommit {
            self.locks.insert(validator, lock);
            return;
        }
        let Some((height, round, locked)) = self.locks.get(&validator).copied() else { return };
        if height != at.height || locked == block || at.round <= round {
            return;
        }
        let set = self.nodes[me].application.head().validators;
        let power = |key: &PublicKey| set.get(key).map_or(0, |validator| validator.power);
        let proven = (round..at.round).any(|round| {
            let prevotes = self.prevotes.get(&(height, round, block));
            set.is_quorum(prevotes.into_iter().flatten().map(power).sum())
        });
        if !proven {
            self.report.violations.push(Violation::AgainstLock { validator, position: at });
        }
    }

    pub(super) fn broadcast(&mut self, from: usize, message: &Message) {
        for to in (0..self.nodes.len()).filter(|to| *to != from) {
            self.send(from, to, message);
        }
    }

    pub(super) fn send(&mut self, from: usize, to: usize, message: &Message) {
        for delay in self.links.delays(self.config, from, to, &mut self.random) {
            self.after(delay, Happening::Arrive(to, message.clone()));
        }
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
                    Err(Fault::NotYet(_)) => return,
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

    pub(super) fn on_payload(&mut self, me: usize, whole: Whole) -> Option<ProposedValue<Context>> {
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
        let source = match lock_round {
            None => Source::Proposed { now_ms, proposer },
            Some(_) => Source::Again,
        };
        let valid = node.application.validate(payload, source).ok()?.is_ok();
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
        let payload = response.value_bytes;
        let Ok(verdict) = node.application.validate(payload, Source::Decided) else { return };
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
        let Some(committed) = committed else {
            return self.halt(me, "a decided block is nowhere".to_owned());
        };
        self.nodes[me].mempool.remove(&committed.events);
        self.watch(me, decided, committed.proposer);
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

    /// A node that rejoins looks for what its key signed.
    fn watch(&mut self, me: usize, decided: &CommitCertificate<Context>, proposer: PublicKey) {
        let node = &mut self.nodes[me];
        let time = node.application.head().time_ms;
        let signatures = &decided.commit_signatures;
        let voted = signatures.iter().any(|signature| signature.address.0 == node.public);
        let signed = voted || proposer == node.public;
        if let Some(Watching::Rejoins(watch)) = &mut node.watching {
            watch.decided(time, signed);
        }
    }

    /// A lost block is somewhere: a quorum stored it before it voted.
    fn fetch(&mut self, me: usize, block: Hash) {
        let found = self.nodes.iter().find_map(|node| node.application.payload(&block).ok()?);
        if let Some(payload) = found {
            let _ = self.nodes[me].application.validate(payload, Source::Decided);
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
        let signature = self.sign(me, vote.position(), &vote.sign_bytes(&self.genesis))?;
        Ok(SignedMessage::new(vote, signature))
    }

    fn sign_proposal(
        &mut self,
        me: usize,
        proposal: Proposal,
    ) -> Result<SignedMessage<Context, Proposal>, Stop> {
        let message = proposal.sign_bytes(&self.genesis);
        let signature = self.sign(me, proposal.position(), &message)?;
        Ok(SignedMessage::new(proposal, signature))
    }

    fn verify(&self, key: &EngineKey, bytes: &[u8], signature: &Signature) -> bool {
        if self.config.real_signatures {
            return key.verify(bytes, signature).is_ok();
        }
        stand_in(&PublicKey(*key.as_bytes()), bytes) == signature.to_bytes()
    }
}
