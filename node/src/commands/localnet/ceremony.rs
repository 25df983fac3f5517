//! Keys, homes and genesis of a local network: the same ceremony as a nation's, on one machine.

use std::path::Path;

use anyhow::Context as _;
use genesis::{Draft, Place, contribute};
use proofs::PublicKey;
use registry::Parameters;
use registry::governance::procedure::Spans;

use super::{CONSENSUS_PORTS, GOSSIP_PORTS, Node, Plan, nodes};
use crate::clock::now_ms;
use crate::config::{Config, Peer};
use crate::files::write_new;
use crate::home::NodeKeys;
use crate::keys::{KeyFile, Suite};

/// The name of local networks.
const NETWORK: &str = "bt-demo";

/// Keys that play no part in genesis, for demonstrations.
const OTHERS: [&str; 2] = ["issuer", "verifier"];

/// Makes everything that the plan needs.
pub(super) fn make(home: &Path, plan: &Plan) -> anyhow::Result<()> {
    let keys = home.join("keys");
    std::fs::create_dir_all(&keys).with_context(|| format!("cannot make `{}`", keys.display()))?;
    let nodes: Vec<Node> = nodes(home, plan).collect();
    let node_keys = make_homes(&nodes)?;
    let mut draft = Draft::new(NETWORK, Parameters::default(), now_ms() / 1000 * 1000)?;
    // A demonstration does not wait for days; this network's genesis shows that it does not.
    draft.procedure = Some(Spans { time_lock_seconds: 12, voting_period_seconds: 600 });
    let mut join = |name: &str, place: Place| -> anyhow::Result<()> {
        let key = KeyFile::generate(Suite::Ed25519);
        let (did, part) = contribute(NETWORK, draft.time, place, &key)?;
        draft.add(&part)?;
        Ok(key.with_did(&did).save(&keys.join(format!("{name}.json")), None)?)
    };
    for seat in 1..=5 {
        join(&format!("governor-{seat}"), Place::Governor { seat })?;
    }
    join("administrative-body", Place::AdministrativeBody)?;
    join("secretary", Place::Secretary)?;
    join("endorser", Place::Endorser)?;
    for (node, keys) in nodes.iter().zip(&node_keys) {
        let place = match keys.validator_entry(&node.name()) {
            Some(entry) => Place::Validator(entry),
            None => Place::Replica(keys.replica_entry(&node.name())),
        };
        join(&format!("operator-{}", node.number), place)?;
    }
    for name in OTHERS {
        KeyFile::generate(Suite::Ed25519).save(&keys.join(format!("{name}.json")), None)?;
    }
    let genesis = draft.assemble()?;
    write_new(&home.join("genesis.json"), genesis.bytes())?;
    for node in &nodes {
        write_new(&node.node_home().genesis(), genesis.bytes())?;
    }
    // Last, so that a network with a plan is whole.
    plan.save(home)
}

fn make_homes(nodes: &[Node]) -> anyhow::Result<Vec<NodeKeys>> {
    let mut keys = Vec::new();
    for node in nodes {
        keys.push(node.node_home().create(&settings(node), node.replica, None)?);
    }
    for (at, node) in nodes.iter().enumerate() {
        let others = nodes.iter().zip(&keys).enumerate().filter(|(other, _)| *other != at);
        let peer = |(_, (node, keys)): (usize, (&Node, &NodeKeys))| Peer {
            key: PublicKey::from(&keys.p2p),
            address: node.address(CONSENSUS_PORTS),
            gossip: node.address(GOSSIP_PORTS),
        };
        let config = Config { peers: others.map(peer).collect(), ..settings(node) };
        let path = node.node_home().config();
        std::fs::write(&path, config.to_commented())
            .with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    Ok(keys)
}

fn settings(node: &Node) -> Config {
    let mut config =
        Config::new(&node.name(), node.address(CONSENSUS_PORTS), node.address(GOSSIP_PORTS));
    config.http.listen = node.http();
    config
}
