//! One simulated node: the engine's core, its log, the guard and a ledger.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use arc_malachitebft_app_channel::app::metrics::Metrics;
use arc_malachitebft_core_consensus::{Input, Params, SignedConsensusMsg, State};
use arc_malachitebft_core_types::{Timeout, ValuePayload};
use ed25519_zebra::SigningKey;
use proofs::{Hash, PublicKey, Tag, tagged};

use crate::application::{Application, Head};
use crate::config::Rejoin;
use crate::context::{Address, Context, Height, Validators};
use crate::guard::{Guard, Position, Refusal, digest};
use crate::mempool::{Limits, Mempool};
use crate::parts::Whole;
use crate::watch::Watch;

/// What lies on the node's disk besides its ledger, and what is in its memory.
pub(super) struct Node {
    pub(super) key: SigningKey,
    pub(super) public: PublicKey,
    pub(super) honest: bool,
    pub(super) application: Arc<dyn Application>,
    /// `None` while the node is down or has stopped for good.
    pub(super) state: Option<State<Context>>,
    pub(super) halted: bool,
    /// Counts the starts: what an earlier start has scheduled is void.
    pub(super) epoch: u64,
    /// The engine's height.
    pub(super) height: u64,
    /// What the node waits for while it only watches.
    pub(super) watching: Option<Watching>,
    /// The engine's log: of which height, its entries, and how many of them are synced.
    pub(super) log_height: u64,
    pub(super) log: Vec<Input<Context>>,
    pub(super) synced: usize,
    /// True while the log is replayed: nothing is appended then.
    pub(super) replaying: bool,
    /// Where the guard's files are, and those of a backup.
    pub(super) home: PathBuf,
    /// `None` while the node does not sign.
    guard: Option<Guard>,
    /// Whether its files are damaged, and the node has not got over it.
    pub(super) damaged: bool,
    pub(super) timers: HashMap<Timeout, u64>,
    pub(super) waiting: BTreeMap<(u64, u32), Whole>,
    pub(super) proposed: BTreeMap<(u64, u32), Hash>,
    pub(super) mempool: Mempool,
    /// One set for each start: the engine's counters must not be shared.
    pub(super) metrics: Metrics,
    /// How far the node's clock is from the simulated time, in milliseconds.
    pub(super) skew_ms: u64,
}

/// Why a validator only watches.
#[derive(Debug)]
pub(super) enum Watching {
    /// Its log forgot a signature for this height.
    Until(u64),
    /// Its guard is not to be trusted.
    Rejoins(Watch),
}

impl Node {
    pub(super) fn new(
        key: SigningKey,
        honest: bool,
        application: Arc<dyn Application>,
        skew_ms: u64,
        home: PathBuf,
    ) -> Self {
        let public = PublicKey::from(&key);
        Node {
            key,
            public,
            honest,
            application,
            state: None,
            halted: false,
            epoch: 0,
            height: 0,
            watching: None,
            log_height: 0,
            log: Vec::new(),
            synced: 0,
            replaying: false,
            home,
            guard: None,
            damaged: false,
            timers: HashMap::new(),
            waiting: BTreeMap::new(),
            proposed: BTreeMap::new(),
            mempool: Mempool::new(Limits::default()),
            metrics: Metrics::default(),
            skew_ms,
        }
    }

