//! `dzong localnet`: a whole network on this machine, for first minutes, demonstrations and tests.
//!
//! Keys and genesis are made where there are none, each node is a process of its own (`dzong run`),
//! and starting again continues the same ledger.

mod ceremony;
mod process;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cli::Global;
use crate::client::Client;
use crate::config::Config;
use crate::home::{Home, load_genesis};
use crate::output::{self, Tone, paint};
use process::{Interruption, Process, Processes};

/// How long the first certified block may take.
const START_MAX: Duration = Duration::from_secs(90);

/// Where the ports of agreement and of gossip lie above that of HTTP.
const CONSENSUS_PORTS: u16 = 1000;
const GOSSIP_PORTS: u16 = 2000;

/// Run a network of validators on this machine
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong localnet                     four validators, until \
                        Ctrl-C\n  dzong localnet --detach --fresh    a new one, in the \
                        background\n  dzong localnet stop")]
pub struct Localnet {
    #[command(subcommand)]
    action: Option<Action>,
    /// Where everything is kept
    #[arg(long, value_name = "DIR", default_value = "./localnet", global = true)]
    home: PathBuf,
    /// How many validators a new network has
    #[arg(long, value_name = "N")]
    validators: Option<usize>,
    /// How many replicas a new network has
    #[arg(long, value_name = "N")]
    replicas: Option<usize>,
    /// Node i serves HTTP at this port + i
    #[arg(long, value_name = "PORT")]
    base_port: Option<u16>,
    /// Delete what is there and begin anew
    #[arg(long)]
    fresh: bool,
    /// Return once it runs; `localnet stop` ends it
    #[arg(long)]
    detach: bool,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Stop a network that runs in the background
    #[command(after_help = "Example:\n  dzong localnet stop --home ./localnet")]
    Stop,
    /// Show the nodes of a network
    #[command(after_help = "Example:\n  dzong localnet status --home ./localnet")]
    Status,
}

/// What the network was made as: `HOME/localnet.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Plan {
    validators: usize,
    replicas: usize,
    base_port: u16,
}

impl Localnet {
    /// Runs the command.
    ///
    /// # Errors
    /// The network did not start, or is not there.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        match self.action {
            Some(Action::Stop) => stop(&self.home),
            Some(Action::Status) => {
                let network = Network::open(&self.home)?;
                network.show(global)
            }
            None => self.start(global),
        }
    }

    fn start(self, global: &Global) -> anyhow::Result<()> {
        let network = self.prepare()?;
        let mut interruption = Interruption::listen()?;
        let mut processes = Processes::default();
        for node in network.nodes() {
            processes.add(node.start()?);
        }
        network.wait_for_blocks(&mut processes, &mut interruption)?;
        network.show(global)?;
        if self.detach {
            processes.detach();
            return Ok(());
        }
        output::progress("Ctrl-C stops all nodes; starting again continues the same ledger");
        processes.watch(&mut interruption)
    }

    /// The network in the home, made where there is none.
    fn prepare(&self) -> anyhow::Result<Network> {
        let exists = plan_path(&self.home).exists();
        if exists {
            let running = Network::open(&self.home)?;
            if running.nodes().any(|node| node.is_running()) {
                bail!("it runs already: look with `dzong localnet status`, end it with `stop`");
            }
        }
        if exists && self.fresh {
            std::fs::remove_dir_all(&self.home)
                .with_context(|| format!("cannot delete `{}`", self.home.display()))?;
        }
        if plan_path(&self.home).exists() {
            return self.continue_with(Network::open(&self.home)?);
        }
        let plan = Plan {
            validators: self.validators.unwrap_or(4),
            replicas: self.replicas.unwrap_or(0),
            base_port: self.base_port.unwrap_or(8080),
        };
        check_ports(&plan)?;
        ceremony::make(&self.home, &plan)?;
        Network::open(&self.home)
    }

    /// A network that is there keeps its nodes, and may move to other ports.
    fn continue_with(&self, mut network: Network) -> anyhow::Result<Network> {
        let plan = &mut network.plan;
        let asked = (self.validators.unwrap_or(plan.validators), self.replicas);
        if asked != (plan.validators, self.replicas.map(|_| plan.replicas)) {
            bail!(
                "the network in `{}` has {} validators and {} replicas: begin anew with --fresh",
                self.home.display(),
                plan.validators,
                plan.replicas
            );
        }
        if let Some(base_port) = self.base_port.filter(|port| *port != plan.base_port) {
            plan.base_port = base_port;
            network.move_ports()?;
        }
        check_ports(&network.plan)?;
        Ok(network)
    }
}

