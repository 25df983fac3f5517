//! `dzong load`: how much a network takes, measured from outside.
//!
//! Writes are signed before the clock starts. With `--rate` each has its moment, and its latency
//! counts from that moment, sent late or not; without, every connection sends as soon as it may.
//! An event counts as certified when a block lists it, which one task follows for all.

mod drive;
mod figures;
mod line;
mod prepare;
mod statuses;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use proofs::Trust;
use serde::Serialize;

use crate::author::{Network, endorser};
use crate::cli::{Exit, Global};
use crate::client::Client;
use crate::keys::KeyFile;
use crate::output::{self, Tone};
use crate::trust::TrustArgs;

use drive::{Plan, Tally};
use figures::{Latency, cpu_seconds};
use line::Node;
use prepare::Prepared;

/// Events signed in advance for each second, where no rate is named.
const CLOSED_LOOP_EVENTS: u64 = 2_000;

/// How long the registries of a load of changes may take to be made.
const PREPARE_TIME_MAX: Duration = Duration::from_secs(600);

/// More than that many events are not kept in memory.
const EVENTS_MAX: u64 = 500_000;

/// How many ports after the first are looked at for nodes of a local network.
const LOCAL_NODES_MAX: u16 = 16;

/// Measure a network: writes or reads per second, and how long each takes
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong load --rate 500 --seconds 30\n  \
    dzong load --kind resolve --connections 32\n  \
    dzong load --kind status      # changes of 100 slots each\n  \
    dzong load --sequential       # one write after another, each to its receipt\n\n\
    Uses the local network's endorser, and all its nodes, unless told otherwise.")]
pub struct Load {
    /// What to send
    #[arg(long, value_enum, default_value_t = Kind::Did)]
    kind: Kind,
    /// So many a second [default: as many as the network takes]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    rate: Option<u64>,
    /// For how long
    #[arg(long, value_name = "S", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// Connections over all nodes
    #[arg(long, value_name = "C", default_value_t = 64)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=10_000))]
    connections: u64,
    /// Events to sign in advance [default: rate times seconds]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=EVENTS_MAX))]
    events: Option<u64>,
    /// One write after another on one connection, each to its certified receipt
    #[arg(long, conflicts_with_all = ["rate", "connections"])]
    sequential: bool,
    /// A node, in place of --url and the ports after it
    #[arg(long = "node", value_name = "URL")]
    nodes: Vec<String>,
    /// The endorser's key file [default: that of the local network]
    #[arg(long, value_name = "FILE")]
    endorser: Option<PathBuf>,
    /// How the registries of `--kind status` are read; `slots` needs a set-up that is adopted
    #[arg(long = "format", value_name = "FORMAT", default_values = ["bitstring", "token"])]
    formats: Vec<String>,
    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// New DIDs, each signed by its key and by an endorser
    Did,
    /// Resolutions with their proofs
    Resolve,
    /// Revocations of 100 credentials each, in registries that are made before the clock starts
    Status,
}

/// What was measured.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    kind: Kind,
    mode: &'static str,
    nodes: Vec<String>,
    connections: u64,
    seconds: f64,
    /// Writes: signed before the clock started, and how long that took.
    prepared: usize,
    prepare_seconds: f64,
    event_bytes: usize,
    sent: u64,
    accepted: u64,
    /// Writes: found in a certified block. Reads: answered.
    done: u64,
    refused: u64,
    /// Times that a node said to come back later.
    put_off: u64,
    per_second: f64,
    /// Of changes of statuses: slots.
    slots_per_second: Option<f64>,
    latency: Option<Latency>,
    /// Proofs checked, and those that did not hold.
    checked: u64,
    invalid: u64,
    errors: BTreeMap<String, u64>,
    /// Processor time of this generator while the clock ran.
    cpu_seconds: Option<f64>,
}

