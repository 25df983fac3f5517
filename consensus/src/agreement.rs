//! The task between engine and ledger: it answers what the engine asks, in order.
//!
//! The engine's connector waits for each answer before it passes the next question on, so the
//! questions are answered one after the other and the work behind them is done on blocking
//! threads. Only two answers may wait: that a decision is committed, and that the next height may
//! begin.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arc_malachitebft_app_channel::app::consensus::ProposedValue;
use arc_malachitebft_app_channel::app::engine::host::{HeightParams, Next, SyncedValueOutcome};
use arc_malachitebft_app_channel::app::types::LocallyProposedValue;
use arc_malachitebft_app_channel::app::types::sync::RawDecidedValue;
use arc_malachitebft_app_channel::{AppMsg, NetworkMsg, NetworkRequest, Reply};
use arc_malachitebft_core_types::{CommitCertificate, Round, Validity};
use bytes::Bytes;
use proofs::Hash;
use tokio::time::Instant;

use crate::application::{Application, Committed, Fault, Fresh, Invalid, Proposal, Propose};
use crate::context::{
    self, Address, Context, Height, Validators, Value, certificate, round_number,
};
use crate::engine::{Ended, Engine, Role, Signing};
use crate::evidence::from_engine;
use crate::guard::{Guard, Refusal};
use crate::locks::Locks;
use crate::pace::{Go, Hold};
use crate::parts::{Assembler, Whole, block_id, split};
use crate::shared::{Shared, count, lock, now_ms};

/// How far beyond the next height a proposal may be to be kept for later.
const HEIGHTS_AHEAD: u64 = 2;

/// Complete proposals that are kept for later.
const WAITING_MAX: usize = 16;

/// How long a claimed proof of lock waits for the proposal that the proposer signed.
const LOCK_PATIENCE: Duration = Duration::from_millis(100);

/// How much later than our start a block must be for its signatures to count as new ones: the
/// clocks of honest validators differ by less.
const CLOCKS_APART_MS: u64 = 35_000;

/// Why the engine stops.
enum End {
    Shutdown,
    /// The watch is over: sign from here on.
    Sign,
    /// The engine closed its channel.
    Gone,
    /// Only an operator can go on.
    Halt(String),
}

/// The engine's task and what it needs across restarts of the engine.
pub(crate) struct Agreement {
    pub(crate) shared: Arc<Shared>,
    pub(crate) transport: [u8; 32],
    pub(crate) duty: Duty,
}

/// What this node does for agreement at the moment.
#[derive(Clone)]
pub(crate) enum Duty {
    /// Follows and never signs.
    Replica,
    /// Votes.
    Vote(Signing),
    /// Watches until the head is at least `height`: what it signed there is uncertain.
    SitOut { signing: Signing, height: u64 },
    /// Watches until `heights` were decided after `since_ms` without a signature of ours.
    Rejoin { key: ed25519_consensus::SigningKey, heights: u64, since_ms: u64 },
}

impl Duty {
    fn role(&self) -> Role {
        match self {
            Duty::Replica => Role::Replica,
            Duty::Vote(signing) => Role::Votes(signing.clone()),
            Duty::SitOut { .. } | Duty::Rejoin { .. } => Role::Watches,
        }
    }
}

impl Agreement {
    pub(crate) async fn start_engine(&self) -> Result<Engine, String> {
        count(&self.shared.counters.engine_starts);
        let watching = matches!(self.duty, Duty::SitOut { .. } | Duty::Rejoin { .. });
        self.shared.watching.store(watching, Ordering::Release);
        crate::engine::start(
            &self.shared.config,
            self.shared.genesis,
            &self.transport,
            self.duty.role(),
        )
        .await
    }

    /// Runs until shutdown, with as many engines as it takes.
    pub(crate) async fn run(mut self, first: Engine) {
        let mut next = Some(first);
        let mut pause = Duration::from_millis(250);
        while !self.shared.is_shut_down() && self.shared.halted.get().is_none() {
            let engine = match next.take() {
                Some(engine) => engine,
                None => match self.start_engine().await {
                    Ok(engine) => engine,
                    Err(error) => {
                        tracing::error!(%error, "the engine did not start");
                        self.rest(&mut pause).await;
                        continue;
                    }
                },
            };
            let started = Instant::now();
            self.run_engine(engine).await;
            if started.elapsed() > Duration::from_secs(60) {
                pause = Duration::from_millis(250);
            }
            if !self.shared.is_shut_down() && self.shared.halted.get().is_none() {
                self.rest(&mut pause).await;
            }
        }
    }

