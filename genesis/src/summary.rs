//! A genesis document for people: what the participants compare before the first start.

use std::fmt::Write as _;

use registry::{Genesis, time};

/// The document in words, with its hash first.
pub fn summary(genesis: &Genesis) -> String {
    let document = genesis.document();
    let mut text = String::new();
    let mut line = |name: &str, value: &dyn std::fmt::Display| {
        writeln!(text, "{name:<20} {value}").expect("a string takes every line");
    };
    line("genesis", &genesis.hash());
    line("network", &genesis.network());
    line("begins", &time::format(genesis.time()));
    for (seat, did) in document.roles.governors.iter().enumerate() {
        line(&format!("governor seat {}", seat + 1), did);
    }
    line("administrative body", &document.roles.administrative_body);
    line("secretary", &document.roles.secretary);
    document.roles.endorsers.iter().for_each(|did| line("endorser", did));
    for entry in &document.validators {
        line("validator", &format_args!("{} (power {})", entry.name, entry.power));
        line("  operator", &entry.operator);
        line("  votes with", &entry.validator_key);
    }
    for entry in &document.replicas {
        line("replica", &format_args!("{} of {}", entry.name, entry.operator));
    }
    if let Some(spans) = document.procedure {
        line("time to vote", &format_args!("{} s", spans.voting_period_seconds));
        line("time-lock", &format_args!("{} s", spans.time_lock_seconds));
    }
    line("trust period", &format_args!("{} s", document.parameters.trust_period_seconds));
    text
}
