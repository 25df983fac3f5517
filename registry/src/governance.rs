//! The Governing Body on the ledger: who sits in it, how it decides, and what it approved.

pub mod body;
pub mod chair;
pub mod decision;
pub mod document;
mod evidence;
pub mod procedure;
mod refusal;
pub mod voices;

pub use body::Body;
pub use evidence::Evidence;
pub use procedure::Procedure;
pub use refusal::GovernanceError;

#[cfg(test)]
pub(crate) mod tests;
