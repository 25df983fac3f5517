//! Two threads that would do the same work: the second waits, and finds it done.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use proofs::Hash;

/// What is being worked on.
#[derive(Default)]
pub(super) struct Turns {
    taken: Mutex<BTreeSet<Hash>>,
    free: Condvar,
}

/// The right to work on something, until it is dropped.
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    what: Hash,
}

impl Turns {
    /// Waits until nobody works on it.
    pub(super) fn take(&self, what: Hash) -> Turn<'_> {
        let free = self.free.wait_while(self.taken(), |taken| taken.contains(&what));
        free.unwrap_or_else(PoisonError::into_inner).insert(what);
        Turn { turns: self, what }
    }

    fn taken(&self) -> MutexGuard<'_, BTreeSet<Hash>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.turns.taken().remove(&self.what);
        self.turns.free.notify_all();
    }
}