    /// A pause before the next engine, longer each time.
    async fn rest(&self, pause: &mut Duration) {
        let mut shutdown = self.shared.shutdown.subscribe();
        let _ = tokio::time::timeout(*pause, shutdown.wait_for(|down| *down)).await;
        *pause = (*pause * 2).min(Duration::from_secs(10));
    }

    async fn run_engine(&mut self, mut engine: Engine) {
        let mut run = Run::new(self.shared.clone(), &engine, self.duty.clone());
        let end = run.serve(&mut engine).await;
        drop(run);
        lock(&self.shared.agreement_peers).clear();
        let refusal = engine.refusal.clone();
        let reason = match end {
            End::Shutdown | End::Sign => {
                engine.stop().await;
                None
            }
            End::Halt(reason) => {
                engine.stop().await;
                Some(reason)
            }
            End::Gone => {
                let ended = engine.ended().await;
                match refusal.get() {
                    Some(Refusal::Forgotten(height)) => {
                        self.sit_out(*height);
                        return;
                    }
                    Some(refusal) => Some(refusal.to_string()),
                    None if ended == Ended::Unsafe => {
                        Some("the engine's write-ahead log failed".to_owned())
                    }
                    None => None,
                }
            }
        };
        if let Some(reason) = reason {
            if let Err(fault) = self.shared.halt(&reason) {
                tracing::error!(%fault, "SAFETY_HALT could not be written");
            }
        } else if matches!(end_of_watch(&self.duty, &self.shared), Watch::Over) {
            self.begin_to_sign();
        }
    }

    /// The log of this height lost a signature of ours: others decide it, we vote again above it.
    fn sit_out(&mut self, height: u64) {
        if let Duty::Vote(signing) = &self.duty {
            tracing::warn!(height, "sitting a height out: the log lost a signature of ours");
            self.duty = Duty::SitOut { signing: signing.clone(), height };
        }
    }

    fn begin_to_sign(&mut self) {
        match &self.duty {
            Duty::SitOut { signing, .. } => self.duty = Duty::Vote(signing.clone()),
            Duty::Rejoin { key, .. } => {
                let height = self.shared.application.head().height;
                match Guard::rejoin(&self.shared.config.home, height) {
                    Ok(guard) => {
                        tracing::info!(height, "the watch is over: signing above this height");
                        self.shared.floor.store(height, Ordering::Release);
                        let guard = Arc::new(std::sync::Mutex::new(guard));
                        self.duty = Duty::Vote(Signing { key: key.clone(), guard });
                    }
                    Err(error) => tracing::error!(%error, "the signing guard could not be written"),
                }
            }
            Duty::Replica | Duty::Vote(_) => {}
        }
    }
}

enum Watch {
    None,
    On,
    Over,
}

/// Whether the watch of this duty is over, by what the ledger holds alone.
fn end_of_watch(duty: &Duty, shared: &Shared) -> Watch {
    match duty {
        Duty::Replica | Duty::Vote(_) => Watch::None,
        Duty::SitOut { height, .. } => {
            if shared.application.head().height >= *height {
                Watch::Over
            } else {
                Watch::On
            }
        }
        Duty::Rejoin { heights, .. } => {
            if shared.watched.load(Ordering::Acquire) >= *heights {
                Watch::Over
            } else {
                Watch::On
            }
        }
    }
}

/// One engine's run.
struct Run {
    shared: Arc<Shared>,
    duty: Duty,
    /// The next height and its validators, as of the ledger's head.
    height: u64,
    validators: Validators,
    parts: Assembler,
    /// Complete proposals of heights that cannot be executed yet.
    waiting: BTreeMap<(u64, u32), Whole>,
    /// What we proposed at a height and round: the same question gets the same answer.
    proposed: BTreeMap<(u64, u32), Hash>,
    locks: Locks,
    /// The answer that lets the next height begin, and the hold before it.
    held: Option<(Reply<Next<Context>>, Hold)>,
    /// The last height that came by sync: while catching up nothing is held.
    synced: u64,
}

impl Run {
    fn new(shared: Arc<Shared>, engine: &Engine, duty: Duty) -> Self {
        let head = shared.application.head();
        let locks = Locks::follow(engine.channels.events.subscribe(), shared.clone());
        Run {
            duty,
            height: head.height + 1,
            validators: Validators::new(&head.validators),
            parts: Assembler::default(),
            waiting: BTreeMap::new(),
            proposed: BTreeMap::new(),
            locks,
            held: None,
            synced: 0,
            shared,
        }
    }

