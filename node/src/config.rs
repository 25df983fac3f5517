//! The configuration of a node: `HOME/config.toml`.
//!
//! Ports, paths, peers' addresses and limits of this machine; nothing here changes what is valid.
//! Who may connect at all is decided by the ledger, which names every authorised peer's key.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use consensus::Multiaddr;
use proofs::PublicKey;
use serde::{Deserialize, Serialize};

/// What is logged unless the file says otherwise: our own words, and of the engine what matters.
/// Its network reports every dial to a peer that is not up; who is connected we say ourselves.
const QUIET: &str = "info,arc_malachitebft=error,arc_malachitebft_network=off,libp2p=error";

/// All settings of a node. A member that is left out has the value that a new file shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// A name for logs and metrics.
    pub moniker: String,
    /// The HTTP interface.
    #[serde(default)]
    pub http: Http,
    /// Agreement with the other validators.
    pub consensus: Consensus,
    /// What waits for a block.
    #[serde(default)]
    pub mempool: Mempool,
    /// The space of the disk.
    #[serde(default)]
    pub disk: Disk,
    /// What is logged.
    #[serde(default)]
    pub log: Log,
    /// The lists of statuses that this node signs, if it does.
    #[serde(default)]
    pub status: Option<StatusLists>,
    /// Where other nodes are found.
    #[serde(default)]
    pub peers: Vec<Peer>,
}

/// The key of a status provider, whom issuers name on the ledger (`StatusProviderRotated`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusLists {
    /// Its key file; relative to the home.
    pub key: PathBuf,
    /// The verification method of that key: a DID URL.
    pub method: String,
    /// Seconds for which a list may be kept before there may be a newer one.
    #[serde(default = "ttl_seconds")]
    pub ttl_seconds: u64,
    /// Where the world finds this node, as credentials name their list: `https://…`, without path.
    pub url: String,
}

fn ttl_seconds() -> u64 {
    60
}

/// The HTTP interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Most connections at a time.
    pub connections_max: usize,
    /// Most connections of one address at a time.
    pub connections_per_address_max: usize,
    /// Seconds within which a request's head has arrived; also how long a connection may idle.
    pub head_seconds: u64,
    /// Seconds within which a request's body has arrived.
    pub body_seconds: u64,
    /// Seconds for which a client may take nothing of an answer.
    pub write_seconds: u64,
    /// Seconds for which `?wait=certified` is held.
    pub wait_seconds: u64,
    /// Most requests that are held so.
    pub waiting_max: usize,
    /// Most submitted events that are being checked.
    pub checking_max: usize,
    /// Most clients that follow the stream of events.
    pub streams_max: usize,
}

impl Default for Http {
    fn default() -> Self {
        Http {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            connections_max: 8_192,
            connections_per_address_max: 4_096,
            head_seconds: 10,
            body_seconds: 10,
            write_seconds: 20,
            wait_seconds: 30,
            waiting_max: 8_192,
            checking_max: 8_192,
            streams_max: 256,
        }
    }
}

/// Agreement with the other validators, and the gossip of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consensus {
    /// Where agreement listens.
    pub listen: Multiaddr,
    /// Where the gossip of events listens.
    pub gossip_listen: Multiaddr,
    /// Milliseconds after which a block is made even when there are no events.
    #[serde(default = "heartbeat_ms")]
    pub heartbeat_ms: u64,
    /// Seconds for which the start waits for a quorum to be connected.
    #[serde(default = "gather_seconds")]
    pub gather_seconds: u64,
}

fn heartbeat_ms() -> u64 {
    5_000
}

fn gather_seconds() -> u64 {
    30
}

impl Consensus {
    /// The heartbeat as a duration.
    pub fn heartbeat(&self) -> Duration {
        Duration::from_millis(self.heartbeat_ms)
    }
}

/// What waits for a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mempool {
    /// Most events.
    pub events_max: usize,
    /// Most bytes of all events together.
    pub bytes_max: usize,
    /// Most events of one principal.
    pub principal_events_max: usize,
}

impl Default for Mempool {
    fn default() -> Self {
        let consensus::mempool::Limits { events_max, bytes_max, principal_events_max } =
            consensus::mempool::Limits::default();
        Mempool { events_max, bytes_max, principal_events_max }
    }
}

/// The space of the disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Disk {
    /// Below so many free bytes nothing is written; left out, a part of the disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_bytes_min: Option<u64>,
    /// Bytes held in reserve, to stop in order.
    pub reserve_bytes: u64,
}

impl Default for Disk {
    fn default() -> Self {
        Disk { free_bytes_min: None, reserve_bytes: 32 << 20 }
    }
}

