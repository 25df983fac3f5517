//! One engine's run: what it asks is answered in order.
//!
//! The engine's connector waits for each answer before it passes the next question on, so the
//! questions are answered one after the other and the work behind them is done on blocking
//! threads. Only two answers may wait: that a decision is committed, and that the next height may
//! begin.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arc_malachitebft_app_channel::app::consensus::ProposedValue;
use arc_malachitebft_app_channel::app::engine::host::{HeightParams, Next};
use arc_malachitebft_app_channel::app::types::LocallyProposedValue;
use arc_malachitebft_app_channel::{AppMsg, NetworkMsg, NetworkRequest, Reply};
use arc_malachitebft_core_types::{Round, Validity};
use bytes::Bytes;
use proofs::{Hash, PublicKey};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Duty, End, without};
use crate::application::{Application, Fault, Invalid, Proposal, Propose, Source};
use crate::context::{self, Address, Context, Height, Validators, Value, round_number};
use crate::engine::{Engine, Signing};
use crate::evidence::from_engine;
use crate::locks::Locks;
use crate::pace::{Go, Hold};
use crate::parts::{Assembler, Whole, split};
use crate::shared::{Shared, count, lock, now_ms};

/// How far beyond the next height a proposal may be to be kept for later.
const HEIGHTS_AHEAD: u64 = 2;

/// Complete proposals that are kept for later.
const WAITING_MAX: usize = 16;

/// How long a claimed proof of lock waits for the proposal that the proposer signed.
const LOCK_PATIENCE: Duration = Duration::from_millis(100);

/// How long events that did not get into the last, empty block wait: something keeps them out,
/// and one empty block after the other would not help.
const EMPTY_PAUSE: Duration = Duration::from_millis(100);

/// How long a block waits for what it takes to judge it, and how often that is tried. Meanwhile the
/// engine's own timeouts run, so others decide without us.
const JUDGE_PATIENCE: Duration = Duration::from_secs(5);
pub(super) const JUDGE_PAUSE: Duration = Duration::from_millis(100);

/// One engine's run.
pub(super) struct Run {
    pub(super) shared: Arc<Shared>,
    pub(super) duty: Duty,
    /// The last height at which an earlier run may have proposed.
    pub(super) begun: u64,
    /// The next height and its validators, as of the ledger's head.
    pub(super) height: u64,
    pub(super) validators: Validators,
    pub(super) parts: Assembler,
    /// Complete proposals of heights that cannot be executed yet.
    waiting: BTreeMap<(u64, u32), Whole>,
    /// What we proposed at a height and round: the same question gets the same answer.
    pub(super) proposed: BTreeMap<(u64, u32), (Hash, Bytes)>,
    pub(super) locks: Locks,
    /// The answer that lets the next height begin, and the hold before it.
    held: Option<(Reply<Next<Context>>, Hold)>,
    /// The last height that came by sync: while catching up nothing is held.
    pub(super) synced: u64,
    /// Whether the last block held no event.
    pub(super) empty: bool,
}

impl Run {
    pub(super) fn new(shared: Arc<Shared>, engine: &Engine, duty: Duty) -> Self {
        let head = shared.application.head();
        let locks = Locks::follow(engine.channels.events.subscribe(), shared.clone());
        let signed = match &duty {
            Duty::Vote(Signing { guard, .. }) => lock(guard).floor(),
            _ => 0,
        };
        Run {
            duty,
            begun: signed.max(head.height + 1),
            height: head.height + 1,
            validators: Validators::new(&head.validators),
            parts: Assembler::default(),
            waiting: BTreeMap::new(),
            proposed: BTreeMap::new(),
            locks,
            held: None,
            synced: 0,
            empty: false,
            shared,
        }
    }

