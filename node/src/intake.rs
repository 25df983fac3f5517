//! Submitted events on their way to admission: what arrives while others are checked is checked
//! together next. Nobody waits for a batch to fill.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::admission::{Admission, Admitted, Refusal};

/// Most events that are checked together: so that the first of them does not wait long.
const TOGETHER_MAX: usize = 256;

type Answer = Result<Admitted, Refusal>;

/// The way in for submitted events.
#[derive(Clone)]
pub struct Intake {
    queue: mpsc::Sender<(Bytes, oneshot::Sender<Answer>)>,
}

/// More is being checked than this node takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many events are being checked: submit again later")]
pub struct Full;

impl Intake {
    /// Starts to check events, on at most `threads` threads, with room for `most` events.
    pub fn start(admission: Arc<Admission>, most: usize, threads: usize) -> Intake {
        let (queue, events) = mpsc::channel(most);
        tokio::spawn(run(events, admission, threads));
        Intake { queue }
    }

    /// Has an event judged.
    ///
    /// # Errors
    /// [`Full`].
    pub async fn judge(&self, event: Bytes) -> Result<Answer, Full> {
        let (sender, answer) = oneshot::channel();
        self.queue.try_send((event, sender)).map_err(|_| Full)?;
        answer.await.map_err(|_| Full)
    }
}

async fn run(
    mut events: mpsc::Receiver<(Bytes, oneshot::Sender<Answer>)>,
    admission: Arc<Admission>,
    threads: usize,
) {
    let threads = Arc::new(Semaphore::new(threads));
    loop {
        // The thread first: what arrives until one is free belongs to its batch.
        let thread = threads.clone().acquire_owned().await.expect("it is never closed");
        let mut batch = Vec::new();
        if events.recv_many(&mut batch, TOGETHER_MAX).await == 0 {
            return;
        }
        let admission = admission.clone();
        tokio::task::spawn_blocking(move || {
            let _thread = thread;
            let (events, senders): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
            for (answer, sender) in admission.judge(events).into_iter().zip(senders) {
                // One who went away needs no answer.
                let _ = sender.send(answer);
            }
        });
    }
}
