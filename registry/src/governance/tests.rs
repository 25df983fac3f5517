//! The Act's rules of governance and of the network, each shown by the section that it serves.

mod body;
mod decisions;
mod documents;
mod infrastructure;
mod model;
pub(crate) mod nation;
