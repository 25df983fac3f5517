//! The one integration binary: what must hold of the whole.

mod network;
mod tidy;
