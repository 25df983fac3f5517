//! Sending: many connections take work from one counter, and one task follows the blocks.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use proofs::trust::Freshness;
use proofs::{Hash, Trust, Verdict};
use serde::Deserialize;
use tokio::time::{Instant, sleep, sleep_until};

use super::line::{Line, Node, Reply};
use super::prepare::Prepared;
use crate::client::{Problem, encoded};
use crate::clock::now_ms;

/// How long accepted events may take to be certified after the last was sent.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(60);

/// How long to keep off a node that is full, at most.
const PUT_OFF_MAX: Duration = Duration::from_secs(5);

/// How often the next block is asked for.
const BLOCK_POLL: Duration = Duration::from_millis(10);

/// One of so many answers has its proof checked, since that takes processor time of its own.
const CHECK_EVERY: usize = 100;

/// So many receipts are checked after a load of writes.
const RECEIPTS_CHECKED: usize = 50;

/// What to send, where and how fast.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) nodes: Vec<Node>,
    pub(super) connections: usize,
    pub(super) rate: Option<u64>,
    pub(super) time: Duration,
    /// Whether each write waits for its receipt.
    pub(super) wait: bool,
    /// The height before the first write.
    pub(super) height: u64,
    pub(super) trust: Trust,
}

/// What is sent.
#[derive(Debug)]
pub(super) enum Work {
    /// Each once.
    Events(Vec<Prepared>),
    /// In turn, again and again.
    Dids(Vec<String>),
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) sent: u64,
    pub(super) accepted: u64,
    pub(super) refused: u64,
    pub(super) put_off: u64,
    pub(super) checked: u64,
    pub(super) invalid: u64,
    pub(super) errors: BTreeMap<String, u64>,
    /// In microseconds: of writes until certified, of reads until answered.
    pub(super) latencies: Vec<u64>,
    /// From the first request to the last latency.
    pub(super) took: Duration,
}

struct Shared {
    plan: Plan,
    work: Work,
    started: Instant,
    ends: Instant,
    next: AtomicUsize,
    accepted: AtomicU64,
    certified: AtomicU64,
    /// When each event was due, in microseconds from the start; 0 is not yet.
    due: Vec<AtomicU64>,
    /// How many connections still send.
    sending: AtomicUsize,
}

/// Sends until the time is over or the work is done, and waits for what was accepted.
pub(super) async fn drive(plan: Plan, work: Work) -> (Tally, Work, Plan) {
    let count = match &work {
        Work::Events(events) => events.len(),
        Work::Dids(_) => 0,
    };
    let started = Instant::now();
    let shared = Arc::new(Shared {
        ends: started + plan.time,
        sending: AtomicUsize::new(plan.connections),
        due: (0..count).map(|_| AtomicU64::new(0)).collect(),
        next: AtomicUsize::new(0),
        accepted: AtomicU64::new(0),
        certified: AtomicU64::new(0),
        started,
        plan,
        work,
    });
    let workers: Vec<_> = (0..shared.plan.connections)
        .map(|number| tokio::spawn(send(Arc::clone(&shared), number)))
        .collect();
    let writes = matches!(shared.work, Work::Events(_)) && !shared.plan.wait;
    let follower = writes.then(|| tokio::spawn(follow(Arc::clone(&shared))));
    let progress = tokio::spawn(show_progress(Arc::clone(&shared)));
    let mut tally = Tally::default();
    for worker in workers {
        tally.add(worker.await.expect("a connection's task does not panic"));
    }
    if let Some(follower) = follower {
        tally.add(follower.await.expect("the follower does not panic"));
        check_receipts(&shared, &mut tally).await;
    }
    progress.abort();
    // Aborted or not, it has let go of what is shared.
    let _ = progress.await;
    let shared = Arc::into_inner(shared).expect("every task has ended");
    (tally, shared.work, shared.plan)
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.sent += other.sent;
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.put_off += other.put_off;
        self.checked += other.checked;
        self.invalid += other.invalid;
        self.latencies.extend(other.latencies);
        self.took = self.took.max(other.took);
        for (code, count) in other.errors {
            *self.errors.entry(code).or_default() += count;
        }
    }

    fn error(&mut self, code: impl Into<String>) {
        *self.errors.entry(code.into()).or_default() += 1;
    }

    fn judge(&mut self, trust: &Trust, answer: &[u8]) {
        let freshness = Freshness { now: now_ms(), age_max: None };
        let verdict = registry::answer::check(trust, answer, freshness);
        self.checked += 1;
        if let Verdict::Invalid { why } | Verdict::Untrusted { why } = verdict {
            self.invalid += 1;
            self.error(format!("proof: {why}"));
        }
    }

    fn finish(&mut self, shared: &Shared, due: Instant) {
        self.latencies.push(microseconds(due.elapsed()));
        self.took = shared.started.elapsed();
    }
}