impl Load {
    /// Runs the command.
    ///
    /// # Errors
    /// Nothing could be measured, or what was measured is not whole: a proof did not hold, or an
    /// accepted event was lost.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        let client = Client::new(&global.url);
        let mut nodes = self.find_nodes(global)?;
        let trust = self.find_trust(&client)?;
        let connections = if self.sequential { 1 } else { self.connections };
        nodes.truncate(usize::try_from(connections)?);
        let mut plan = Plan {
            nodes,
            connections: usize::try_from(connections)?,
            rate: self.rate,
            time: Duration::from_secs(self.seconds),
            wait: self.sequential,
            height: client.status()?.height,
            trust,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let began = Instant::now();
        let work = match self.kind {
            Kind::Did => {
                let (network, endorser, count) = self.to_write(&client)?;
                drive::Work::Events(prepare::events(count, &network, &endorser)?)
            }
            Kind::Resolve => drive::Work::Dids(prepare::dids(&client)?),
            Kind::Status => {
                let events = self.prepare_statuses(&client, &plan, &runtime)?;
                plan.height = client.status()?.height;
                drive::Work::Events(events)
            }
        };
        let prepare_time = began.elapsed();
        let cpu_before = cpu_seconds();
        output::progress(&format!("sending for {} s", self.seconds));
        let (tally, work, plan) = runtime.block_on(drive::drive(plan, work));
        let cpu = cpu_seconds().zip(cpu_before).map(|(after, before)| after - before);
        let report = self.report(&plan, &work, tally, prepare_time, cpu);
        report.print(global)?;
        match report.is_whole() {
            true => Ok(()),
            false => Err(Exit(1).into()),
        }
    }

    fn to_write(&self, client: &Client) -> anyhow::Result<(Network, KeyFile, u64)> {
        let count = self.event_count();
        output::progress(&format!("signing {count} events in advance"));
        Ok((Network::of(client)?, endorser(self.endorser.as_deref())?, count))
    }

    /// Makes the registries, and signs a change for each.
    fn prepare_statuses(
        &self,
        client: &Client,
        plan: &Plan,
        runtime: &tokio::runtime::Runtime,
    ) -> anyhow::Result<Vec<Prepared>> {
        let (network, endorser, count) = self.to_write(client)?;
        let issuer = statuses::issuer(client, &network, &endorser)?;
        let registries = statuses::registries(count, &network, &issuer, &self.formats)?;
        let changes = statuses::changes(&registries, &network, &issuer)?;
        output::progress(&format!("creating {count} registries"));
        let plan = Plan { rate: None, time: PREPARE_TIME_MAX, wait: false, ..plan.clone() };
        let (tally, ..) = runtime.block_on(drive::drive(plan, drive::Work::Events(registries)));
        let made = u64::try_from(tally.latencies.len())?;
        anyhow::ensure!(made == count, "only {made} registries were made: {:?}", tally.errors);
        Ok(changes)
    }

    fn event_count(&self) -> u64 {
        let rate = match self.rate {
            _ if self.sequential => 20,
            Some(rate) => rate,
            None => CLOSED_LOOP_EVENTS,
        };
        let wanted = rate.saturating_mul(self.seconds).min(EVENTS_MAX);
        self.events.unwrap_or(wanted)
    }

    /// The nodes named; else the one of `--url` and, on this machine, those on the ports after it.
    fn find_nodes(&self, global: &Global) -> anyhow::Result<Vec<Node>> {
        if !self.nodes.is_empty() {
            return self.nodes.iter().map(|url| Node::parse(url)).collect();
        }
        let first = Node::parse(&global.url)?;
        let genesis = Client::new(&global.url).status()?.genesis;
        let mut nodes = vec![first.clone()];
        if first.is_local() {
            for step in 1..LOCAL_NODES_MAX {
                let Some(next) = first.with_port_after(step) else { break };
                let status = Client::new(&next.url()).status();
                if !status.is_ok_and(|status| status.genesis == genesis) {
                    break;
                }
                nodes.push(next);
            }
        }
        Ok(nodes)
    }

