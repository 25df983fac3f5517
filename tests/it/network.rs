//! What must hold for people who use a network of real processes. These tests take turns.

mod blobs;
mod certificates;
mod clones;
mod crash;
mod disk;
mod documents;
mod governance;
mod guides;
mod lifecycle;
mod localnet;
mod log;
mod moving;
mod npm;
mod revocation;
mod slots;
mod trouble;