/// What is logged. The identifiers that people ask for never are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// Which events are logged, as `tracing` filters are written; `DZONG_LOG` goes before it.
    pub filter: String,
    /// How a line is written.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Log { filter: QUIET.into(), format: LogFormat::Text }
    }
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// Where another node is found. A peer that stands in no file may still connect to us, if the
/// ledger authorises its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// Its peer key, as the ledger lists it.
    pub key: PublicKey,
    /// Where its agreement listens.
    pub address: Multiaddr,
    /// Where its gossip listens.
    pub gossip: Multiaddr,
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// The file is not there, or a member is unknown or of the wrong form.
    pub fn load(path: &Path) -> anyhow::Result<Config> {
        let text = std::fs::read_to_string(path).with_context(|| {
            format!("cannot read `{}`: make a home with `dzong init`", path.display())
        })?;
        toml::from_str(&text).with_context(|| format!("`{}` is refused", path.display()))
    }

    /// The settings of a new node.
    pub fn new(moniker: &str, listen: Multiaddr, gossip_listen: Multiaddr) -> Config {
        Config {
            moniker: moniker.to_owned(),
            http: Http::default(),
            consensus: Consensus {
                listen,
                gossip_listen,
                heartbeat_ms: heartbeat_ms(),
                gather_seconds: gather_seconds(),
            },
            mempool: Mempool::default(),
            disk: Disk::default(),
            log: Log::default(),
            status: None,
            peers: Vec::new(),
        }
    }

    /// The settings as a file with every member explained.
    pub fn to_commented(&self) -> String {
        let Config { moniker, http, consensus, mempool, disk, log, status, peers } = self;
        let format = match log.format {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        };
        let free = match disk.free_bytes_min {
            Some(bytes) => format!("free_bytes_min = {bytes}"),
            None => "# free_bytes_min = 1073741824".to_owned(),
        };
        let lists = match status {
            Some(StatusLists { key, method, ttl_seconds, url }) => format!(
                "[status]\nkey = {:?}\nmethod = {method:?}\nttl_seconds = {ttl_seconds}\n\
                 url = {url:?}\n",
                key.display().to_string(),
            ),
            None => {
                "# [status]\n# key = \"lists.json\"\n# method = \"did:ndi:bt-demo:Qm…#lists\"\n\
                 # ttl_seconds = 60\n# url = \"https://registry.example.bt\"\n"
                    .to_owned()
            }
        };
        let mut text = format!(
            r#"# The settings of a node. What stands here changes nothing about what is valid.

# A name for logs and metrics.
moniker = {moniker:?}

[http]
# Where the HTTP interface listens. TLS is for a proxy before it.
listen = "{}"
# Most connections, and most of one address.
connections_max = {}
connections_per_address_max = {}
# Seconds for a request's head to arrive (also for an idle connection), for its body, and for a
# client to take some of an answer.
head_seconds = {}
body_seconds = {}
write_seconds = {}
# Seconds for which `?wait=certified` is held, and how many requests may be held.
wait_seconds = {}
waiting_max = {}
# Most submitted events that are being checked; more are told to come later.
checking_max = {}

[consensus]
# Where agreement and the gossip of events listen: two ports.
listen = "{}"
gossip_listen = "{}"
# Milliseconds after which a block is made even when there are no events.
heartbeat_ms = {}
# Seconds for which the start waits for a quorum to be connected.
gather_seconds = {}

[mempool]
# Most events that wait for a block, their bytes, and most events of one principal.
events_max = {}
bytes_max = {}
principal_events_max = {}

[disk]
# Below so many free bytes nothing is written: the node neither votes nor takes events, until there
# is space again. Left out, it is a twentieth of the disk, and at most 1 GiB.
{free}
# Bytes that are held in reserve, to stop in order.
reserve_bytes = {}

[log]
# Which events are logged (DZONG_LOG goes before it), and how: "text" or "json".
filter = {:?}
format = "{format}"

# The lists of statuses that this node signs for issuers that named the method on the ledger: its
# key, seconds for which a list may be kept, and where the world finds this node.
{lists}
# Where other nodes are found: one table each, by the peer key that the ledger lists.
# [[peers]]
# key = "64 hexadecimal digits"
# address = "/ip4/192.0.2.1/tcp/26656"
# gossip = "/ip4/192.0.2.1/tcp/26657"
"#,
            http.listen,
            http.connections_max,
            http.connections_per_address_max,
            http.head_seconds,
            http.body_seconds,
            http.write_seconds,
            http.wait_seconds,
            http.waiting_max,
            http.checking_max,
            consensus.listen,
            consensus.gossip_listen,
            consensus.heartbeat_ms,
            consensus.gather_seconds,
            mempool.events_max,
            mempool.bytes_max,
            mempool.principal_events_max,
            disk.reserve_bytes,
            log.filter,
        );
        for Peer { key, address, gossip } in peers {
            text.push_str(&format!(
                "\n[[peers]]\nkey = \"{key}\"\naddress = \"{address}\"\ngossip = \"{gossip}\"\n"
            ));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Config {
        let at = |port: u16| format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap();
        let mut config = Config::new("node0", at(9080), at(10080));
        config.disk.free_bytes_min = Some(7);
        config.status = Some(StatusLists {
            key: "lists.json".into(),
            method: "did:ndi:bt:Qm#lists".into(),
            ttl_seconds: 9,
            url: "https://registry.example.bt".into(),
        });
        config.peers.push(Peer { key: PublicKey([7; 32]), address: at(9081), gossip: at(10081) });
        config
    }

    #[test]
    fn a_written_file_is_read_back() {
        let config = example();
        assert_eq!(toml::from_str::<Config>(&config.to_commented()).unwrap(), config);
    }

    #[test]
    fn what_is_left_out_has_its_default_and_what_is_unknown_is_refused() {
        let least = "moniker = 'n'\n[consensus]\nlisten = '/ip4/127.0.0.1/tcp/1'\n\
                     gossip_listen = '/ip4/127.0.0.1/tcp/2'\n";
        let config: Config = toml::from_str(least).unwrap();
        assert_eq!((config.http, config.log), (Http::default(), Log::default()));
        let error = toml::from_str::<Config>(&format!("{least}hartbeat_ms = 1\n")).unwrap_err();
        assert!(error.to_string().contains("hartbeat_ms"), "{error}");
    }
}
