//! `dzong init`: the home of a new node.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use consensus::Multiaddr;
use proofs::PublicKey;
use serde_json::json;

use crate::cli::Global;
use crate::commands::key::new_passphrase;
use crate::config::Config;
use crate::home::{Home, load_genesis};
use crate::output;

/// Make the home of a new node: settings and keys
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  dzong init --home ./node --name thimphu-1\n\nThen: `dzong \
                        genesis sign` makes the node's part of a new network; to join one, copy \
                        its genesis document there with --genesis")]
pub struct Init {
    /// Where the home is made
    #[arg(long, value_name = "DIR")]
    home: PathBuf,
    /// The network that the genesis document must be of
    #[arg(long, value_name = "NAME", requires = "genesis")]
    network: Option<String>,
    /// The network's genesis document, which is copied into the home
    #[arg(long, value_name = "FILE")]
    genesis: Option<PathBuf>,
    /// What the node is called in logs and metrics
    #[arg(long, default_value = "node")]
    name: String,
    /// A node that follows without a vote has a peer key alone
    #[arg(long)]
    replica: bool,
    /// Encrypt the key that votes: asks for a passphrase, or takes DZONG_PASSPHRASE, as `dzong
    /// run` does
    #[arg(long, conflicts_with = "replica")]
    encrypt: bool,
    /// Where agreement listens
    #[arg(long, value_name = "ADDRESS", default_value = "/ip4/0.0.0.0/tcp/26656")]
    listen: Multiaddr,
    /// Where the gossip of events listens
    #[arg(long, value_name = "ADDRESS", default_value = "/ip4/0.0.0.0/tcp/26657")]
    gossip_listen: Multiaddr,
}

impl Init {
    /// Runs the command.
    ///
    /// # Errors
    /// There is a home already, the genesis document is refused, or the disk is.
    pub fn run(self, global: &Global) -> anyhow::Result<()> {
        let genesis = self.genesis.as_deref().map(load_genesis).transpose()?;
        if let (Some(genesis), Some(network)) = (&genesis, &self.network)
            && genesis.network() != network
        {
            bail!("the genesis document is of network `{}`, not `{network}`", genesis.network());
        }
        let home = Home::new(&self.home);
        let config = Config::new(&self.name, self.listen, self.gossip_listen);
        let phrase = if self.encrypt { Some(new_passphrase()?) } else { None };
        let phrase = phrase.as_ref().map(|phrase| phrase.as_str());
        let keys = home.create(&config, self.replica, phrase)?;
        if let Some(genesis) = &genesis {
            std::fs::write(home.genesis(), genesis.bytes())
                .with_context(|| format!("cannot write `{}`", home.genesis().display()))?;
        }
        let peer = PublicKey::from(&keys.p2p);
        let vote = keys.validator.as_ref().map(|keys| PublicKey::from(&keys.vote));
        if global.json {
            return output::json(&json!({
                "home": self.home,
                "genesis": genesis.map(|genesis| genesis.hash()),
                "validatorKey": vote,
                "peerKey": peer,
            }));
        }
        output::line(&format!("home       {}", self.home.display()))?;
        if let Some(vote) = vote {
            output::line(&format!("votes with {vote}"))?;
        }
        output::line(&format!("peer key   {peer}"))
    }
}
