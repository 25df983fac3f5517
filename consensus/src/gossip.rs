//! Our own swarm beside the engine's: events on their way to the mempools, blocks by id, questions
//! of one node to another, and small notes. On a port of its own, with the same allow-list.
//!
//! Events travel one hop: from the node that admitted them to everyone it knows, and from a
//! validator onwards only when they came from a replica. Everything is bounded, and a peer that is
//! slow or full is waited for, not buffered for.

mod ask;
mod contact;
mod frames;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use libp2p::request_response::{
    self, Message, OutboundRequestId, ProtocolSupport, ResponseChannel,
};
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{PeerId, StreamProtocol, Swarm, allow_block_list, noise, tcp, yamux};
use proofs::{Block, Hash};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use self::contact::{BATCH_EVENTS_MAX, Contact};
use self::frames::{Frames, Request, Response};
use crate::config::{Config, Peer, keypair};
use crate::evidence::DoubleSign;
use crate::mempool::Accepted;
use crate::shared::{Shared, count, lock, now_ms};

/// Most bytes of a checkpoint cosignature.
pub(crate) const COSIGNATURE_BYTES_MAX: usize = 16 << 10;

/// Most bytes of double signatures in one message.
const EVIDENCE_BYTES_MAX: usize = 64 << 10;

/// Batches of peers that wait for admission; beyond it peers are told to wait.
const INBOX_BATCHES_MAX: usize = 64;

/// Most batches that are checked together.
const TOGETHER_MAX: usize = 4;

/// Commands from this node that wait for the swarm.
const COMMANDS_MAX: usize = 4096;

/// How long a busy peer is left alone.
const BUSY_PAUSE: Duration = Duration::from_millis(50);

/// Who receives something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    Everyone,
    Validators,
}

enum Command {
    Events(Vec<Bytes>, To),
    Begun(u64),
    Cosignature(Bytes),
    Evidence(Vec<DoubleSign>),
    Ask(PeerId, Request, oneshot::Sender<Response>),
    Respond(ResponseChannel<Response>, Response),
}

/// Hands commands to the swarm. Never blocks.
#[derive(Clone)]
pub(crate) struct Sender(mpsc::Sender<Command>);

impl Sender {
    /// Sends events; `false` when there is no room.
    pub(crate) fn events(&self, events: Vec<Bytes>, to: To) -> bool {
        self.0.try_send(Command::Events(events, to)).is_ok()
    }

    /// Tells the validators that this node has begun a height.
    pub(crate) fn begun(&self, height: u64) {
        let _ = self.0.try_send(Command::Begun(height));
    }

    /// Sends a cosignature to everyone.
    pub(crate) fn cosignature(&self, bytes: Bytes) {
        let _ = self.0.try_send(Command::Cosignature(bytes));
    }

    /// Tells everyone who has signed twice.
    pub(crate) fn evidence(&self, found: Vec<DoubleSign>) {
        let _ = self.0.try_send(Command::Evidence(found));
    }

    /// Asks a peer, and waits for what it says; `None` where it says nothing.
    async fn ask(&self, peer: PeerId, request: Request) -> Option<Response> {
        let (reply, response) = oneshot::channel();
        self.0.send(Command::Ask(peer, request, reply)).await.ok()?;
        response.await.ok()
    }
}

/// The receiving end of [`Sender`].
pub(crate) struct Inbox(mpsc::Receiver<Command>);

pub(crate) fn channel() -> (Sender, Inbox) {
    let (sender, receiver) = mpsc::channel(COMMANDS_MAX);
    (Sender(sender), Inbox(receiver))
}

#[derive(NetworkBehaviour)]
struct Behaviour {
    // Refuses strangers at the connection, before any protocol.
    allowed: allow_block_list::Behaviour<allow_block_list::AllowedPeers>,
    exchange: request_response::Behaviour<Frames>,
}

/// The swarm's task.
pub(crate) struct Gossip {
    shared: Arc<Shared>,
    swarm: Swarm<Behaviour>,
    inbox: Inbox,
    /// Our own end of the commands, for answers that other tasks prepare.
    sender: Sender,
    admission: mpsc::Sender<(PeerId, Vec<Bytes>)>,
    peers: BTreeMap<PeerId, Contact>,
    /// Those who wait for a peer's response.
    asked: HashMap<OutboundRequestId, oneshot::Sender<Response>>,
    listed: watch::Receiver<Vec<Peer>>,
    shutdown: watch::Receiver<bool>,
}

