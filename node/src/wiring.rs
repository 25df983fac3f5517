//! A running node: the parts of a home put together, and taken apart in order.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use consensus::mempool::{Budget, Limits};
use consensus::{Handle, PeerId, Provenance, Timeouts};
use ledger::{Ledger, Snapshot};
use proofs::PublicKey;
use registry::Genesis;
use registry::network::{self, ValidatorEntry};
use tokio::net::TcpListener;
use tokio::sync::broadcast::error::RecvError;

use crate::admission::{Admission, SUBMITTED_THREADS};
use crate::api::{self, Announcer, Parts};
use crate::application::Application;
use crate::blobs::{self, Blobs};
use crate::checkpoint::{Checkpoints, SignedFile};
use crate::clock::now_ms;
use crate::config::Config;
use crate::feed::Feed;
use crate::home::{Home, NodeKeys};
use crate::intake::Intake;
use crate::metrics::Metrics;
use crate::server;
use crate::signatures::Signatures;
use crate::space::Space;
use crate::status_list;
use crate::waiting::Waiting;

/// How often a validator repeats its newest statement about the log, for peers that missed it.
const REPEAT: Duration = Duration::from_secs(15);

/// How often the disk's free space is looked at: it may vanish quickly.
const SPACE_LOOK: Duration = Duration::from_millis(250);

/// How long a node waits at least that met a full disk.
const FULL_PAUSE: Duration = Duration::from_secs(2);

/// How a node is to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its home.
    pub home: Home,
    /// Its keys: without a validator's it follows without a vote.
    pub keys: NodeKeys,
    /// Where the home comes from, as the operator says.
    pub provenance: Provenance,
}

/// Why a node ended that had started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It was told to.
    Stopped,
    /// It had held still for lack of space, and there is space again: it should begin anew.
    SpaceIsBack,
}

/// Runs a node until `stop` ends.
///
/// # Errors
/// Why it did not start.
pub async fn run(options: Options, stop: impl Future<Output = ()>) -> anyhow::Result<Ended> {
    let Options { home, keys, provenance } = options;
    let config = Config::load(&home.config())?;
    let genesis = home.load_genesis()?;
    let space = Arc::new(Space::of(&home.data(), &config.disk));
    space.look();
    // First what another process may hold, so that a second node in one home does no harm.
    let ledger = Arc::new(open_ledger(&home, &genesis)?);
    let listener = TcpListener::bind(config.http.listen)
        .await
        .with_context(|| format!("cannot listen on {}: choose another port", config.http.listen))?;
    let own = PublicKey::from(&keys.p2p);
    let node = Node::start(&home, &config, keys, ledger.clone(), space.clone(), provenance).await?;
    let upgrade = protocol_ends(&ledger, &node.handle);
    let listed =
        tokio::spawn(follow_list(config.clone(), own, ledger.clone(), node.handle.clone()));
    let at: SocketAddr = listener.local_addr()?;
    tracing::info!(moniker = config.moniker, http = %at, network = genesis.network(), "node runs");
    let feed = node.parts.feed.clone();
    let front = api::front(node.parts);
    let mut ended = Ok(Ended::Stopped);
    let until = async {
        tokio::select! {
            () = stop => {}
            () = hold_without_space(&space, &node.handle) => ended = Ok(Ended::SpaceIsBack),
            fault = upgrade => ended = Err(fault.into()),
        }
        // Those who follow would hold their connections for ever.
        feed.close();
    };
    server::serve(listener, front, &config.http, node.metrics, until).await;
    // Answers first, then agreement, which may still commit; the ledger closes last.
    tracing::info!("node stops");
    node.handle.shutdown().await;
    node.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    listed.abort();
    ended
}

