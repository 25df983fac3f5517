//! Requests that wait until their event is final.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use proofs::Hash;
use registry::Rejection;
use tokio::sync::oneshot;

use crate::metrics::Metrics;

/// How the wait for an event ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is in a block that was committed here.
    Committed,
    /// It was refused in execution.
    Refused(Rejection),
}

/// Who waits for what. A commit wakes exactly those whose event is in the block.
pub struct Waiting {
    most: usize,
    waiters: Mutex<Waiters>,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Waiters {
    by_event: HashMap<Hash, Vec<(u64, oneshot::Sender<Outcome>)>>,
    next: u64,
    count: usize,
}

/// A place among those who wait; given back when dropped.
pub struct Waiter {
    event: Hash,
    number: u64,
    outcome: oneshot::Receiver<Outcome>,
    waiting: Arc<Waiting>,
}

impl Waiting {
    /// Room for so many.
    pub fn new(most: usize, metrics: Arc<Metrics>) -> Waiting {
        Waiting { most, waiters: Mutex::default(), metrics }
    }

    /// A place for one who waits for the event with this id; `None` when there is none left.
    pub fn enter(self: &Arc<Self>, event: Hash) -> Option<Waiter> {
        let mut waiters = self.waiters();
        if waiters.count >= self.most {
            return None;
        }
        let (sender, outcome) = oneshot::channel();
        let number = waiters.next;
        waiters.next += 1;
        waiters.count += 1;
        waiters.by_event.entry(event).or_default().push((number, sender));
        self.metrics.waiting.inc();
        Some(Waiter { event, number, outcome, waiting: self.clone() })
    }

    /// Wakes all who wait for this event.
    pub fn settle(&self, event: &Hash, outcome: &Outcome) {
        let woken = self.waiters().by_event.remove(event).unwrap_or_default();
        for (_, sender) in woken {
            // One that went away needs no answer.
            let _ = sender.send(outcome.clone());
        }
    }

    fn waiters(&self) -> MutexGuard<'_, Waiters> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter {
    /// Waits until the event is settled.
    pub async fn outcome(&mut self) -> Outcome {
        match (&mut self.outcome).await {
            Ok(outcome) => outcome,
            // The node stops: nobody will ever say.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut waiters = self.waiting.waiters();
        waiters.count -= 1;
        if let Some(others) = waiters.by_event.get_mut(&self.event) {
            others.retain(|(number, _)| *number != self.number);
            if others.is_empty() {
                waiters.by_event.remove(&self.event);
            }
        }
        self.waiting.metrics.waiting.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_is_woken_by_its_own_event_and_gives_its_place_back() {
        let waiting = Arc::new(Waiting::new(3, Arc::new(Metrics::new())));
        let (a, b) = (Hash([1; 32]), Hash([2; 32]));
        let mut first = waiting.enter(a).unwrap();
        let mut second = waiting.enter(a).unwrap();
        let third = waiting.enter(b).unwrap();
        assert!(waiting.enter(b).is_none());
        waiting.settle(&a, &Outcome::Committed);
        assert_eq!(first.outcome().await, Outcome::Committed);
        assert_eq!(second.outcome().await, Outcome::Committed);
        drop((first, second, third));
        let waiters = waiting.waiters();
        assert_eq!((waiters.count, waiters.by_event.len()), (0, 0));
    }
}