/// Opens the port and starts the tasks.
pub(crate) fn start(
    shared: Arc<Shared>,
    inbox: Inbox,
    transport: &[u8; 32],
) -> Result<tokio::task::JoinHandle<()>, String> {
    let config = &shared.config;
    let swarm = swarm(config, transport, &shared.genesis).map_err(|error| error.to_string())?;
    let mut listed = shared.peers.subscribe();
    // The first list is there to be read.
    listed.mark_changed();
    let (admission, batches) = mpsc::channel(INBOX_BATCHES_MAX);
    let gossip = Gossip {
        peers: BTreeMap::new(),
        swarm,
        inbox,
        sender: shared.gossip.clone(),
        admission,
        asked: HashMap::new(),
        listed,
        shutdown: shared.shutdown.subscribe(),
        shared: shared.clone(),
    };
    let admitting = tokio::spawn(admit(shared, batches));
    Ok(tokio::spawn(async move {
        gossip.run().await;
        admitting.abort();
    }))
}

fn swarm(
    config: &Config,
    transport: &[u8; 32],
    genesis: &Hash,
) -> Result<Swarm<Behaviour>, Box<dyn std::error::Error + Send + Sync>> {
    let protocol = StreamProtocol::try_from_owned(format!("/dzong/{}/gossip/1", genesis.short()))?;
    // Nobody, until the list is read.
    let allowed = allow_block_list::Behaviour::<allow_block_list::AllowedPeers>::default();
    let limits = request_response::Config::default()
        .with_request_timeout(Duration::from_secs(10))
        .with_max_concurrent_streams(64);
    let exchange = request_response::Behaviour::new([(protocol, ProtocolSupport::Full)], limits);
    let mut swarm = libp2p::SwarmBuilder::with_existing_identity(keypair(transport))
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)?
        .with_behaviour(|_| Behaviour { allowed, exchange })?
        .with_swarm_config(|config| {
            config.with_idle_connection_timeout(Duration::from_secs(24 * 3600))
        })
        .build();
    swarm.listen_on(config.gossip_listen.clone())?;
    Ok(swarm)
}

impl Gossip {
    async fn run(mut self) {
        let mut tick = tokio::time::interval(Duration::from_millis(250));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !*self.shutdown.borrow_and_update() {
            tokio::select! {
                event = self.swarm.select_next_some() => self.on_event(event),
                Some(command) = self.inbox.0.recv() => self.on_command(command),
                _ = tick.tick() => self.on_tick(),
                Ok(()) = self.listed.changed() => self.on_list(),
                _ = self.shutdown.changed() => {}
            }
        }
    }

    /// Lets in whom the list names, and nobody else.
    fn on_list(&mut self) {
        let listed = self.listed.borrow_and_update().clone();
        let gone = self.peers.keys().filter(|id| !listed.iter().any(|peer| peer.id == **id));
        for id in gone.copied().collect::<Vec<_>>() {
            self.swarm.behaviour_mut().allowed.disallow_peer(id);
            self.peers.remove(&id);
            lock(&self.shared.gossip_peers).remove(&id);
        }
        let me = self.swarm.local_peer_id().to_owned();
        for peer in listed {
            // One of each pair dials first, so that there is one connection, not two.
            let wait = if me < peer.id { Duration::ZERO } else { Duration::from_secs(3) };
            self.swarm.behaviour_mut().allowed.allow_peer(peer.id);
            let contact = self.peers.entry(peer.id);
            let contact =
                contact.or_insert_with(|| Contact::new(peer.clone(), Instant::now() + wait));
            contact.peer = peer;
        }
    }

    fn on_tick(&mut self) {
        let now = Instant::now();
        for id in self.peers.keys().copied().collect::<Vec<_>>() {
            self.dial(id, now);
            self.flush(id, now);
        }
    }

    /// Dials a configured address; never one that somebody told us.
    fn dial(&mut self, id: PeerId, now: Instant) {
        let Some(contact) = self.peers.get_mut(&id) else { return };
        let Some(address) = contact.peer.gossip.clone() else { return };
        if contact.connected || contact.dial_at > now {
            return;
        }
        // 0.5 s, 1 s, 2 s … 16 s.
        contact.failures = (contact.failures + 1).min(6);
        contact.dial_at = now + Duration::from_millis(250 << contact.failures);
        let options = DialOpts::peer_id(id)
            .addresses(vec![address])
            .condition(PeerCondition::DisconnectedAndNotDialing)
            .build();
        let _ = self.swarm.dial(options);
    }