impl Shared {
    /// The next piece of work and its moment; `None` when the time is over or all is sent.
    fn take(&self) -> Option<(usize, Instant)> {
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        let due = match self.plan.rate {
            None => Instant::now(),
            Some(rate) => {
                let at = u64::try_from(at).ok()?;
                self.started + Duration::from_micros(at.checked_mul(1_000_000)? / rate)
            }
        };
        let is_left = match &self.work {
            Work::Events(events) => at < events.len(),
            Work::Dids(_) => true,
        };
        (is_left && due < self.ends).then_some((at, due))
    }
}

/// On a terminal: how far it is.
async fn show_progress(shared: Arc<Shared>) {
    let bar = ProgressBar::new(shared.plan.time.as_secs());
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} s  {msg}");
    bar.set_style(style.expect("the template is sound"));
    loop {
        bar.set_position(shared.started.elapsed().as_secs());
        let accepted = shared.accepted.load(Ordering::Relaxed);
        let certified = shared.certified.load(Ordering::Relaxed);
        bar.set_message(match shared.work {
            Work::Events(_) if !shared.plan.wait => {
                format!("{accepted} accepted, {certified} certified")
            }
            _ => format!("{accepted} answered"),
        });
        sleep(Duration::from_millis(200)).await;
    }
}

async fn send(shared: Arc<Shared>, number: usize) -> Tally {
    let mut tally = Tally::default();
    let nodes = &shared.plan.nodes;
    if let Some(node) = nodes.get(number % nodes.len().max(1)) {
        let mut line = Line::new(node.clone());
        while let Some((at, due)) = shared.take() {
            sleep_until(due).await;
            match &shared.work {
                Work::Events(events) => {
                    if let Some(event) = events.get(at) {
                        write(&shared, &mut line, &mut tally, at, event, due).await;
                    }
                }
                Work::Dids(dids) => {
                    if let Some(did) = dids.get(at % dids.len().max(1)) {
                        read(&shared, &mut line, &mut tally, at, did, due).await;
                    }
                }
            }
        }
    }
    shared.sending.fetch_sub(1, Ordering::SeqCst);
    tally
}

async fn read(
    shared: &Shared,
    line: &mut Line,
    tally: &mut Tally,
    at: usize,
    did: &str,
    due: Instant,
) {
    tally.sent += 1;
    match line.get(&format!("/1.0/identifiers/{}?proof=true", encoded(did))).await {
        // That a DID is deactivated (410) is an answer like any other.
        Ok(reply) if matches!(reply.status, 200 | 410) => {
            tally.accepted += 1;
            shared.accepted.fetch_add(1, Ordering::SeqCst);
            tally.finish(shared, due);
            if at.is_multiple_of(CHECK_EVERY) {
                tally.judge(&shared.plan.trust, &reply.body);
            }
        }
        Ok(reply) if reply.status == 503 => put_off(&reply, tally).await,
        Ok(reply) => refuse(&reply, tally),
        Err(why) => fail(why, tally).await,
    }
}

