//! Starting and stopping the engine, and the settings that its traps demand.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use arc_malachitebft_app_channel::app::config::{
    ConsensusConfig, DiscoveryConfig, NodeConfig, P2pConfig, ProtocolNames, PubSubProtocol,
    ValuePayload, ValueSyncConfig,
};
use arc_malachitebft_app_channel::app::types::codec::Codec;
use arc_malachitebft_app_channel::{
    Channels, ConsensusContext, EngineBuilder, EngineHandle, NetworkContext, NetworkIdentity,
    RequestContext, Signer, SyncContext, WalContext,
};
use bytes::Bytes;
use bytesize::ByteSize;
use ed25519_zebra::SigningKey;
use proofs::{Block, Hash, PublicKey};
use tokio::sync::{mpsc, watch};

use crate::codec::{LogCodec, Wire};
use crate::config::{Config, Peer, keypair, peer_id};
use crate::context::{Address, Context};
use crate::guard::{Guard, Refusal};
use crate::peers::{Following, address};
use crate::signer::{GuardedSigner, SignatureVerifier};

/// Most bytes of a sync response: a block of the largest size and its certificate, with room.
const SYNC_BYTES_MAX: u64 = 3 * (Block::BYTES_MAX as u64);

/// How often peers hear how far we are. Value sync is part of liveness: a node that missed a
/// decision learns of it by this alone, so the engine's default of 10 s would stall the network.
const STATUS_INTERVAL: Duration = Duration::from_millis(500);

/// How long the engine's parts have to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// The key of a validator and the guard before it.
#[derive(Clone)]
pub(crate) struct Signing {
    pub(crate) key: Arc<SigningKey>,
    pub(crate) guard: Arc<Mutex<Guard>>,
}

/// A running engine.
pub(crate) struct Engine {
    pub(crate) channels: Channels<Context>,
    /// What the engine's log remembered when it was opened.
    pub(crate) log: LogCodec,
    /// Set when the guard refused: the engine ends then.
    pub(crate) refusal: Arc<OnceLock<Refusal>>,
    _following: Following,
    handle: EngineHandle,
    log_path: PathBuf,
}

/// Whether the engine votes.
pub(crate) enum Role {
    /// Signs votes and proposals.
    Votes(Signing),
    /// Hears all, signs nothing: a validator that watches.
    Watches,
    /// Follows by sync alone.
    Replica,
}

struct Settings {
    moniker: String,
    consensus: ConsensusConfig,
    sync: ValueSyncConfig,
}

impl NodeConfig for Settings {
    fn moniker(&self) -> &str {
        &self.moniker
    }

    fn consensus(&self) -> &ConsensusConfig {
        &self.consensus
    }

    fn consensus_mut(&mut self) -> &mut ConsensusConfig {
        &mut self.consensus
    }

    fn value_sync(&self) -> &ValueSyncConfig {
        &self.sync
    }

    fn value_sync_mut(&mut self) -> &mut ValueSyncConfig {
        &mut self.sync
    }
}