    fn on_command(&mut self, command: Command) {
        match command {
            Command::Events(events, to) => {
                let now = Instant::now();
                for id in self.connected(to) {
                    if let Some(contact) = self.peers.get_mut(&id) {
                        contact.queue(&events);
                    }
                    self.flush(id, now);
                }
            }
            Command::Begun(height) => self.send(To::Validators, || Request::Begun(height)),
            Command::Cosignature(bytes) => {
                self.send(To::Everyone, || Request::Cosignature(bytes.to_vec()));
            }
            Command::Evidence(found) => {
                let bytes = serde_json::to_vec(&found).unwrap_or_default();
                self.send(To::Everyone, || Request::Evidence(bytes.clone()));
            }
            Command::Ask(peer, request, reply) => {
                let id = self.swarm.behaviour_mut().exchange.send_request(&peer, request);
                self.asked.insert(id, reply);
            }
            Command::Respond(channel, response) => {
                let _ = self.swarm.behaviour_mut().exchange.send_response(channel, response);
            }
        }
    }

    fn send(&mut self, to: To, request: impl Fn() -> Request) {
        for id in self.connected(to) {
            self.swarm.behaviour_mut().exchange.send_request(&id, request());
        }
    }

    fn connected(&self, to: To) -> Vec<PeerId> {
        let wanted = |contact: &&Contact| {
            contact.connected && (to == To::Everyone || contact.peer.validator)
        };
        self.peers.values().filter(wanted).map(|contact| contact.peer.id).collect()
    }

    /// Sends a peer its next batch, unless one is on its way.
    fn flush(&mut self, id: PeerId, now: Instant) {
        let Some(contact) = self.peers.get_mut(&id) else { return };
        if !contact.connected || contact.sent.is_some() || contact.paused.is_some_and(|t| t > now) {
            return;
        }
        let batch = contact.next_batch();
        if batch.is_empty() {
            return;
        }
        let request = Request::Events(batch.iter().map(|event| event.to_vec()).collect());
        let request = self.swarm.behaviour_mut().exchange.send_request(&id, request);
        contact.sent = Some((request, batch));
    }