    pub(super) async fn serve(&mut self, engine: &mut Engine) -> End {
        let mut shutdown = self.shared.shutdown.subscribe();
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let wake = self.release();
            if *shutdown.borrow_and_update() || self.shared.halted.get().is_some() {
                return End::Shutdown;
            }
            let shared = self.shared.clone();
            let result = tokio::select! {
                message = engine.channels.consensus.recv() => match message {
                    Some(message) => self.answer(engine, message).await,
                    None => return End::Gone,
                },
                _ = shared.activity.changed() => Ok(()),
                _ = tokio::time::sleep_until(wake) => Ok(()),
                _ = tick.tick() => self.look_around(engine),
                _ = shutdown.changed() => Ok(()),
            };
            if let Err(end) = result {
                return end;
            }
            if self.duty.is_over(self.height - 1) {
                return End::Sign;
            }
        }
    }

    /// Lets the next height begin if it may; else says when to ask again.
    fn release(&mut self) -> Instant {
        let now = Instant::now();
        let Some((_, hold)) = &mut self.held else { return now + Duration::from_secs(60) };
        let events = !lock(&self.shared.mempool).is_empty();
        let go = match hold.check(&self.shared.activity, events, now) {
            Ok(go) => go,
            Err(wake) => return wake,
        };
        let Some((reply, hold)) = self.held.take() else { return now };
        if go == Go::Own && self.shared.validator.is_some() {
            self.shared.gossip.begun(hold.height());
        }
        let next = Next::Start(Height(self.height), self.params());
        let _ = reply.send(next);
        now + Duration::from_secs(60)
    }

    fn params(&self) -> HeightParams<Context> {
        // No target time: the certificate is complete with the first quorum.
        let timeouts = context::timeouts(&self.shared.config.timeouts);
        HeightParams::new(self.validators.clone(), timeouts, None)
    }

    async fn answer(&mut self, engine: &Engine, message: AppMsg<Context>) -> Result<(), End> {
        match message {
            AppMsg::ConsensusReady { reply } => self.on_ready(engine, reply),
            AppMsg::StartedRound { height, round, reply_value, .. } => {
                let values = self.on_round(height.0, round_number(round)).await?;
                let _ = reply_value.send(values);
            }
            AppMsg::GetValue { height, round, reply, .. } => {
                self.on_get_value(engine, height.0, round_number(round), reply).await?;
            }
            AppMsg::ReceivedProposalPart { from, published_by, part, reply } => {
                let value = match self.parts.insert(published_by.unwrap_or(from), part) {
                    Some(whole) => self.on_proposal(whole).await?,
                    None => None,
                };
                let _ = reply.send(value);
            }
            AppMsg::RestreamProposal { height, round, valid_round, value_id, .. } => {
                let lock_round = valid_round.as_u32();
                let place = (height.0, round_number(round));
                self.restream(engine, place, lock_round, value_id).await?;
            }
            AppMsg::Decided { certificate, reply, .. } => {
                self.on_decided(certificate).await?;
                let _ = reply.send(());
            }
            AppMsg::Finalized { certificate, evidence, reply, .. } => {
                let found = from_engine(&evidence, &self.shared.genesis);
                self.shared.keep_evidence(found)?;
                self.on_finalized(certificate.height.0, reply);
            }
            AppMsg::ProcessSyncedValue { height, round, proposer, value_bytes, reply } => {
                let outcome = self.on_synced(height.0, round, proposer, value_bytes).await?;
                let _ = reply.send(outcome);
            }
            AppMsg::GetDecidedValues { range, reply } => {
                self.on_get_decided(range.start().0, range.end().0, reply);
            }
            AppMsg::GetHistoryMinHeight { reply } => {
                let _ = reply.send(Height(self.shared.application.lowest()));
            }
            // Extensions are disabled: a vote that carries one is refused before this.
            AppMsg::ExtendVote { reply, .. } => {
                let _ = reply.send(None);
            }
            AppMsg::VerifyVoteExtensions { extensions, reply, .. } => {
                let verdicts = extensions.into_iter().map(|(address, ())| (address, Ok(())));
                let _ = reply.send(verdicts.collect());
            }
        }
        Ok(())
    }

    /// The first proposals would be lost before the peers are connected, so the first height
    /// begins with a quorum, or after a while.
    fn on_ready(&self, engine: &Engine, reply: Reply<(Height, HeightParams<Context>)>) {
        let (start, shared) = ((Height(self.height), self.params()), self.shared.clone());
        let requests = engine.channels.net_requests.clone();
        let peers = shared.peers.borrow().iter().filter(|peer| peer.validator).count();
        let validators = peers + usize::from(shared.validator.is_some());
        let deadline = Instant::now() + shared.config.gather;
        tokio::spawn(async move {
            while Instant::now() < deadline && !reply.is_closed() {
                let connected = connected(&shared, &requests).await;
                let here = connected + usize::from(shared.validator.is_some());
                if here * 3 > validators * 2 {
                    // A moment for the subscriptions that follow a connection.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            let _ = reply.send(start);
        });
    }

    /// Proposals that arrived before their height could be executed are executed now.
    async fn on_round(
        &mut self,
        height: u64,
        round: u32,
    ) -> Result<Vec<ProposedValue<Context>>, End> {
        self.shared.round.store(round, Ordering::Relaxed);
        if round > 0 {
            tracing::info!(height, round, "another round");
        }
        let later = self.waiting.split_off(&(height + 1, 0));
        let now = std::mem::replace(&mut self.waiting, later);
        let mut values = Vec::new();
        for ((at, _), whole) in now {
            if at == height {
                values.extend(self.on_proposal(whole).await?);
            }
        }
        Ok(values)
    }

    async fn on_get_value(
        &mut self,
        engine: &Engine,
        height: u64,
        round: u32,
        reply: Reply<LocallyProposedValue<Context>>,
    ) -> Result<(), End> {
        // A failure leaves the question unanswered: the round ends by its timeout, unsigned.
        let (block, payload) = match self.our_block(engine, height, round).await {
            Ok(Some(ours)) => ours,
            Ok(None) => {
                tracing::error!(height, round, "asked for another height's block");
                return Ok(());
            }
            Err(fault) => return without(fault, "no block was built"),
        };
        let value = Value(block);
        let _ = reply.send(LocallyProposedValue::new(Height(height), Round::new(round), value));
        send(engine, &Whole { height, round, lock_round: None, block, payload }).await;
        Ok(())
    }

    async fn our_block(
        &mut self,
        engine: &Engine,
        height: u64,
        round: u32,
    ) -> Result<Option<(Hash, Bytes)>, Fault> {
        let (Some(proposer), true) = (self.shared.validator, height == self.height) else {
            return Ok(None);
        };
        if let Some(ours) = self.proposed.get(&(height, round)) {
            return Ok(Some(ours.clone()));
        }
        let ours = match self.remembered(engine, height, round, proposer).await? {
            Some(ours) => ours,
            None => {
                let now = now_ms();
                let candidates = lock(&self.shared.mempool).select(&self.shared.config.block, now);
                let request = Propose { height, round, proposer, time_ms: now, candidates };
                let Proposal { id, payload, refused } =
                    self.blocking(move |application| application.propose(request)).await?;
                lock(&self.shared.mempool).remove(&refused);
                (id, payload)
            }
        };
        self.proposed.insert((height, round), ours.clone());
        Ok(Some(ours))
    }

    /// What we proposed before a crash, and may even have signed.
    async fn remembered(
        &self,
        engine: &Engine,
        height: u64,
        round: u32,
        proposer: PublicKey,
    ) -> Result<Option<(Hash, Bytes)>, Fault> {
        let block = {
            let log = engine.log.remembered();
            let same = |place: &&(u64, u32, _, _)| {
                (place.0, place.1, place.2) == (height, round, proposer)
            };
            log.proposed.iter().find(same).map(|place| place.3)
        };
        let Some(block) = block else { return Ok(None) };
        let payload = self.blocking(move |application| application.payload(&block)).await?;
        Ok(payload.map(|payload| (block, payload)))
    }

    /// Sends a stored block to everyone again.
    async fn restream(
        &self,
        engine: &Engine,
        (height, round): (u64, u32),
        lock_round: Option<u32>,
        block: Hash,
    ) -> Result<(), End> {
        match self.blocking(move |application| application.payload(&block)).await {
            Ok(Some(payload)) => {
                send(engine, &Whole { height, round, lock_round, block, payload }).await;
            }
            Ok(None) => tracing::warn!(%block, "a block to send is not here any more"),
            Err(fault) => without(fault, "a block to send could not be read")?,
        }
        Ok(())
    }

    /// Executes a complete proposal; its payload is durable when this says that it is valid.
    async fn on_proposal(&mut self, whole: Whole) -> Result<Option<ProposedValue<Context>>, End> {
        let Whole { height, round, .. } = whole;
        if height < self.height {
            return Ok(None);
        }
        // A peer has begun this height.
        self.shared.activity.begun(height);
        if height > self.height {
            if height <= self.height + HEIGHTS_AHEAD && self.waiting.len() < WAITING_MAX {
                self.waiting.insert((height, round), whole);
            }
            return Ok(None);
        }
        let proposer = context::address(self.validators.proposer(height, round));
        let proposed = || Source::Proposed { now_ms: now_ms(), proposer };
        let source = match whole.lock_round {
            None => proposed(),
            // The claim spares the checks of clock and turn, so it counts only if the proposer
            // signed it. The engine's proposal usually is here first.
            Some(lock_round) => {
                let signed = self.locks.signed(height, round, whole.block, lock_round);
                let signed = tokio::time::timeout(LOCK_PATIENCE, signed).await.is_ok();
                if signed { Source::Again } else { proposed() }
            }
        };
        let unsigned = whole.lock_round.is_some() && source != Source::Again;
        let verdict = self.validate(whole.payload, source).await;
        let validity = match verdict {
            Ok(Ok(block)) if block == whole.block => Validity::Valid,
            Ok(Ok(block)) => {
                tracing::error!(%block, "the ledger named another id than the header's");
                Validity::Invalid
            }
            // The signed proposal may still be on its way: this block may be decided, so we must
            // not have called it invalid.
            Ok(Err(_)) if unsigned => {
                tracing::warn!(height, round, %proposer, "a claim of a lock without its signature");
                return Ok(None);
            }
            Ok(Err(invalid)) => {
                tracing::warn!(height, round, %proposer, %invalid, "invalid proposal");
                count(&self.shared.counters.proposals_invalid);
                Validity::Invalid
            }
            // Not the proposer's fault: we have no opinion, and vote nil by timeout.
            Err(fault) => {
                without(fault, "a proposal could not be executed")?;
                return Ok(None);
            }
        };
        Ok(Some(ProposedValue {
            height: Height(height),
            round: Round::new(round),
            valid_round: context::round(whole.lock_round),
            proposer: Address(proposer),
            value: Value(whole.block),
            validity,
        }))
    }

    /// Has a block judged, again and again for a while where it cannot be judged yet.
    pub(super) async fn validate(
        &self,
        payload: Bytes,
        source: Source,
    ) -> Result<Result<Hash, Invalid>, Fault> {
        let deadline = Instant::now() + JUDGE_PATIENCE;
        loop {
            let block = payload.clone();
            let verdict = self.blocking(move |application| application.validate(block, source));
            match verdict.await {
                Err(Fault::NotYet(_))
                    if Instant::now() < deadline && !self.shared.is_shut_down() =>
                {
                    tokio::time::sleep(JUDGE_PAUSE).await;
                }
                verdict => return verdict,
            }
        }
    }

    fn on_finalized(&mut self, height: u64, reply: Reply<Next<Context>>) {
        let now = Instant::now();
        let behind = self.synced == height;
        let heartbeat = if behind { Duration::ZERO } else { self.shared.config.heartbeat };
        let patience = if self.empty { EMPTY_PAUSE } else { Duration::ZERO };
        self.held = Some((reply, Hold::new(height + 1, heartbeat, patience, now)));
    }

    /// Once a second: who is connected, what has expired, and whether our key signs elsewhere.
    fn look_around(&self, engine: &Engine) -> Result<(), End> {
        lock(&self.shared.mempool).expire(now_ms());
        self.shared.announce_again();
        let (shared, requests) = (self.shared.clone(), engine.channels.net_requests.clone());
        tokio::spawn(async move { connected(&shared, &requests).await });
        // The guard lets no pair out, so one half of it was signed by another process.
        match self.shared.accused.swap(false, Ordering::Relaxed) {
            true if matches!(self.duty, Duty::Vote(_)) => Err(End::Stale),
            _ => Ok(()),
        }
    }

    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Application) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let application = self.shared.application.clone();
        tokio::task::spawn_blocking(move || work(application.as_ref()))
            .await
            .unwrap_or_else(|panic| Err(Fault::Other(format!("the ledger panicked: {panic}"))))
    }
}

/// Sends a payload to everyone, in pieces.
async fn send(engine: &Engine, whole: &Whole) {
    for part in split(whole, rand::random()) {
        let message = NetworkMsg::PublishProposalPart(part);
        if engine.channels.network.send(message).await.is_err() {
            return;
        }
    }
}

/// How many validators the engine is connected to; notes the peers for the status.
async fn connected(shared: &Shared, requests: &mpsc::Sender<NetworkRequest>) -> usize {
    let Ok(Some(dump)) = NetworkRequest::dump_state(requests).await else { return 0 };
    let peers: BTreeSet<_> = dump.peers.into_keys().collect();
    let validator = |peer: &&crate::Peer| peer.validator && peers.contains(&peer.id);
    let count = shared.peers.borrow().iter().filter(validator).count();
    *lock(&shared.agreement_peers) = peers;
    count
}
