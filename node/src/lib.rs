//! The binary `dzong`: wiring, admission, HTTP, metrics, and the commands of authors and operators.

pub mod cli;
pub mod client;
pub mod commands;
pub mod keys;
pub mod output;