/// Starts the engine. It asks for its first height through the channels; the payloads of blocks
/// that sync brings are shown to `coming`.
pub(crate) async fn start(
    config: &Config,
    mut peers: watch::Receiver<Vec<Peer>>,
    genesis: Hash,
    transport: &[u8; 32],
    role: Role,
    coming: mpsc::Sender<Bytes>,
) -> Result<Engine, String> {
    let known = peers.borrow_and_update().clone();
    let (log, refusal) = (LogCodec::default(), Arc::new(OnceLock::new()));
    let wire = Wire { coming };
    let settings = settings(config, &known, &genesis, !matches!(role, Role::Replica));
    let moniker = config.moniker.clone();
    let verifier = Box::new(SignatureVerifier { genesis });
    let (identity, context) = match role {
        Role::Votes(Signing { key, guard }) => {
            let public = PublicKey::from(&*key);
            let signer =
                GuardedSigner { key, genesis, guard, log: log.clone(), refusal: refusal.clone() };
            let peer = peer_id(transport).to_bytes();
            let proof = signer.sign_validator_proof(public.0.to_vec(), peer).await;
            let proof =
                wire.encode(&proof.map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
            let address = Address(public);
            (
                NetworkIdentity::new_validator(
                    moniker,
                    keypair(transport),
                    address.to_string(),
                    proof,
                ),
                ConsensusContext::new_validator(address, verifier, Box::new(signer)),
            )
        }
        // An address outside every set: nothing is ever asked to be signed.
        Role::Watches | Role::Replica => (
            NetworkIdentity::new(moniker, keypair(transport), None),
            ConsensusContext::new_full_node(Address(PublicKey([0; 32])), verifier),
        ),
    };
    let log_path = config.home.join("wal/consensus.wal");
    let (channels, handle) = EngineBuilder::new(Context, settings)
        .with_default_wal(WalContext::new(log_path.clone(), log.clone()))
        .with_default_network(NetworkContext::new(identity, wire.clone()))
        .with_default_sync(SyncContext::new(wire))
        .with_default_consensus(context)
        .with_default_request(RequestContext::new(100))
        .build()
        .await
        .map_err(|error| error.to_string())?;
    let _following = Following::start(&known, peers, channels.net_requests.clone());
    Ok(Engine { channels, log, refusal, _following, handle, log_path })
}

fn settings(config: &Config, peers: &[Peer], genesis: &Hash, enabled: bool) -> Settings {
    let network = genesis.short();
    let name = |protocol: &str| format!("/dzong/{network}/{protocol}/1");
    let p2p = P2pConfig {
        listen_addr: config.listen.clone(),
        persistent_peers: peers.iter().map(address).collect(),
        // Only known peers, each with its identity in the address: else an identity would be
        // learned on first contact.
        persistent_peers_only: true,
        discovery: DiscoveryConfig {
            enabled: false,
            // Several nodes behind one address are usual: a localnet, an operator's NAT.
            max_connections_per_ip: 4 * peers.len().max(8),
            ip_throttle_duration: Duration::from_secs(1),
            ..DiscoveryConfig::default()
        },
        // Every validator is connected with every other one. Broadcast never relays, and costs a
        // half to a third of GossipSub.
        protocol: PubSubProtocol::Broadcast,
        pubsub_max_size: ByteSize::mib(1),
        rpc_max_size: ByteSize::b(SYNC_BYTES_MAX + (1 << 20)),
        protocol_names: ProtocolNames {
            consensus: name("agreement"),
            discovery_kad: name("kad"),
            discovery_regres: name("discovery"),
            sync: name("sync"),
            validator_proof: name("validator"),
        },
        ..P2pConfig::default()
    };
    Settings {
        moniker: config.moniker.clone(),
        consensus: ConsensusConfig {
            enabled,
            p2p,
            // With proposals alone the engine would take every block for valid, unasked.
            value_payload: ValuePayload::ProposalAndParts,
            ..ConsensusConfig::default()
        },
        sync: ValueSyncConfig {
            enabled: true,
            status_update_interval: STATUS_INTERVAL,
            max_response_size: ByteSize::b(SYNC_BYTES_MAX),
            ..ValueSyncConfig::default()
        },
    }
}

/// How an engine ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// All of it.
    Whole,
    /// It holds still for safety: its log failed.
    Unsafe,
}

impl Engine {
    /// How an engine ended that closed its channel: on a failure that a new start mends, or on
    /// one of its log, after which its supervisor stays alive on purpose.
    pub(crate) async fn ended(mut self) -> Ended {
        let ended = tokio::time::timeout(STOP_TIMEOUT, &mut self.handle.handle).await;
        if ended.is_err() {
            self.handle.actor.kill();
            return Ended::Unsafe;
        }
        released(&self.log_path).await;
        Ended::Whole
    }

    /// Stops the engine and waits for it, so that its port and log are free.
    pub(crate) async fn stop(self) {
        let Engine { channels, handle, log_path, .. } = self;
        // Nobody may wait for our answers any more.
        drop(channels);
        let cell = handle.actor.get_cell();
        cell.stop_children_and_wait(None, Some(STOP_TIMEOUT)).await;
        handle.actor.stop(None);
        if tokio::time::timeout(STOP_TIMEOUT, handle.handle).await.is_err() {
            tracing::warn!("the engine did not stop in time");
            handle.actor.kill();
        }
        released(&log_path).await;
    }
}

/// Waits until the engine's thread has let go of its log: it ends a moment after the rest, and
/// the next engine would not start before.
async fn released(log: &Path) {
    let deadline = tokio::time::Instant::now() + STOP_TIMEOUT;
    let Ok(file) = std::fs::File::open(log) else { return };
    while file.try_lock().is_err() && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
