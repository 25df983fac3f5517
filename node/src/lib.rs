//! The binary `dzong`: wiring, admission, HTTP, metrics, and the commands of authors and operators.
//!
//! # Invariants
//!
//! * Nothing here decides what is valid: rules are in `registry`, execution in `ledger`.
//! * The node never says "verified": it serves proofs, and commands that check answers run the
//!   client's verifier.
//! * Settings change no validity. No log line or metric tells who asked for what.
//! * Everything from outside has a deadline and a cap; refusals are quick and say when to return.

pub mod admission;
pub mod api;
pub mod application;
pub mod author;
pub mod background;
pub mod blobs;
pub mod blocks;
pub mod certificate;
pub mod checkpoint;
pub mod cli;
pub mod client;
pub mod clock;
pub mod commands;
pub mod config;
mod document;
pub mod feed;
pub mod files;
pub mod home;
pub mod intake;
pub mod keys;
pub mod ledger_file;
pub mod metrics;
pub mod mirror;
pub mod output;
pub mod problem;
mod registrar;
pub mod replay;
pub mod server;
pub mod signatures;
pub mod signers;
pub mod space;
pub mod status_list;
pub mod statuses;
pub mod trust;
pub mod trusted_list;
pub mod waiting;
pub mod wiring;

#[cfg(test)]
mod testing;