    /// A load is no place to be strict about trust: without a genesis document here, the node's
    /// own is taken, so that proofs are checked as a client would check them.
    fn find_trust(&self, client: &Client) -> anyhow::Result<Trust> {
        if self.trust.is_nothing() {
            output::progress("proofs are checked against the genesis document of the node itself");
            return Trust::from_genesis(&client.genesis()?).context("the node's genesis document");
        }
        self.trust.trust()
    }

    fn report(
        &self,
        plan: &Plan,
        work: &drive::Work,
        mut tally: Tally,
        prepare_time: Duration,
        cpu_seconds: Option<f64>,
    ) -> Report {
        let (prepared, event_bytes) = match work {
            drive::Work::Events(events) => {
                (events.len(), events.first().map_or(0, |event| event.bytes.len()))
            }
            drive::Work::Dids(_) => (0, 0),
        };
        let mode = match (self.sequential, self.rate) {
            (true, _) => "sequential",
            (false, Some(_)) => "open loop",
            (false, None) => "closed loop",
        };
        let seconds = tally.took.as_secs_f64();
        let per_second = figures::rate(tally.latencies.len(), tally.took);
        Report {
            kind: self.kind,
            mode,
            nodes: plan.nodes.iter().map(Node::url).collect(),
            connections: u64::try_from(plan.connections).unwrap_or(u64::MAX),
            seconds,
            prepared,
            prepare_seconds: prepare_time.as_secs_f64(),
            event_bytes,
            sent: tally.sent,
            accepted: tally.accepted,
            done: u64::try_from(tally.latencies.len()).unwrap_or(u64::MAX),
            refused: tally.refused,
            put_off: tally.put_off,
            per_second,
            slots_per_second: (self.kind == Kind::Status)
                .then_some(per_second * f64::from(statuses::SLOTS)),
            latency: Latency::of(&mut tally.latencies),
            checked: tally.checked,
            invalid: tally.invalid,
            errors: tally.errors,
            cpu_seconds,
        }
    }
}

impl Report {
    /// Whether every proof held and nothing that was accepted got lost.
    fn is_whole(&self) -> bool {
        self.invalid == 0 && self.done > 0 && self.done >= self.accepted
    }

    fn print(&self, global: &Global) -> anyhow::Result<()> {
        if global.json {
            return output::json(self);
        }
        let (what, done) = match self.kind {
            Kind::Did => ("writes", "certified"),
            Kind::Resolve => ("reads", "answered"),
            Kind::Status => ("changes of statuses", "certified"),
        };
        output::line(&output::paint(
            Tone::Strong,
            &format!(
                "{} {what}, nodes: {}, connections: {}, {:.1} s",
                self.mode,
                self.nodes.len(),
                self.connections,
                self.seconds
            ),
        ))?;
        if self.prepared > 0 {
            output::line(&format!(
                "  prepared   {} events of {} bytes in {:.1} s",
                self.prepared, self.event_bytes, self.prepare_seconds
            ))?;
        }
        output::line(&format!(
            "  sent       {}   accepted {}   {done} {}   refused {}   put off {}",
            self.sent, self.accepted, self.done, self.refused, self.put_off
        ))?;
        let rate = output::paint(Tone::Good, &format!("{:.1} a second", self.per_second));
        output::line(&format!("  {done:<9}  {rate}"))?;
        if let Some(slots) = self.slots_per_second {
            output::line(&format!("  slots      {slots:.0} a second"))?;
        }
        if let Some(latency) = &self.latency {
            output::line(&format!("  latency    {latency}"))?;
        }
        let tone = if self.invalid == 0 { Tone::Good } else { Tone::Bad };
        let verdict = format!("{} checked, {} invalid", self.checked, self.invalid);
        output::line(&format!("  proofs     {}", output::paint(tone, &verdict)))?;
        for (code, count) in &self.errors {
            output::line(&format!("  error      {count} × {code}"))?;
        }
        if let Some(cpu) = self.cpu_seconds {
            output::line(&format!("  generator  {cpu:.1} s of processor time"))?;
        }
        Ok(())
    }
}
