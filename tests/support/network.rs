//! A network of real processes on this machine, with a home of its own that goes when it does.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use node::client::{Client, Status};
use node::config::{Config, Peer};
use node::keys::KeyFile;
use registry::Genesis;
use tempfile::TempDir;

/// How long anything may take that a network is asked to do. Never a measure of speed.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The binary under test: built beside the tests.
pub fn dzong() -> PathBuf {
    let own = std::env::current_exe().expect("a test has a path");
    let folder = own.parent().and_then(Path::parent).expect("tests are built in <target>/deps");
    let binary = folder.join("dzong");
    assert!(binary.exists(), "{} is not built: cargo build --release", binary.display());
    binary
}

/// Validators as processes of their own, each of which can be killed and started again.
pub struct Network {
    home: TempDir,
    base_port: u16,
    nodes: Vec<Option<Child>>,
}

impl Network {
    /// Four validators, all ready.
    pub fn start() -> Network {
        Network::with_validators(4)
    }

    /// So many validators, all ready.
    pub fn with_validators(validators: usize) -> Network {
        Network::start_in(&std::env::temp_dir(), validators, |_| {})
    }

    /// So many validators, all ready, with their homes in this folder and their settings changed.
    pub fn start_in(folder: &Path, validators: usize, change: impl Fn(&mut Config)) -> Network {
        let home = tempfile::Builder::new().prefix("dzong-").tempdir_in(folder).expect("a folder");
        let base_port = free_ports();
        let mut network = Network { home, base_port, nodes: Vec::new() };
        // The ordinary command makes keys and genesis; then each node becomes a child of ours.
        network.localnet(&["--validators", &validators.to_string(), "--detach"]);
        network.localnet(&["stop"]);
        network.nodes.resize_with(validators, || None);
        for node in 0..validators {
            let path = network.node_home(node).join("config.toml");
            let mut config = Config::load(&path).expect("the local network's settings");
            change(&mut config);
            fs::write(path, config.to_commented()).expect("a file");
        }
        (0..validators).for_each(|node| network.run(node));
        (0..validators).for_each(|node| network.wait_until_ready(node));
        network
    }

    fn localnet(&self, args: &[&str]) {
        let mut command = Command::new(dzong());
        command.arg("localnet");
        let (verb, options) = match args {
            ["stop"] => (Some("stop"), &[][..]),
            options => (None, options),
        };
        command.args(verb).arg("--home").arg(self.home()).args(options);
        if verb.is_none() {
            command.args(["--base-port", &self.base_port.to_string()]);
        }
        let output = command.output().expect("dzong runs");
        assert!(output.status.success(), "localnet {args:?}: {}", text(&output));
    }

    /// The folder of everything.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The home of a node.
    pub fn node_home(&self, node: usize) -> PathBuf {
        self.home().join(format!("node{node}"))
    }

    /// Where a node serves HTTP.
    pub fn url(&self, node: usize) -> String {
        format!("http://127.0.0.1:{}", usize::from(self.base_port) + node)
    }

    /// A client of a node.
    pub fn client(&self, node: usize) -> Client {
        Client::new(&self.url(node))
    }