    fn on_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::ConnectionEstablished { peer_id, .. } => self.on_connection(peer_id, true),
            SwarmEvent::ConnectionClosed { peer_id, num_established: 0, .. } => {
                self.on_connection(peer_id, false);
            }
            SwarmEvent::NewListenAddr { address, .. } => {
                tracing::info!(%address, "gossip listens");
            }
            SwarmEvent::Behaviour(BehaviourEvent::Exchange(event)) => self.on_exchange(event),
            _ => {}
        }
    }

    fn on_connection(&mut self, id: PeerId, connected: bool) {
        let Some(contact) = self.peers.get_mut(&id) else { return };
        if contact.connected == connected {
            return;
        }
        tracing::info!(peer = %id, connected, "gossip connection");
        contact.connected = connected;
        contact.failures = 0;
        contact.dial_at = Instant::now() + Duration::from_millis(500);
        contact.sent = None;
        if connected {
            lock(&self.shared.gossip_peers).insert(id);
            contact.queue(&self.shared.waiting());
            self.flush(id, Instant::now());
        } else {
            lock(&self.shared.gossip_peers).remove(&id);
        }
    }

    fn on_exchange(&mut self, event: request_response::Event<Request, Response>) {
        use request_response::Event;
        match event {
            Event::Message { peer, message: Message::Request { request, channel, .. }, .. } => {
                self.on_request(peer, request, channel);
            }
            Event::Message {
                peer, message: Message::Response { request_id, response }, ..
            } => {
                self.on_response(peer, request_id, Some(response));
            }
            Event::OutboundFailure { peer, request_id, error, .. } => {
                tracing::debug!(%peer, %error, "a request to a peer failed");
                self.on_response(peer, request_id, None);
            }
            Event::InboundFailure { peer, error, .. } => {
                tracing::debug!(%peer, %error, "a request of a peer failed");
            }
            Event::ResponseSent { .. } => {}
        }
    }

    fn on_request(&mut self, peer: PeerId, request: Request, channel: ResponseChannel<Response>) {
        let response = match request {
            Request::Events(events) => self.on_events(peer, events),
            Request::Begun(height) => {
                // A peer's word is a hint: it ends a hold early, and no more.
                self.shared.activity.begun(height);
                Response::Done
            }
            Request::Cosignature(bytes) => {
                if bytes.len() <= COSIGNATURE_BYTES_MAX {
                    let _ = self.shared.cosignatures.send((peer, bytes.into()));
                }
                Response::Done
            }
            Request::Evidence(bytes) => {
                if bytes.len() <= EVIDENCE_BYTES_MAX {
                    let shared = self.shared.clone();
                    tokio::task::spawn_blocking(move || shared.on_evidence(&bytes));
                }
                Response::Done
            }
            Request::Payload(_) | Request::Question(_) => {
                self.respond_later(request, channel);
                return;
            }
        };
        let _ = self.swarm.behaviour_mut().exchange.send_response(channel, response);
    }

    fn on_events(&mut self, peer: PeerId, events: Vec<Vec<u8>>) -> Response {
        let fits = |event: &Vec<u8>| event.len() <= Block::EVENT_BYTES_MAX;
        if events.len() > BATCH_EVENTS_MAX || !events.iter().all(fits) {
            tracing::warn!(%peer, "a batch of events beyond the limits");
            return Response::Done;
        }
        let events = events.into_iter().map(Bytes::from).collect();
        match self.admission.try_send((peer, events)) {
            Ok(()) => Response::Done,
            Err(_) => Response::Busy,
        }
    }

    fn on_response(&mut self, peer: PeerId, id: OutboundRequestId, response: Option<Response>) {
        if let Some(reply) = self.asked.remove(&id) {
            let _ = response.map(|response| reply.send(response));
            return;
        }
        let now = Instant::now();
        let Some(contact) = self.peers.get_mut(&peer) else { return };
        if contact.sent.as_ref().is_none_or(|(sent, _)| *sent != id) {
            return;
        }
        let Some((_, batch)) = contact.sent.take() else { return };
        contact.paused = None;
        if matches!(response, Some(Response::Busy) | None) {
            contact.requeue(batch);
            contact.paused = Some(now + BUSY_PAUSE);
        }
        self.flush(peer, now);
    }
}

/// Checks the events of peers and lets them wait. Batches that came in the meantime are checked
/// together: signatures cost less in company.
async fn admit(shared: Arc<Shared>, mut batches: mpsc::Receiver<(PeerId, Vec<Bytes>)>) {
    let mut received = Vec::new();
    while batches.recv_many(&mut received, TOGETHER_MAX).await > 0 {
        let mut events = Vec::new();
        let mut senders = Vec::new();
        for (peer, batch) in received.drain(..) {
            senders.extend(std::iter::repeat_n(peer, batch.len()));
            events.extend(batch);
        }
        let count_received = u64::try_from(events.len()).unwrap_or(u64::MAX);
        shared.counters.events_received.fetch_add(count_received, Ordering::Relaxed);
        let admission = shared.admission.clone();
        let checked = tokio::task::spawn_blocking(move || admission.admit(events)).await;
        let Ok(checked) = checked else { continue };
        let (mut inserted, mut onwards) = (false, Vec::new());
        for (peer, candidate) in senders.into_iter().zip(checked) {
            let Ok(candidate) = candidate else {
                count(&shared.counters.events_refused);
                continue;
            };
            let bytes = candidate.bytes.clone();
            match lock(&shared.mempool).insert(candidate, now_ms()) {
                Ok(Accepted::Inserted) => {
                    inserted = true;
                    // A replica submits through us: the other validators may not know it.
                    if shared.validator.is_some() && is_replica(&shared, &peer) {
                        onwards.push(bytes);
                    }
                }
                Ok(Accepted::AlreadyThere) => {}
                Err(_) => count(&shared.counters.events_refused),
            }
        }
        if inserted {
            shared.activity.events();
        }
        if !onwards.is_empty() {
            let _ = shared.gossip.events(onwards, To::Validators);
        }
    }
}

fn is_replica(shared: &Shared, peer: &PeerId) -> bool {
    shared.peers.borrow().iter().any(|known| known.id == *peer && !known.validator)
}