    /// Everything in memory is new; what is on disk stays. Returns the head to go on from. A guard
    /// that does not open makes its node watch, from `now_ms` on.
    pub(super) fn start(
        &mut self,
        application: Arc<dyn Application>,
        rejoin: Rejoin,
        now_ms: u64,
    ) -> Head {
        self.application = application;
        let head = self.application.head();
        self.height = head.height + 1;
        self.open_guard(head.height, rejoin, now_ms);
        self.epoch += 1;
        self.timers.clear();
        self.waiting.clear();
        self.proposed.clear();
        self.metrics = Metrics::default();
        if self.log_height != self.height || self.watching.is_some() {
            self.begin_log(self.height);
        }
        if let Some(guard) = &mut self.guard {
            guard.confirm(&self.log.iter().filter_map(signature).collect::<Vec<_>>());
        }
        for entry in &self.log {
            if let Input::ProposedValue(value, _) = entry
                && value.proposer.0 == self.public
            {
                let round = crate::context::round_number(value.round);
                self.proposed.insert((value.height.0, round), value.value.0);
            }
        }
        // A node that watches has an address outside the set, as a node without a key has.
        let watching = self.watching.is_some();
        let address = if watching { PublicKey([0; 32]) } else { self.public };
        let params = Params {
            address: Address(address),
            threshold_params: Default::default(),
            value_payload: ValuePayload::ProposalAndParts,
            enabled: true,
        };
        let validators = Validators::new(&head.validators);
        self.state =
            Some(State::new(Context, Height(self.height), validators, params, 1_000, 1_000));
        head
    }

    fn open_guard(&mut self, head: u64, rejoin: Rejoin, now_ms: u64) {
        if self.watch_is_over(head) {
            if let Some(Watching::Rejoins(_)) = self.watching.take() {
                Guard::rejoin(&self.home, head).expect("a disk");
            }
        } else if let Some(Watching::Until(_)) = self.watching {
            self.guard = None;
            return;
        }
        self.guard = Guard::open(&self.home, self.epoch == 0).ok();
        let rejoins = || Watching::Rejoins(Watch::new(rejoin, now_ms));
        self.watching = self.guard.is_none().then(rejoins);
        self.damaged = self.watching.is_some();
    }

    /// Whether there was a watch, and this head ends it.
    pub(super) fn watch_is_over(&self, head: u64) -> bool {
        match &self.watching {
            None => false,
            Some(Watching::Until(height)) => head >= *height,
            Some(Watching::Rejoins(watch)) => watch.is_over(),
        }
    }

    pub(super) fn begin_log(&mut self, height: u64) {
        self.log_height = height;
        self.log.clear();
        self.synced = 0;
    }

    /// A signature over `message`, if the guard lets it out.
    pub(super) fn sign(
        &mut self,
        position: Position,
        message: &[u8],
        guard: bool,
        real: bool,
    ) -> Result<[u8; 64], Refusal> {
        let (key, public) = (&self.key, &self.public);
        let sign = |message: &[u8]| match real {
            true => key.sign(message).to_bytes(),
            false => stand_in(public, message),
        };
        match &mut self.guard {
            Some(open) if guard => open.sign(position, message, sign),
            _ => Ok(sign(message)),
        }
    }
}

fn signature(entry: &Input<Context>) -> Option<[u8; 64]> {
    match entry {
        Input::Vote(vote) => Some(vote.signature.to_bytes()),
        Input::Proposal(proposal) => Some(proposal.signature.to_bytes()),
        _ => None,
    }
}

/// Stands for a signature: a hash of key and message, which costs next to nothing.
pub(super) fn stand_in(key: &PublicKey, message: &[u8]) -> [u8; 64] {
    let hash = tagged(Tag::Content, &[&key.0, message]);
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&hash.0);
    signature
}

/// Who says what, where: to notice a validator that says two things.
pub(super) fn statement(
    message: &SignedConsensusMsg<Context>,
    genesis: &Hash,
) -> (PublicKey, Position, Hash) {
    match message {
        SignedConsensusMsg::Vote(vote) => {
            let vote = &vote.message;
            (vote.validator.0, vote.position(), digest(&vote.sign_bytes(genesis)))
        }
        SignedConsensusMsg::Proposal(proposal) => {
            let proposal = &proposal.message;
            (proposal.proposer.0, proposal.position(), digest(&proposal.sign_bytes(genesis)))
        }
    }
}

/// The block that a vote is for; none of a vote for nil, and of a proposal.
pub(super) fn voted(message: &SignedConsensusMsg<Context>) -> Option<Hash> {
    match message {
        SignedConsensusMsg::Vote(vote) => vote.message.block(),
        SignedConsensusMsg::Proposal(_) => None,
    }
}