    /// What a node sends for a path, as it comes: head and body. `headers` are further lines of the
    /// request, each with its end.
    pub fn raw(&self, node: usize, path: &str, headers: &str) -> (String, Vec<u8>) {
        let url = self.url(node);
        let host = url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).expect("the node listens");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}");
        let request = format!("{request}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        (head, answer.split_off(end + 4))
    }

    /// A key by its name under `keys/`.
    pub fn key(&self, name: &str) -> KeyFile {
        let path = self.home().join("keys").join(format!("{name}.json"));
        KeyFile::load(&path).expect("the local network made this key")
    }

    /// The genesis document.
    pub fn genesis(&self) -> Genesis {
        let bytes = fs::read(self.home().join("genesis.json")).expect("a genesis document");
        Genesis::parse(&bytes).expect("the local network's genesis is sound")
    }

    /// A validator's public key, as answers show it.
    pub fn genesis_validator(&self, node: usize) -> String {
        let path = self.node_home(node).join("keys/validator.json");
        let key = KeyFile::load(&path).expect("the local network made this key");
        let secret = ed25519_zebra::SigningKey::from(*key.secret());
        proofs::PublicKey::from(&secret).to_string()
    }

    /// The domain that proofs of events name.
    pub fn domain(&self) -> String {
        self.genesis().context(1, 0).domain()
    }

    /// Starts a node that is not running.
    pub fn run(&mut self, node: usize) {
        self.run_with(node, &[]);
    }

    /// As [`Network::run`], with further arguments.
    pub fn run_with(&mut self, node: usize, args: &[&str]) {
        let log = File::create(self.home().join(format!("node{node}.log"))).expect("a log");
        let child = Command::new(dzong())
            .args(["run", "--home"])
            .arg(self.node_home(node))
            .args(args)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("dzong runs");
        self.nodes[node] = Some(child);
    }

    /// A copy of a node's home that listens elsewhere, in this folder of the network.
    pub fn copy_home(&self, node: usize, name: &str) -> Guest {
        let home = self.home().join(name);
        copy(&self.node_home(node), &home);
        let path = home.join("config.toml");
        let mut config = Config::load(&path).expect("the local network's settings");
        let port = self.base_port + 7;
        let at = |port: u16| format!("/ip4/127.0.0.1/tcp/{port}").parse().expect("an address");
        config.http.listen = ([127, 0, 0, 1], port).into();
        config.consensus.listen = at(port + 1000);
        config.consensus.gossip_listen = at(port + 2000);
        fs::write(path, config.to_commented()).expect("a file");
        Guest { url: format!("http://127.0.0.1:{port}"), home, child: None }
    }

    /// The home of a new node with keys of its own, as its operator would make it.
    pub fn new_home(&self, name: &str) -> Guest {
        let home = self.home().join(name);
        let port = self.base_port + 7;
        let at = |port: u16| format!("/ip4/127.0.0.1/tcp/{port}");
        let (listen, gossip) = (at(port + 1000), at(port + 2000));
        let listens = ["--listen", &listen, "--gossip-listen", &gossip];
        let init = ["init", "--home", name, "--name", name, "--genesis", "genesis.json"];
        self.ok(&[&init[..], &listens[..]].concat());
        let path = home.join("config.toml");
        let mut config = Config::load(&path).expect("the settings that were just made");
        config.http.listen = ([127, 0, 0, 1], port).into();
        for node in 0..self.nodes.len() {
            let home = node::home::Home::new(self.node_home(node));
            let other = Config::load(&home.config()).expect("the local network's settings");
            let keys = home.load_keys(true).expect("the local network's keys");
            config.peers.push(Peer {
                key: proofs::PublicKey::from(&keys.p2p),
                address: other.consensus.listen,
                gossip: other.consensus.gossip_listen,
            });
        }
        fs::write(path, config.to_commented()).expect("a file");
        Guest { url: format!("http://127.0.0.1:{port}"), home, child: None }
    }

    /// What a node has logged since it was started last.
    pub fn log(&self, node: usize) -> String {
        fs::read_to_string(self.home().join(format!("node{node}.log"))).unwrap_or_default()
    }

    /// kill -9.
    pub fn kill(&mut self, node: usize) {
        let mut child = self.nodes[node].take().expect("the node runs");
        child.kill().expect("a child can be killed");
        child.wait().expect("it ends");
    }

    /// The process of a running node.
    pub fn child(&mut self, node: usize) -> &mut Child {
        self.nodes[node].as_mut().expect("the node runs")
    }

    /// Waits until a node says that it is ready.
    pub fn wait_until_ready(&mut self, node: usize) {
        let client = self.client(node);
        let log = self.home().join(format!("node{node}.log"));
        let child = self.nodes[node].as_mut().expect("the node runs");
        let start = Instant::now();
        while client.get("/readyz").is_err() {
            let ended = child.try_wait().expect("a child has a state");
            let log = || fs::read_to_string(&log).unwrap_or_default();
            assert!(ended.is_none(), "node {node} ended: {}", log());
            assert!(start.elapsed() < PATIENCE, "node {node} is not ready: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What a node says of itself.
    pub fn status(&self, node: usize) -> Status {
        self.client(node).status().expect("the node answers")
    }

    /// Waits until all running nodes stand at one height with one block and state root, and returns
    /// that state root.
    pub fn wait_until_equal(&self) -> String {
        let start = Instant::now();
        loop {
            let statuses: Vec<serde_json::Value> = (0..self.nodes.len())
                .filter(|node| self.nodes[*node].is_some())
                .filter_map(|node| self.client(node).read("/v1/status").ok())
                .collect();
            let same = |name: &str| statuses.windows(2).all(|pair| pair[0][name] == pair[1][name]);
            let running = self.nodes.iter().flatten().count();
            if statuses.len() == running && same("height") && same("block") && same("stateRoot") {
                return statuses[0]["stateRoot"].as_str().expect("a state root").to_owned();
            }
            assert!(start.elapsed() < PATIENCE, "the nodes do not meet: {statuses:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Runs a command of the binary against node 0, in the network's folder.
    pub fn dzong(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("dzong runs")
    }

    /// A command of the binary against node 0, in the network's folder.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(dzong());
        command.args(args).current_dir(self.home()).env("DZONG_URL", self.url(0));
        command.env("DZONG_HOME", self.home());
        command
    }

    /// The standard output of a command that must succeed.
    pub fn ok(&self, args: &[&str]) -> String {
        let output = self.dzong(args);
        assert!(output.status.success(), "dzong {}: {}", args.join(" "), text(&output));
        String::from_utf8(output.stdout).expect("output is UTF-8")
    }

    /// Stops every node by SIGTERM's gentler sister: each is killed, and its files stay.
    pub fn kill_all(&mut self) {
        let running: Vec<usize> =
            (0..self.nodes.len()).filter(|node| self.nodes[*node].is_some()).collect();
        running.into_iter().for_each(|node| self.kill(node));
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for child in self.nodes.iter_mut().flatten() {
            // Nothing can be done about a child that is gone already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A node beside those of the network.
pub struct Guest {
    /// Where it serves HTTP.
    pub url: String,
    /// Its home.
    pub home: PathBuf,
    child: Option<Child>,
}

impl Guest {
    /// Starts it.
    pub fn run(&mut self, args: &[&str]) {
        let log = File::create(self.log_path()).expect("a log");
        let mut command = Command::new(dzong());
        command.args(["run", "--home"]).arg(&self.home).args(args).stdin(Stdio::null());
        command.stdout(log.try_clone().expect("a log")).stderr(log);
        self.child = Some(command.spawn().expect("dzong runs"));
    }

    /// A validator's public key, as answers show it.
    pub fn validator_key(&self) -> String {
        let home = node::home::Home::new(&self.home);
        let keys = home.load_keys(false).expect("a validator's keys");
        let keys = keys.validator.expect("a validator's keys");
        proofs::PublicKey::from(&keys.vote).to_string()
    }

    /// Waits until the process ends, which it must do by itself, and fail; what it said.
    pub fn refused(&mut self) -> String {
        let mut child = self.child.take().expect("it was started");
        let start = Instant::now();
        while child.try_wait().expect("a child has a state").is_none() {
            if start.elapsed() > PATIENCE {
                let _ = child.kill();
                panic!("it runs: {}", self.log());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(!child.wait().expect("it ended").success(), "{}", self.log());
        self.log()
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// A client of it.
    pub fn client(&self) -> Client {
        Client::new(&self.url)
    }

    fn log_path(&self) -> PathBuf {
        self.home.with_extension("log")
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // Nothing can be done about a child that is gone already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Copies a folder, as `cp -r` does.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        match entry.file_type().expect("a type").is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).expect("a file")),
        }
    }
}

/// Both outputs of a command, for messages.
pub fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A base port whose next few, and those of both peer-to-peer networks, are free now.
pub fn free_ports() -> u16 {
    let seed = std::process::id() as u16 % 2000;
    (0..200)
        .map(|step| 20_000 + (seed + step * 16) % 9_000)
        .find(|base| {
            [0, 1000, 2000].iter().all(|offset| {
                (0..8).all(|node| TcpListener::bind(("127.0.0.1", base + offset + node)).is_ok())
            })
        })
        .expect("some ports are free")
}
