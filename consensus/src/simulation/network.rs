//! Links that lose, delay, double and reorder, and cuts between nodes.

use std::collections::BTreeSet;

use arc_malachitebft_core_consensus::{LivenessMsg, SignedConsensusMsg};
use arc_malachitebft_core_types::ValueResponse;
use rand::Rng;
use rand::rngs::StdRng;

use super::Config;
use crate::context::Context;
use crate::mempool::Candidate;
use crate::parts::Whole;

/// What travels between nodes.
#[derive(Debug, Clone)]
pub(super) enum Message {
    Consensus(SignedConsensusMsg<Context>),
    Liveness(LivenessMsg<Context>),
    Payload(Whole),
    Decided(ValueResponse<Context>),
    Event(Candidate),
}

/// The state of all links.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// The part of the network in which each node is; empty: no cut.
    parts: Vec<u8>,
    /// Directions that fail.
    blocked: BTreeSet<(usize, usize)>,
    /// No faults any more.
    pub(super) healed: bool,
}

impl Links {
    pub(super) fn cut(&mut self, config: &Config, nodes: usize, random: &mut StdRng) {
        self.heal();
        let one_way = config.one_way && (!config.partitions || random.gen_bool(0.4));
        if one_way {
            let links = (0..nodes).flat_map(|from| (0..nodes).map(move |to| (from, to)));
            self.blocked = links.filter(|_| random.gen_bool(0.3)).collect();
        } else if config.partitions {
            let parts = random.gen_range(2..4_u8);
            self.parts = (0..nodes).map(|_| random.gen_range(0..parts)).collect();
        }
    }

    pub(super) fn heal(&mut self) {
        self.parts.clear();
        self.blocked.clear();
    }

    /// After how many microseconds a message arrives; twice, once or never.
    pub(super) fn delays(
        &self,
        config: &Config,
        from: usize,
        to: usize,
        random: &mut StdRng,
    ) -> Vec<u64> {
        let [least, most] = config.delay_ms.map(|ms| ms * 1000);
        if self.healed {
            return vec![random.gen_range(least..=most)];
        }
        let apart = self.parts.get(from) != self.parts.get(to);
        if apart || self.blocked.contains(&(from, to)) || random.gen_bool(config.loss) {
            return Vec::new();
        }
        let mut delays = vec![random.gen_range(least..=most)];
        if random.gen_bool(0.02) {
            // Late enough to arrive in another round, or at another height.
            delays[0] += random.gen_range(0..5_000_000);
        }
        if random.gen_bool(config.duplication) {
            delays.push(random.gen_range(least..=2_000_000));
        }
        delays
    }
}