/// A network in its home.
struct Network {
    home: PathBuf,
    plan: Plan,
}

/// One of its nodes.
struct Node {
    number: usize,
    home: PathBuf,
    replica: bool,
    port: u16,
}

impl Network {
    fn open(home: &Path) -> anyhow::Result<Network> {
        let path = plan_path(home);
        let text = std::fs::read(&path).with_context(|| {
            format!("there is no local network in `{}`: run `dzong localnet`", home.display())
        })?;
        let plan =
            serde_json::from_slice(&text).with_context(|| format!("`{}`", path.display()))?;
        Ok(Network { home: home.to_owned(), plan })
    }

    fn nodes(&self) -> impl Iterator<Item = Node> {
        nodes(&self.home, &self.plan)
    }

    /// Writes the settings of all nodes anew, for the plan's ports.
    fn move_ports(&self) -> anyhow::Result<()> {
        let mut configs = Vec::new();
        for node in self.nodes() {
            configs.push((node.node_home().config(), Config::load(&node.node_home().config())?));
        }
        let mut moved = Vec::new();
        for node in self.nodes() {
            let keys = node.node_home().load_keys(node.replica)?;
            moved.push((proofs::PublicKey::from(&keys.p2p), node));
        }
        for ((path, mut config), (_, node)) in configs.into_iter().zip(&moved) {
            config.http.listen = node.http();
            config.consensus.listen = node.address(CONSENSUS_PORTS);
            config.consensus.gossip_listen = node.address(GOSSIP_PORTS);
            for (key, other) in &moved {
                for peer in config.peers.iter_mut().filter(|peer| peer.key == *key) {
                    peer.address = other.address(CONSENSUS_PORTS);
                    peer.gossip = other.address(GOSSIP_PORTS);
                }
            }
            std::fs::write(&path, config.to_commented())
                .with_context(|| format!("cannot write `{}`", path.display()))?;
        }
        self.plan.save(&self.home)
    }

    fn wait_for_blocks(
        &self,
        processes: &mut Processes,
        interruption: &mut Interruption,
    ) -> anyhow::Result<()> {
        output::progress("waiting for the first certified block …");
        let deadline = Instant::now() + START_MAX;
        let mut waiting: Vec<Node> = self.nodes().collect();
        while !waiting.is_empty() {
            processes.check()?;
            waiting.retain(|node| node.status().is_none_or(|status| status["height"] == 0));
            if Instant::now() > deadline {
                let names: Vec<String> = waiting.iter().map(Node::name).collect();
                let seconds = START_MAX.as_secs();
                bail!("no block on {} within {seconds} s: see their node.log", names.join(", "));
            }
            if interruption.comes_within(Duration::from_millis(100)) {
                bail!("interrupted before the first block: all nodes are stopped");
            }
        }
        Ok(())
    }

    /// The table of the nodes, and where the keys are.
    fn show(&self, global: &Global) -> anyhow::Result<()> {
        let rows: Vec<(Node, Option<Value>)> =
            self.nodes().map(|node| (node.status(), node)).map(|(s, n)| (n, s)).collect();
        if global.json {
            return self.show_json(&rows);
        }
        output::line(&paint(Tone::Strong, "NODE    ROLE        HTTP                     HEIGHT"))?;
        for (node, status) in &rows {
            let (tone, height) = match status {
                Some(status) => (Tone::Good, status["height"].to_string()),
                None => (Tone::Bad, "stopped".into()),
            };
            let (name, role, url) = (node.name(), node.role(), node.url());
            output::line(&format!("{name:<7} {role:<11} {url:<24} {}", paint(tone, &height)))?;
        }
        let keys = self.home.join("keys");
        let at = |name: &str| keys.join(format!("{name}.json")).display().to_string();
        output::line("")?;
        output::line(&format!("network              {}", self.genesis_text()?))?;
        output::line(&format!("governing body       {} … 5", at("governor-1")))?;
        output::line(&format!("administrative body  {}", at("administrative-body")))?;
        output::line(&format!("endorser             {}", at("endorser")))?;
        output::line(&format!("demo issuer          {}", at("issuer")))?;
        output::line(&format!("explorer             {}/", self.first_url()))
    }

