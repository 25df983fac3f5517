//! Which engine runs: one that votes, or one that only watches, and when the one takes the
//! other's place. An engine that dies is started again; one that is not safe is not.

mod decisions;
mod run;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ed25519_consensus::SigningKey;
use tokio::time::Instant;

use self::run::Run;
use crate::application::Fault;
use crate::config::Rejoin;
use crate::engine::{Ended, Engine, Role, Signing};
use crate::guard::{Guard, Refusal};
use crate::shared::{Shared, count, lock, now_ms};

/// Why the engine stops.
enum End {
    Shutdown,
    /// The watch is over: sign from here on.
    Sign,
    /// The engine closed its channel.
    Gone,
    /// The chain holds signatures of ours of which nothing is known here.
    Lost,
    /// Only an operator can go on.
    Halt(String),
}

impl From<Fault> for End {
    fn from(fault: Fault) -> Self {
        End::Halt(fault.to_string())
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
    /// Watches until `heights` were decided after `since_ms` without a signature of ours.
    Rejoin { key: Arc<SigningKey>, heights: u64, since_ms: u64 },
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
            End::Lost => {
                engine.stop().await;
                self.rejoin();
                return;
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
            let height = lock(&signing.guard).floor().max(height);
            tracing::warn!(height, "sitting a height out: the log lost a signature of ours");
            self.duty = Duty::SitOut { signing: signing.clone(), height };
        }
    }

    /// This home never signed, but its key has: the home was lost.
    fn rejoin(&mut self) {
        if let Duty::Vote(signing) = &self.duty {
            tracing::warn!("this key has signed from another home: watching before it signs here");
            let heights = Rejoin::default().heights;
            let key = signing.key.clone();
            self.duty = Duty::Rejoin { key, heights, since_ms: now_ms() };
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
