//! The loop: one queue of what happens next, in simulated microseconds.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use arc_malachitebft_core_consensus::{Error, Input, LivenessMsg, SignedConsensusMsg, process};
use arc_malachitebft_core_types::{Timeout, ValueOrigin, ValueResponse, VoteExtensionPolicy};
use arc_malachitebft_peer::PeerId;
use proofs::{Hash, PublicKey, Tag, tagged};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::network::{Links, Message};
use super::node::{Node, Watching};
use super::{Config, LogFault, Report, Violation};
use crate::application::Application;
use crate::context::{self, Context, Height, Validators, round_number};
use crate::guard::damage::{back_up, damage};
use crate::guard::{Position, Refusal};
use crate::signer::SignatureVerifier;

/// When the simulated clock begins, in milliseconds since 1970.
const EPOCH_MS: u64 = 1_800_000_000_000;

/// Gives the ledger of a node.
type Open<'a> = &'a mut dyn FnMut(usize) -> Arc<dyn Application>;

/// What happens at a point in time.
pub(super) enum Happening {
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
pub(super) struct Stop;

pub(super) struct World<'a> {
    pub(super) config: &'a Config,
    open: Open<'a>,
    pub(super) random: StdRng,
    pub(super) genesis: Hash,
    pub(super) verifier: SignatureVerifier,
    now: u64,
    pub(super) sequence: u64,
    queue: BTreeMap<(u64, u64), Happening>,
    pub(super) nodes: Vec<Node>,
    pub(super) links: Links,
    /// The block of each height, by the first honest node that committed it.
    pub(super) agreed: BTreeMap<u64, Hash>,
    pub(super) said: BTreeMap<(PublicKey, Position), Hash>,
    /// Who prevoted for a block, by height, round and block.
    pub(super) prevotes: BTreeMap<(u64, u32, Hash), BTreeSet<PublicKey>>,
    /// What honest validators precommitted last: height, round and block.
    pub(super) locks: BTreeMap<PublicKey, (u64, u32, Hash)>,
    /// After how many effects the node that acts crashes.
    pub(super) fuse: Option<u32>,
    pub(super) refusal: Option<Refusal>,
    goal: Option<u64>,
    pub(super) report: Report,
}

impl<'a> World<'a> {
    pub(super) fn new(config: &'a Config, directory: &Path, open: Open<'a>) -> Self {
        let mut random = StdRng::seed_from_u64(config.seed);
        let honest = config.keys.len().saturating_sub(config.twins);
        let twins = config.keys.iter().enumerate().rev().take(config.twins);
        let identities = config.keys.iter().enumerate().chain(twins);
        let mut nodes = Vec::new();
        for (index, (key_index, key)) in identities.enumerate() {
            let skew = random.gen_range(0..=config.skew_ms);
            let home = directory.join(index.to_string());
            std::fs::create_dir_all(&home).expect("a folder");
            nodes.push(Node::new(*key, key_index < honest, open(index), skew, home));
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
            prevotes: BTreeMap::new(),
            locks: BTreeMap::new(),
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
                guards_damaged: 0,
                guards_refused: 0,
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

    pub(super) fn after(&mut self, micros: u64, happening: Happening) {
        self.sequence += 1;
        self.queue.insert((self.now + micros, self.sequence), happening);
    }

    pub(super) fn trace(&mut self, parts: &[&[u8]]) {
        let now = self.now.to_be_bytes();
        let trace = self.report.trace.0;
        let parts: Vec<&[u8]> =
            [&trace[..], &now].into_iter().chain(parts.iter().copied()).collect();
        self.report.trace = tagged(Tag::Content, &parts);
    }

    pub(super) fn clock_ms(&self, node: usize) -> u64 {
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
        self.damage_guard(index);
        let wait = self.random.gen_range(10_000..15_000_000);
        self.after(wait, Happening::Restart(index));
    }

    /// A bad disk, or an operator with a backup.
    fn damage_guard(&mut self, index: usize) {
        let share = self.config.guard_damage;
        let other = |(at, node): (usize, &Node)| at != index && node.damaged;
        if share == 0.0 || self.nodes.iter().enumerate().any(other) {
            return;
        }
        let (home, backup) = (&self.nodes[index].home, self.nodes[index].home.join("backup"));
        if self.random.gen_bool(share) {
            damage(home, &backup, &mut self.random);
            self.nodes[index].damaged = true;
            self.report.guards_damaged += 1;
        } else if self.random.gen_bool(0.5) {
            back_up(home, &backup);
        }
    }

    pub(super) fn start(&mut self, index: usize) {
        if self.nodes[index].halted {
            return;
        }
        let application = (self.open)(index);
        let (rejoin, now_ms) = (self.config.rejoin, self.clock_ms(index));
        let node = &mut self.nodes[index];
        let head = node.start(application, rejoin, now_ms);
        let refused = matches!(node.watching, Some(Watching::Rejoins(_)));
        self.report.guards_refused += u64::from(refused);
        let node = &self.nodes[index];
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
            if node.watch_is_over(height.0 - 1) {
                return self.start(index);
            }
        }
        self.input(index, input);
    }

    pub(super) fn input(&mut self, index: usize, input: Input<Context>) {
        let Some(mut state) = self.nodes[index].state.take() else { return };
        self.report.steps += 1;
        let metrics = self.nodes[index].metrics.clone();
        let epoch = self.nodes[index].epoch;
        let result = catch_unwind(AssertUnwindSafe(|| {
            // The engine's errors are about what others sent; it goes on.
            let _: Result<(), Error<Context>> = process!(
                input: input,
                state: &mut state,
                metrics: &metrics,
                with: effect => self.effect(index, effect)
            );
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
                self.nodes[index].watching = Some(Watching::Until(height));
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

    pub(super) fn halt(&mut self, index: usize, reason: String) {
        self.nodes[index].state = None;
        self.nodes[index].halted = true;
        if self.nodes[index].honest {
            self.report.violations.push(Violation::Halted { node: index, reason });
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
            let response = ValueResponse::new(peer(), payload, certificate);
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