    async fn serve(&mut self, engine: &mut Engine) -> End {
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
                _ = tick.tick() => {
                    self.look_around(engine);
                    Ok(())
                }
                _ = shutdown.changed() => Ok(()),
            };
            if let Err(reason) = result {
                return End::Halt(reason);
            }
            if matches!(end_of_watch(&self.duty, &self.shared), Watch::Over) {
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

    /// An error is a reason to halt.
    async fn answer(&mut self, engine: &Engine, message: AppMsg<Context>) -> Result<(), String> {
        match message {
            AppMsg::ConsensusReady { reply } => self.on_ready(engine, reply),
            AppMsg::StartedRound { height, round, reply_value, .. } => {
                let values = self.on_round(height.0, round_number(round)).await;
                let _ = reply_value.send(values);
            }
            AppMsg::GetValue { height, round, reply, .. } => {
                self.on_get_value(engine, height.0, round_number(round), reply).await;
            }
            AppMsg::ReceivedProposalPart { from, published_by, part, reply } => {
                let value = match self.parts.insert(published_by.unwrap_or(from), part) {
                    Some(whole) => self.on_proposal(whole).await,
                    None => None,
                };
                let _ = reply.send(value);
            }
            AppMsg::RestreamProposal { height, round, valid_round, value_id, .. } => {
                let lock_round = valid_round.as_u32();
                self.restream(engine, height.0, round_number(round), lock_round, value_id).await;
            }
            AppMsg::Decided { certificate, reply, .. } => {
                self.on_decided(certificate).await?;
                let _ = reply.send(());
            }
            AppMsg::Finalized { certificate, evidence, reply, .. } => {
                let found = from_engine(&evidence, &self.shared.genesis);
                lock(&self.shared.evidence).add(found).map_err(|fault| fault.to_string())?;
                self.on_finalized(certificate.height.0, reply);
            }
            AppMsg::ProcessSyncedValue { height, round, proposer, value_bytes, reply } => {
                let outcome = self.on_synced(height.0, round, proposer, value_bytes).await;
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
        let peers = shared.config.peers.iter().filter(|peer| peer.validator);
        let validators = peers.count() + usize::from(shared.validator.is_some());
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
    async fn on_round(&mut self, height: u64, round: u32) -> Vec<ProposedValue<Context>> {
        self.shared.round.store(round, Ordering::Relaxed);
        if round > 0 {
            tracing::info!(height, round, "another round");
        }
        let later = self.waiting.split_off(&(height + 1, 0));
        let now = std::mem::replace(&mut self.waiting, later);
        let mut values = Vec::new();
        for ((at, _), whole) in now {
            if at == height {
                values.extend(self.on_proposal(whole).await);
            }
        }
        values
    }

    async fn on_get_value(
        &mut self,
        engine: &Engine,
        height: u64,
        round: u32,
        reply: Reply<LocallyProposedValue<Context>>,
    ) {
        // A failure leaves the question unanswered: the round ends by its timeout, unsigned.
        let block = match self.our_block(engine, height, round).await {
            Ok(Some(block)) => block,
            Ok(None) => return tracing::error!(height, round, "asked for another height's block"),
            Err(fault) => return tracing::error!(%fault, height, round, "no block was built"),
        };
        let value = Value(block);
        let _ = reply.send(LocallyProposedValue::new(Height(height), Round::new(round), value));
        self.restream(engine, height, round, None, block).await;
    }

    async fn our_block(
        &mut self,
        engine: &Engine,
        height: u64,
        round: u32,
    ) -> Result<Option<Hash>, Fault> {
        let (Some(proposer), true) = (self.shared.validator, height == self.height) else {
            return Ok(None);
        };
        if let Some(block) = self.proposed.get(&(height, round)) {
            return Ok(Some(*block));
        }
        // Before a crash we may have proposed already, and even signed it.
        let remembered = {
            let log = engine.log.remembered();
            let same = |place: &&(u64, u32, _, _)| {
                (place.0, place.1, place.2) == (height, round, proposer)
            };
            log.proposed.iter().find(same).map(|place| place.3)
        };
        if let Some(block) = remembered
            && self.shared.application.payload(&block)?.is_some()
        {
            self.proposed.insert((height, round), block);
            return Ok(Some(block));
        }
        let now = now_ms();
        let candidates = lock(&self.shared.mempool).select(&self.shared.config.block, now);
        let request = Propose { height, round, proposer, time_ms: now, candidates };
        let Proposal { id, refused, .. } =
            self.blocking(move |application| application.propose(request)).await?;
        lock(&self.shared.mempool).remove(&refused);
        self.proposed.insert((height, round), id);
        Ok(Some(id))
    }

    /// Sends a payload to everyone, in pieces.
    async fn restream(
        &self,
        engine: &Engine,
        height: u64,
        round: u32,
        lock_round: Option<u32>,
        block: Hash,
    ) {
        let payload = self.blocking(move |application| application.payload(&block)).await;
        let payload = match payload {
            Ok(Some(payload)) => payload,
            Ok(None) => return tracing::warn!(%block, "a block to send is not here any more"),
            Err(fault) => return tracing::error!(%fault, "a block to send could not be read"),
        };
        let whole = Whole { height, round, lock_round, block, payload };
        for part in split(&whole, rand::random()) {
            let message = NetworkMsg::PublishProposalPart(part);
            if engine.channels.network.send(message).await.is_err() {
                return;
            }
        }
    }

    /// Executes a complete proposal; its payload is durable when this says that it is valid.
    async fn on_proposal(&mut self, whole: Whole) -> Option<ProposedValue<Context>> {
        let Whole { height, round, .. } = whole;
        if height < self.height {
            return None;
        }
        // A peer has begun this height.
        self.shared.activity.begun(height);
        if height > self.height {
            if height <= self.height + HEIGHTS_AHEAD && self.waiting.len() < WAITING_MAX {
                self.waiting.insert((height, round), whole);
            }
            return None;
        }
        let proposer = context::address(self.validators.proposer(height, round));
        let fresh = match whole.lock_round {
            None => Some(Fresh { now_ms: now_ms(), proposer }),
            // The claim spares the checks of clock and turn, so it counts only if the proposer
            // signed it. The engine's proposal usually is here first.
            Some(lock_round) => {
                let signed = self.locks.signed(height, round, whole.block, lock_round);
                let signed = tokio::time::timeout(LOCK_PATIENCE, signed).await.is_ok();
                (!signed).then(|| Fresh { now_ms: now_ms(), proposer })
            }
        };
        let verdict = self.validate(whole.payload, fresh).await;
        let validity = match verdict {
            Ok(Ok(block)) if block == whole.block => Validity::Valid,
            Ok(Ok(block)) => {
                tracing::error!(%block, "the ledger named another id than the header's");
                Validity::Invalid
            }
            Ok(Err(invalid)) => {
                tracing::warn!(height, round, %proposer, %invalid, "invalid proposal");
                count(&self.shared.counters.proposals_invalid);
                Validity::Invalid
            }
            // Not the proposer's fault: we have no opinion, and vote nil by timeout.
            Err(fault) => {
                tracing::error!(%fault, height, round, "a proposal could not be executed");
                return None;
            }
        };
        Some(ProposedValue {
            height: Height(height),
            round: Round::new(round),
            valid_round: context::round(whole.lock_round),
            proposer: Address(proposer),
            value: Value(whole.block),
            validity,
        })
    }

    async fn validate(
        &self,
        payload: Bytes,
        fresh: Option<Fresh>,
    ) -> Result<Result<Hash, Invalid>, Fault> {
        self.blocking(move |application| application.validate(payload, fresh)).await
    }

    /// Commits, whatever it takes. A commit that fails is fatal: to ask the engine for another
    /// try would reset its log, and the node could sign twice.
    async fn on_decided(&mut self, decided: CommitCertificate<Context>) -> Result<(), String> {
        let certificate = certificate(&decided);
        let head = self.shared.application.head();
        if certificate.height <= head.height {
            return Ok(());
        }
        certificate
            .verify(&self.shared.genesis, &head.validators)
            .map_err(|error| format!("a certificate of the engine does not verify: {error}"))?;
        self.ensure_payload(certificate.block).await?;
        let committed = self.blocking(move |application| application.commit(&certificate)).await;
        let Committed { height, events } = committed
            .map_err(|fault| format!("a decided block could not be committed: {fault}"))?;
        lock(&self.shared.mempool).remove(&events);
        self.watch(&decided);
        let head = self.shared.application.head();
        self.height = height + 1;
        self.validators = Validators::new(&head.validators);
        self.parts.prune(height);
        self.proposed.retain(|(at, _), _| *at > height);
        self.locks.prune(height);
        self.shared.committed.send_replace(height);
        Ok(())
    }

    /// The engine's log keeps the id alone. If the payload behind it was lost here, a peer has
    /// it: the quorum stored it before it voted.
    async fn ensure_payload(&self, block: Hash) -> Result<(), String> {
        loop {
            let stored = self.blocking(move |application| application.payload(&block)).await;
            match stored {
                Ok(Some(_)) => return Ok(()),
                Ok(None) => tracing::warn!(%block, "a decided block was lost here: fetching it"),
                Err(fault) => return Err(format!("a decided block could not be read: {fault}")),
            }
            if self.shared.is_shut_down() {
                return Err("shut down before a lost block was fetched".to_owned());
            }
            if let Some(payload) = self.shared.gossip.fetch(block).await {
                match self.validate(payload, None).await {
                    Ok(Ok(_)) => count(&self.shared.counters.payloads_fetched),
                    Ok(Err(invalid)) => {
                        return Err(format!("a decided block is invalid here: {invalid}"));
                    }
                    Err(fault) => return Err(format!("a block could not be stored: {fault}")),
                }
                continue;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Counts heights without our signature, decided after the watch began.
    fn watch(&self, decided: &CommitCertificate<Context>) {
        let Duty::Rejoin { key, since_ms, .. } = &self.duty else { return };
        let time = self.shared.application.head().time_ms;
        if time < since_ms.saturating_add(CLOCKS_APART_MS) {
            return;
        }
        let me = proofs::PublicKey(key.verification_key().to_bytes());
        if decided.commit_signatures.iter().any(|signature| signature.address.0 == me) {
            tracing::error!("another node signs with this validator's key: still watching");
            self.shared.watched.store(0, Ordering::Release);
        } else {
            self.shared.watched.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn on_finalized(&mut self, height: u64, reply: Reply<Next<Context>>) {
        let now = Instant::now();
        let behind = self.synced == height;
        let heartbeat = if behind { Duration::ZERO } else { self.shared.config.heartbeat };
        self.held = Some((reply, Hold::new(height + 1, heartbeat, now)));
    }

    async fn on_synced(
        &mut self,
        height: u64,
        round: Round,
        proposer: Address,
        payload: Bytes,
    ) -> SyncedValueOutcome<Context> {
        if height != self.height {
            return SyncedValueOutcome::LocalTransientError;
        }
        let Some(block) = block_id(&payload) else { return SyncedValueOutcome::PeerFault };
        self.synced = height;
        let validity = match self.validate(payload, None).await {
            Ok(Ok(_)) => Validity::Valid,
            Ok(Err(invalid)) => {
                tracing::error!(height, %invalid, "a synced block is invalid here");
                Validity::Invalid
            }
            Err(fault) => {
                tracing::error!(%fault, height, "a synced block could not be executed");
                return SyncedValueOutcome::LocalTransientError;
            }
        };
        // The engine compares the id with the certificate's.
        SyncedValueOutcome::Verdict(ProposedValue {
            height: Height(height),
            round,
            valid_round: Round::Nil,
            proposer,
            value: Value(block),
            validity,
        })
    }

    /// Long reads are done elsewhere, so that votes do not wait for them.
    fn on_get_decided(&self, first: u64, last: u64, reply: Reply<Vec<RawDecidedValue<Context>>>) {
        let application = self.shared.application.clone();
        tokio::task::spawn_blocking(move || {
            let mut values = Vec::new();
            for height in first..=last {
                match application.decided(height) {
                    Ok(Some((payload, certificate))) => {
                        let certificate = context::extended(&certificate);
                        values.push(RawDecidedValue::new(payload, certificate));
                    }
                    Ok(None) => break,
                    Err(fault) => {
                        tracing::error!(%fault, height, "a decided block could not be read");
                        break;
                    }
                }
            }
            let _ = reply.send(values);
        });
    }

    /// Once a second: who is connected, and what has expired.
    fn look_around(&self, engine: &Engine) {
        lock(&self.shared.mempool).expire(now_ms());
        if let Duty::Vote(signing) = &self.duty {
            self.shared.floor.store(lock(&signing.guard).floor(), Ordering::Release);
        }
        let (shared, requests) = (self.shared.clone(), engine.channels.net_requests.clone());
        tokio::spawn(async move { connected(&shared, &requests).await });
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Application) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let application = self.shared.application.clone();
        tokio::task::spawn_blocking(move || work(application.as_ref()))
            .await
            .unwrap_or_else(|panic| Err(Fault(format!("the ledger panicked: {panic}"))))
    }
}

/// How many validators the engine is connected to; notes the peers for the status.
async fn connected(shared: &Shared, requests: &tokio::sync::mpsc::Sender<NetworkRequest>) -> usize {
    let Ok(Some(dump)) = NetworkRequest::dump_state(requests).await else { return 0 };
    let peers: std::collections::BTreeSet<_> = dump.peers.into_keys().collect();
    let validator = |peer: &&crate::Peer| peer.validator && peers.contains(&peer.id);
    let count = shared.config.peers.iter().filter(validator).count();
    *lock(&shared.agreement_peers) = peers;
    count
}
