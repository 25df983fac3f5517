//! A node of the demonstration's own, beside those of the local network.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use proofs::PublicKey;

use crate::client::Client;
use crate::clock::now_ms;
use crate::config::{Config, Peer};
use crate::home::{Home, NodeKeys};

/// How long the node may take to end.
const END_MAX: Duration = Duration::from_secs(10);

/// The node; its home goes when it does.
pub(super) struct Guest {
    home: Home,
    keys: NodeKeys,
    config: Config,
    child: Mutex<Option<Child>>,
}

impl Guest {
    /// A home with keys, as `dzong init` makes it, and the local network's nodes as its peers.
    pub(super) fn make(network: &Path, client: &Client) -> anyhow::Result<Guest> {
        let home = Home::new(network.join(format!("guest-{}", now_ms())));
        let [http, listen, gossip] = free_ports()?;
        let at = |port: u16| format!("/ip4/127.0.0.1/tcp/{port}").parse();
        let mut config = Config::new("guest", at(listen)?, at(gossip)?);
        config.http.listen = ([127, 0, 0, 1], http).into();
        config.peers = neighbours(network)?;
        let keys = home.create(&config, false, None)?;
        std::fs::write(home.genesis(), client.genesis()?)?;
        Ok(Guest { home, keys, config, child: Mutex::default() })
    }

    pub(super) fn keys(&self) -> &NodeKeys {
        &self.keys
    }

    pub(super) fn client(&self) -> Client {
        Client::new(&format!("http://{}", self.config.http.listen))
    }

    /// Starts it, as `dzong run` does.
    pub(super) fn start(&mut self) -> anyhow::Result<()> {
        let log = std::fs::File::create(self.log())?;
        let binary = std::env::current_exe().context("where is this program?")?;
        let mut command = Command::new(binary);
        command.args(["run", "--home"]).arg(self.home.path()).stdin(Stdio::null());
        let child = command.stdout(log.try_clone()?).stderr(log).spawn();
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(child.context("cannot start the new node")?);
        Ok(())
    }

    /// Fails where it has ended by itself.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(status) = child.as_mut().map(Child::try_wait).transpose()?.flatten() {
            bail!("the new node ended ({status}): {}", std::fs::read_to_string(self.log())?);
        }
        Ok(())
    }

    /// Ends it in order.
    pub(super) fn stop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Some(mut child) = child.take() else { return };
        let pid = rustix::process::Pid::from_child(&child);
        // One that ended meanwhile needs no signal.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let deadline = std::time::Instant::now() + END_MAX;
        while child.try_wait().is_ok_and(|status| status.is_none()) {
            if std::time::Instant::now() > deadline {
                let _ = child.kill();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn log(&self) -> PathBuf {
        self.home.path().join("node.log")
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.stop();
        // What is left over harms nobody.
        let _ = std::fs::remove_dir_all(self.home.path());
    }
}

/// The nodes of the local network, from their homes.
fn neighbours(network: &Path) -> anyhow::Result<Vec<Peer>> {
    let mut peers = Vec::new();
    for number in 0.. {
        let home = Home::new(network.join(format!("node{number}")));
        if !home.config().exists() {
            break;
        }
        let config = Config::load(&home.config())?;
        peers.push(Peer {
            key: PublicKey::from(&home.load_keys(true)?.p2p),
            address: config.consensus.listen,
            gossip: config.consensus.gossip_listen,
        });
    }
    Ok(peers)
}

/// Ports that are free now.
fn free_ports() -> anyhow::Result<[u16; 3]> {
    let mut listeners = Vec::new();
    let mut ports = [0; 3];
    for port in &mut ports {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        *port = listener.local_addr()?.port();
        listeners.push(listener);
    }
    Ok(ports)
}
