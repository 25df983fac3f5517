//! Threads that give way: what may wait takes the processor time that agreement and answers leave.

use std::io;
use std::sync::mpsc;

use tokio::runtime::{Builder, Runtime};

/// The niceness of these threads (`sched(7)`). Against a usual thread on the same core they get
/// about a thirtieth of the time; against nobody, all of it.
const NICENESS: i32 = 15;

/// A few threads that give way.
pub struct Background {
    /// For its pool of threads alone; there until the end.
    runtime: Option<Runtime>,
}

impl Background {
    /// At most so many threads, which come when there is work.
    ///
    /// # Errors
    /// There is no way to have threads.
    pub fn new(threads: usize) -> io::Result<Background> {
        let runtime = Builder::new_current_thread()
            .thread_name("background")
            .max_blocking_threads(threads)
            .on_thread_start(|| {
                if let Err(error) = rustix::process::nice(NICENESS) {
                    tracing::warn!(%error, "a background thread does not give way");
                }
            })
            .build()?;
        Ok(Background { runtime: Some(runtime) })
    }

    /// Has the work done on one of the threads and waits for it, so not to be called from an
    /// asynchronous task. `None` where the work panicked.
    pub fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (sender, done) = mpsc::channel();
        self.runtime.as_ref()?.spawn_blocking(move || sender.send(work()));
        done.recv().ok()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // Whoever has work done waits for it, so nothing is under way.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_wait_stands_behind_everything_else() {
        let niceness = || rustix::process::getpriority_process(None).expect("of this thread");
        let usual = niceness();
        let background = Background::new(1).expect("threads");
        assert_eq!(background.run(niceness), Some((usual + NICENESS).min(19)));
        assert_eq!(niceness(), usual, "who waits for it stays where it is");
    }

    #[test]
    fn work_that_panics_takes_no_thread_with_it() {
        let background = Background::new(1).expect("threads");
        assert_eq!(background.run(|| panic!("of this test")), None::<()>);
        assert_eq!(background.run(|| 7), Some(7));
    }
}
