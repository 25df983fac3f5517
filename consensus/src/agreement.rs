//! Which engine runs: one that votes, or one that only watches, and when the one takes the
//! other's place. An engine that dies is started again; one that is not safe is not.

mod decisions;
mod run;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use ed25519_zebra::SigningKey;
use rand::Rng;
use tokio::sync::mpsc;
use tokio::time::Instant;

use self::run::Run;
use crate::application::Fault;
use crate::config::Rejoin;
use crate::engine::{Ended, Engine, Role, Signing};
use crate::guard::{Guard, Refusal};
use crate::shared::{Shared, count, lock, now_ms};
use crate::watch::Watch;

/// Most blocks of sync that wait to be prepared. The engine holds them too, and asks for no more
/// than this at once.
const COMING_MAX: usize = 32;

/// Why the engine stops.
enum End {
    Shutdown,
    /// The watch is over: sign from here on.
    Sign,
    /// The engine closed its channel.
    Gone,
    /// The chain holds signatures of ours of which nothing is known here.
    Stale,
    /// The disk is full.
    Full(String),
    /// Only an operator can go on.
    Halt(String),
}

impl From<Fault> for End {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Full(reason) => End::Full(reason),
            Fault::Disk(reason) | Fault::NotYet(reason) | Fault::Other(reason) => End::Halt(reason),
        }
    }
}

/// Goes on without what a fault has prevented, unless it is one of the disk.
fn without(fault: Fault, what: &str) -> Result<(), End> {
    match fault {
        Fault::NotYet(reason) => {
            tracing::warn!(reason, "{what}");
            Ok(())
        }
        Fault::Other(reason) => {
            tracing::error!(reason, "{what}");
            Ok(())
        }
        fault => Err(fault.preventing(what).into()),
    }
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
    /// Watches until it is known that nothing is signed with this key.
    Rejoin { key: Arc<SigningKey>, watch: Arc<Mutex<Watch>> },
}

impl Duty {
    /// A watch that begins now.
    pub(crate) fn rejoin(key: Arc<SigningKey>, rejoin: Rejoin) -> Self {
        Duty::Rejoin { key, watch: Arc::new(Mutex::new(Watch::new(rejoin, now_ms()))) }
    }

    fn role(&self) -> Role {
        match self {
            Duty::Replica => Role::Replica,
            Duty::Vote(signing) => Role::Votes(signing.clone()),
            Duty::SitOut { .. } | Duty::Rejoin { .. } => Role::Watches,
        }
    }

    /// What a watching validator waits for.
    pub(crate) fn waits_for(&self) -> Option<String> {
        match self {
            Duty::Replica | Duty::Vote(_) => None,
            Duty::SitOut { height, .. } => Some(format!("height {height} is not decided yet")),
            Duty::Rejoin { watch, .. } => Some(lock(watch).to_string()),
        }
    }

    /// Whether the watch of this duty is over, at this height.
    fn is_over(&self, head: u64) -> bool {
        match self {
            Duty::Replica | Duty::Vote(_) => false,
            Duty::SitOut { height, .. } => head >= *height,
            Duty::Rejoin { watch, .. } => lock(watch).is_over(),
        }
    }
}

impl Agreement {
    pub(crate) async fn start_engine(&self) -> Result<Engine, String> {
        count(&self.shared.counters.engine_starts);
        *lock(&self.shared.watch) = self.duty.waits_for();
        crate::engine::start(
            &self.shared.config,
            self.shared.peers.subscribe(),
            self.shared.genesis,
            &self.transport,
            self.duty.role(),
            self.foresee(),
        )
        .await
    }

    /// Where blocks are shown that sync brings. One after the other is prepared, while those
    /// before it are executed and committed.
    fn foresee(&self) -> mpsc::Sender<Bytes> {
        let (sender, mut coming) = mpsc::channel(COMING_MAX);
        let application = self.shared.application.clone();
        tokio::spawn(async move {
            while let Some(payload) = coming.recv().await {
                let application = application.clone();
                let prepared = tokio::task::spawn_blocking(move || application.foresee(payload));
                if let Err(panic) = prepared.await {
                    tracing::error!(%panic, "a block that came could not be prepared");
                }
            }
        });
        sender
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
        if let Some(engine) = next {
            engine.stop().await;
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
        let end = match end {
            End::Gone => {
                let refusal = engine.refusal.clone();
                let ended = engine.ended().await;
                match refusal.get() {
                    Some(Refusal::Forgotten(height)) => return self.sit_out(*height),
                    Some(Refusal::Disk(fault)) => fault.clone().into(),
                    Some(refusal) => End::Halt(refusal.to_string()),
                    // Of an engine that ends while the node does, the log is not to blame.
                    None if ended == Ended::Unsafe && !self.shared.is_shut_down() => {
                        End::Halt("the engine's write-ahead log failed".to_owned())
                    }
                    None => End::Gone,
                }
            }
            end => {
                engine.stop().await;
                end
            }
        };
        match end {
            End::Stale => self.rejoin(),
            End::Full(reason) => self.shared.stop_for_space(&reason),
            End::Halt(reason) => {
                if let Err(fault) = self.shared.halt(&reason) {
                    tracing::error!(%fault, "SAFETY_HALT could not be written");
                }
            }
            End::Shutdown | End::Sign | End::Gone => {
                if self.duty.is_over(self.shared.application.head().height) {
                    self.begin_to_sign();
                }
            }
        }
    }

    /// The log of this height lost a signature of ours: others decide it, we vote again above it.
    fn sit_out(&mut self, height: u64) {
        if let Duty::Vote(signing) = &self.duty {
            let height = lock(&signing.guard).floor().max(height);
            tracing::warn!(height, "sitting a height out: the log lost a signature of ours");
            self.duty = Duty::SitOut { signing: signing.clone(), height };
        }
    }

    /// The key has signed what this home does not know of: another process has it, or had it.
    fn rejoin(&mut self) {
        if let Duty::Vote(signing) = &self.duty {
            tracing::error!(
                "this validator's key has signed elsewhere: watching before it signs here"
            );
            let rejoin = Rejoin::default();
            // Two that run at once find each other out; they must not begin again at once as well.
            let heights = rand::thread_rng().gen_range(rejoin.heights..=2 * rejoin.heights);
            self.duty = Duty::rejoin(signing.key.clone(), Rejoin { heights, ..rejoin });
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
                        let guard = Arc::new(Mutex::new(guard));
                        self.duty = Duty::Vote(Signing { key: key.clone(), guard });
                    }
                    Err(error) => tracing::error!(%error, "the signing guard could not be written"),
                }
            }
            Duty::Replica | Duty::Vote(_) => {}
        }
    }
}
