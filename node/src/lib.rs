//! The binary `dzong`: wiring, admission, HTTP, metrics, and the commands of authors and operators.

pub mod admission;
pub mod api;
pub mod application;
pub mod author;
pub mod checkpoint;
pub mod cli;
pub mod client;
pub mod commands;
pub mod config;
pub mod home;
pub mod intake;
pub mod keys;
pub mod metrics;
pub mod output;
pub mod problem;
pub mod server;
pub mod signatures;
pub mod trust;
pub mod waiting;
pub mod wiring;