    fn show_json(&self, rows: &[(Node, Option<Value>)]) -> anyhow::Result<()> {
        let row = |(node, status): &(Node, Option<Value>)| {
            json!({
                "name": node.name(),
                "role": node.role(),
                "url": node.url(),
                "home": node.home,
                "running": status.is_some(),
                "height": status.as_ref().map(|status| status["height"].clone()),
            })
        };
        let nodes: Vec<Value> = rows.iter().map(row).collect();
        output::json(&json!({
            "home": self.home,
            "genesis": load_genesis(&self.home.join("genesis.json"))?.hash(),
            "keys": self.home.join("keys"),
            "nodes": nodes,
        }))
    }

    fn genesis_text(&self) -> anyhow::Result<String> {
        let genesis = load_genesis(&self.home.join("genesis.json"))?;
        Ok(format!("{} (genesis {})", genesis.network(), genesis.hash()))
    }

    fn first_url(&self) -> String {
        self.nodes().next().map(|node| node.url()).unwrap_or_default()
    }
}

impl Plan {
    fn save(&self, home: &Path) -> anyhow::Result<()> {
        let path = plan_path(home);
        std::fs::write(&path, serde_json::to_vec_pretty(self)?)
            .with_context(|| format!("cannot write `{}`", path.display()))
    }
}

impl Node {
    fn name(&self) -> String {
        format!("node{}", self.number)
    }

    fn role(&self) -> &'static str {
        if self.replica { "replica" } else { "validator" }
    }

    fn node_home(&self) -> Home {
        Home::new(&self.home)
    }

    fn http(&self) -> std::net::SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    fn url(&self) -> String {
        format!("http://{}", self.http())
    }

    fn address(&self, above: u16) -> consensus::Multiaddr {
        let port = self.port + above;
        format!("/ip4/127.0.0.1/tcp/{port}").parse().expect("an address with a port")
    }

    fn status(&self) -> Option<Value> {
        Client::new(&self.url()).read("/v1/status").ok()
    }

    fn start(&self) -> anyhow::Result<Process> {
        Process::start(&self.name(), &self.home, self.replica)
    }

    fn is_running(&self) -> bool {
        process::running(&self.home).is_some()
    }
}

fn nodes(home: &Path, plan: &Plan) -> impl Iterator<Item = Node> {
    let Plan { validators, replicas, base_port } = *plan;
    let home = home.to_owned();
    (0..validators + replicas).map(move |number| Node {
        number,
        home: home.join(format!("node{number}")),
        replica: number >= validators,
        port: base_port + u16::try_from(number).unwrap_or(u16::MAX),
    })
}

fn plan_path(home: &Path) -> PathBuf {
    home.join("localnet.json")
}

/// Every port that the nodes need is free.
fn check_ports(plan: &Plan) -> anyhow::Result<()> {
    let count = u16::try_from(plan.validators + plan.replicas).unwrap_or(u16::MAX);
    if count > 64 || plan.base_port.checked_add(GOSSIP_PORTS + count).is_none() {
        bail!("at most 64 nodes, and at most port {}", u16::MAX - GOSSIP_PORTS - 64);
    }
    for above in [0, CONSENSUS_PORTS, GOSSIP_PORTS] {
        for number in 0..count {
            let port = plan.base_port + above + number;
            if let Err(error) = std::net::TcpListener::bind(("127.0.0.1", port)) {
                bail!("port {port} is not free ({error}): choose others with --base-port");
            }
        }
    }
    Ok(())
}

fn stop(home: &Path) -> anyhow::Result<()> {
    let network = Network::open(home)?;
    let mut processes = Processes::default();
    let mut count = 0;
    for node in network.nodes() {
        if let Some(pid) = process::running(&node.home) {
            processes.add(Process::of(&node.name(), pid));
            count += 1;
        }
    }
    if count == 0 {
        return output::line("no node was running");
    }
    drop(processes);
    output::line(&format!("stopped {count} nodes"))
}
