//! The one integration binary: what must hold of the whole.

mod golden;
mod network;
mod tidy;
mod verifiers;