/// Sends one event until a node takes or refuses it.
async fn write(
    shared: &Shared,
    line: &mut Line,
    tally: &mut Tally,
    at: usize,
    event: &Prepared,
    due: Instant,
) {
    let path = if shared.plan.wait { "/v1/events?wait=certified" } else { "/v1/events" };
    if let Some(slot) = shared.due.get(at) {
        slot.store(microseconds(due - shared.started).max(1), Ordering::SeqCst);
    }
    tally.sent += 1;
    loop {
        let reply = match line.post(path, event.bytes.clone()).await {
            Ok(reply) => reply,
            Err(why) => return fail(why, tally).await,
        };
        match reply.status {
            503 => {
                put_off(&reply, tally).await;
                if Instant::now() >= shared.ends {
                    return tally.error("given up: put off until the end");
                }
            }
            200 | 202 => {
                if named_id(&reply) != Some(event.id) {
                    tally.invalid += 1;
                    return tally.error("answer about another event");
                }
                tally.accepted += 1;
                shared.accepted.fetch_add(1, Ordering::SeqCst);
                if reply.status == 200 && shared.plan.wait {
                    tally.finish(shared, due);
                    tally.judge(&shared.plan.trust, &reply.body);
                }
                return;
            }
            _ => return refuse(&reply, tally),
        }
    }
}

#[derive(Deserialize)]
struct Named {
    id: Hash,
}

fn named_id(reply: &Reply) -> Option<Hash> {
    serde_json::from_slice(&reply.body).ok().map(|named: Named| named.id)
}

async fn put_off(reply: &Reply, tally: &mut Tally) {
    tally.put_off += 1;
    sleep(reply.retry_after.unwrap_or(Duration::from_millis(200)).min(PUT_OFF_MAX)).await;
}

fn refuse(reply: &Reply, tally: &mut Tally) {
    tally.refused += 1;
    let code = serde_json::from_slice(&reply.body).map(|problem: Problem| problem.code().into());
    tally.error(code.unwrap_or_else(|_| format!("status {}", reply.status)));
}

/// A lost connection must not turn into a storm of new ones.
async fn fail(why: &str, tally: &mut Tally) {
    tally.error(why);
    sleep(Duration::from_millis(100)).await;
}

#[derive(Deserialize)]
struct Block {
    events: Vec<Hash>,
}

/// Reads block after block, and finds our events in them.
async fn follow(shared: Arc<Shared>) -> Tally {
    let mut tally = Tally::default();
    let Work::Events(events) = &shared.work else { return tally };
    let places: HashMap<Hash, usize> =
        events.iter().enumerate().map(|(at, event)| (event.id, at)).collect();
    let Some(node) = shared.plan.nodes.first() else { return tally };
    let mut line = Line::new(node.clone());
    let mut height = shared.plan.height + 1;
    let deadline = shared.ends + DRAIN_TIME_MAX;
    while Instant::now() < deadline {
        match line.get(&format!("/v1/blocks/{height}")).await {
            Ok(reply) if reply.status == 200 => {
                let Ok(block) = serde_json::from_slice::<Block>(&reply.body) else {
                    tally.error("block without its events");
                    break;
                };
                height += 1;
                let ours = block.events.iter().filter_map(|id| places.get(id));
                for due in ours.filter_map(|at| shared.due.get(*at)) {
                    let due = Duration::from_micros(due.load(Ordering::SeqCst));
                    tally.finish(&shared, shared.started + due);
                    shared.certified.fetch_add(1, Ordering::SeqCst);
                }
            }
            Ok(_) => {
                let done = shared.sending.load(Ordering::SeqCst) == 0;
                let found = shared.certified.load(Ordering::SeqCst);
                if done && found >= shared.accepted.load(Ordering::SeqCst) {
                    break;
                }
                sleep(BLOCK_POLL).await;
            }
            Err(_) => sleep(Duration::from_millis(200)).await,
        }
    }
    tally
}

/// Checks the receipts of some of the events, spread over all.
async fn check_receipts(shared: &Shared, tally: &mut Tally) {
    let Work::Events(events) = &shared.work else { return };
    let sent = shared.next.load(Ordering::SeqCst).min(events.len());
    let step = (sent / RECEIPTS_CHECKED).max(1);
    let Some(node) = shared.plan.nodes.last() else { return };
    let mut line = Line::new(node.clone());
    for event in events.iter().take(sent).step_by(step) {
        match line.get(&format!("/v1/events/{}/receipt", event.id)).await {
            Ok(reply) if reply.status == 200 => tally.judge(&shared.plan.trust, &reply.body),
            // One that was refused or given up has none.
            Ok(_) => {}
            Err(why) => tally.error(why),
        }
    }
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