/// Returns when the next height is one that this software cannot execute: it goes no further, and
/// what it holds is whole.
async fn protocol_ends(ledger: &Ledger, handle: &Handle) -> ledger::Fault {
    let mut commits = handle.subscribe();
    loop {
        // A disk that fails is seen elsewhere.
        if let Err(fault @ ledger::Fault::Protocol { .. }) = ledger.snapshot().check_protocol() {
            return fault;
        }
        if commits.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Lets in whom the ledger lists, as the list changes.
async fn follow_list(config: Config, own: PublicKey, ledger: Arc<Ledger>, handle: Handle) {
    let mut commits = handle.subscribe();
    while commits.changed().await.is_ok() {
        match peers(&config, &own, &ledger.snapshot()) {
            Ok(peers) => handle.set_peers(peers),
            Err(error) => tracing::error!(%error, "the list of peers cannot be read"),
        }
    }
}

/// Ends agreement in order when the space runs low. Returns when there is space again.
async fn hold_without_space(space: &Space, handle: &Handle) {
    let mut tick = tokio::time::interval(SPACE_LOOK);
    loop {
        tick.tick().await;
        // Agreement may have met the end of the disk before we saw it come.
        let full = handle.status().full;
        if !space.look() && !full {
            continue;
        }
        handle.shutdown().await;
        if full {
            tokio::time::sleep(FULL_PAUSE).await;
        }
        while space.look() {
            tick.tick().await;
        }
        tracing::info!("there is space again: the node begins anew");
        return;
    }
}

struct Node {
    handle: Handle,
    parts: Parts,
    metrics: Arc<Metrics>,
    /// What goes on beside agreement and answers.
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Node {
    async fn start(
        home: &Home,
        config: &Config,
        keys: NodeKeys,
        ledger: Arc<Ledger>,
        space: Arc<Space>,
        provenance: Provenance,
    ) -> anyhow::Result<Node> {
        let snapshot = ledger.snapshot();
        snapshot.check_protocol()?;
        look_for_place(&snapshot, &keys)?;
        if let Some(recorded) = ledger.behind() {
            let (was, is) = (recorded.height, snapshot.height());
            tracing::warn!(was, is, "the ledger lost blocks; they are fetched from peers");
        }
        let metrics = Arc::new(Metrics::new());
        let waiting = Arc::new(Waiting::new(config.http.waiting_max, metrics.clone()));
        let signing = match &keys.validator {
            Some(keys) => Some((keys.clone(), SignedFile::open(&home.checkpoint())?)),
            None => None,
        };
        let checkpoints = Checkpoints::new(ledger.clone(), signing, metrics.clone());
        let checkpoints = Arc::new(checkpoints.kept_in(home.published_checkpoint())?);
        let patience = Duration::from_secs(config.http.write_seconds);
        let feed = Feed::new(ledger.clone(), config.http.streams_max, patience, metrics.clone());
        let announcer = Announcer {
            waiting: waiting.clone(),
            checkpoints: checkpoints.clone(),
            feed: feed.clone(),
        };
        let signatures = Arc::new(Signatures::new(metrics.clone()));
        let blobs = Arc::new(Blobs::new(ledger.clone(), keys.validator.clone()));
        let application = Application::new(
            ledger.clone(),
            signatures.clone(),
            Arc::new(announcer),
            metrics.clone(),
            blobs.clone(),
        );
        let admission = Arc::new(Admission::new(ledger.clone(), signatures)?);
        let status_lists = config.status.clone();
        let status_lists =
            status_lists.map(|settings| status_list::Server::open(home.path(), settings));
        let status_lists = status_lists.transpose()?;
        let engine = agreement_config(home, config, &keys, &snapshot, provenance)?;
        let handle =
            start_agreement(engine, &keys, Arc::new(application), admission.clone()).await?;
        let parts = Parts {
            moniker: config.moniker.clone(),
            ledger,
            blobs: blobs.clone(),
            space: space.clone(),
            agreement: Arc::new(handle.clone()),
            intake: Intake::start(admission, config.http.checking_max, SUBMITTED_THREADS),
            waiting,
            checkpoints: checkpoints.clone(),
            feed,
            metrics: metrics.clone(),
            status_lists,
            wait: Duration::from_secs(config.http.wait_seconds),
            body: Duration::from_secs(config.http.body_seconds),
            heartbeat: config.consensus.heartbeat(),
        };
        let tasks = vec![
            tokio::spawn(speak(checkpoints, handle.clone())),
            tokio::spawn(blobs::run(blobs, handle.clone(), space)),
        ];
        Ok(Node { handle, parts, metrics, tasks })
    }
}

async fn start_agreement(
    config: consensus::Config,
    keys: &NodeKeys,
    application: Arc<Application>,
    admission: Arc<Admission>,
) -> anyhow::Result<Handle> {
    let secrets = consensus::Keys {
        validator: keys.validator.as_ref().map(|keys| keys.vote),
        transport: keys.p2p.to_bytes(),
    };
    let started = consensus::start(config, secrets, application, admission).await;
    // Its text says everything that its sources say.
    started.map_err(|error| anyhow::anyhow!("{error}"))
}

/// Opens the ledger of a home, or makes it at the first start.
///
/// # Errors
/// If it is in use, of another network, or damaged.
pub fn open_ledger(home: &Home, genesis: &Genesis) -> anyhow::Result<Ledger> {
    let directory = home.ledger();
    let ledger = match Ledger::exists(&directory) {
        true => Ledger::open(&directory, genesis),
        false => Ledger::create(&directory, genesis),
    };
    Ok(ledger?)
}

/// Says whether the ledger knows this node. One that was admitted of late learns of it from its
/// peers, which let it in.
fn look_for_place(snapshot: &Snapshot, keys: &NodeKeys) -> anyhow::Result<()> {
    let own = PublicKey::from(&keys.p2p);
    if authorised(snapshot)?.iter().all(|(key, _)| *key != own) {
        let height = snapshot.height();
        tracing::warn!(
            height,
            "the network does not list this node as far as this ledger goes: it follows, and \
             peers let it in once it is admitted"
        );
    }
    Ok(())
}

/// Every peer key that the ledger lists, and whether it is a validator's. Who certifies no more is
/// a peer no more.
fn authorised(snapshot: &Snapshot) -> anyhow::Result<Vec<(PublicKey, bool)>> {
    let record = snapshot.record(network::VALIDATORS)?;
    let validators = record.as_ref().and_then(network::validators);
    let validators = validators.context("the ledger has no list of validators")?;
    let record = snapshot.record(network::REPLICAS)?;
    let replicas = record.as_ref().and_then(network::replicas).unwrap_or_default();
    let stays = |entry: &ValidatorEntry| entry.until.is_none_or(|until| snapshot.height() <= until);
    let validators = validators.into_iter().filter(stays).map(|entry| (entry.peer_key, true));
    let replicas = replicas.into_iter().map(|entry| (entry.peer_key, false));
    let mut all: BTreeMap<PublicKey, bool> = BTreeMap::new();
    // With other keys for its votes, a validator is listed twice.
    for (key, validates) in validators.chain(replicas) {
        *all.entry(key).or_default() |= validates;
    }
    Ok(all.into_iter().collect())
}

/// Everyone whom this node talks to, as the ledger lists them and the settings place them. A node
/// that is not listed yet has its settings alone to begin with.
fn peers(
    config: &Config,
    own: &PublicKey,
    snapshot: &Snapshot,
) -> anyhow::Result<Vec<consensus::Peer>> {
    let mut authorised = authorised(snapshot)?;
    if authorised.iter().all(|(key, _)| key != own) {
        let unknown = |key: &PublicKey| authorised.iter().all(|(listed, _)| listed != key);
        let named = config.peers.iter().map(|peer| peer.key).filter(unknown);
        let named: Vec<(PublicKey, bool)> = named.map(|key| (key, false)).collect();
        authorised.extend(named);
    }
    let others = authorised.iter().filter(|(key, _)| key != own);
    others
        .map(|(key, validator)| {
            let place = config.peers.iter().find(|peer| peer.key == *key);
            Ok(consensus::Peer {
                id: peer_id(key)?,
                address: place.map(|place| place.address.clone()),
                gossip: place.map(|place| place.gossip.clone()),
                validator: *validator,
            })
        })
        .collect()
}

fn agreement_config(
    home: &Home,
    config: &Config,
    keys: &NodeKeys,
    snapshot: &Snapshot,
    provenance: Provenance,
) -> anyhow::Result<consensus::Config> {
    let peers = peers(config, &PublicKey::from(&keys.p2p), snapshot)?;
    let parameters = snapshot.parameters();
    let usize = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Ok(consensus::Config {
        moniker: config.moniker.clone(),
        home: home.consensus(),
        listen: config.consensus.listen.clone(),
        gossip_listen: config.consensus.gossip_listen.clone(),
        peers,
        timeouts: Timeouts::default(),
        heartbeat: config.consensus.heartbeat(),
        gather: Duration::from_secs(config.consensus.gather_seconds),
        block: Budget {
            events_max: usize(parameters.block_events_max),
            bytes_max: usize(parameters.block_bytes_max),
            cost_max: parameters.block_cost_max,
        },
        mempool: Limits {
            events_max: config.mempool.events_max,
            bytes_max: config.mempool.bytes_max,
            principal_events_max: config.mempool.principal_events_max,
        },
        used: home.used(),
        provenance,
    })
}

/// libp2p: the identity of an Ed25519 key is its protobuf form, not hashed, as a multihash.
fn peer_id(key: &PublicKey) -> anyhow::Result<PeerId> {
    let bytes = [&[0x00, 0x24, 0x08, 0x01, 0x12, 0x20][..], &key.0].concat();
    PeerId::from_bytes(&bytes).map_err(|error| anyhow::anyhow!("peer key {key}: {error}"))
}

/// Signs checkpoints after commits, and hears those of the others.
async fn speak(checkpoints: Arc<Checkpoints>, handle: Handle) {
    let mut commits = handle.subscribe();
    let mut statements = handle.cosignatures();
    let mut repeat = tokio::time::interval(REPEAT);
    loop {
        let (speaker, heard) = (checkpoints.clone(), checkpoints.clone());
        tokio::select! {
            commit = commits.changed() => {
                if commit.is_err() {
                    return;
                }
                // A disk is written.
                let sign = move || speaker.sign(now_ms() / 1000);
                match tokio::task::spawn_blocking(sign).await {
                    Ok(Ok(Some(statement))) => handle.publish_cosignature(statement),
                    Ok(Ok(None)) => {}
                    Ok(Err(fault)) => tracing::error!(%fault, "no checkpoint was signed"),
                    Err(error) => tracing::error!(%error, "no checkpoint was signed"),
                }
            }
            statement = statements.recv() => match statement {
                Ok((_, bytes)) => {
                    let hear = move || heard.receive(&bytes);
                    if let Ok(Err(fault)) = tokio::task::spawn_blocking(hear).await {
                        tracing::error!(%fault, "a statement about the log was not heard");
                    }
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            _ = repeat.tick() => {
                if let Some(statement) = checkpoints.repeat() {
                    handle.publish_cosignature(statement);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_key_is_the_identity_that_agreement_makes_of_its_seed() {
        let seed = [7; 32];
        let key = PublicKey::from(&ed25519_zebra::SigningKey::from(seed));
        assert_eq!(peer_id(&key).unwrap(), consensus::peer_id(&seed));
    }
}
