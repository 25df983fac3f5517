//! BBS signatures as the IRTF draft has them (draft-irtf-cfrg-bbs-signatures, state of July 2025),
//! in the ciphersuite BLS12-381-SHA-256: an issuer signs a list of messages, a holder proves to
//! have such a signature and discloses some of them.
//!
//! Names follow the draft: `P1`, `Q_1`, `H_i` are its generators, `A` and `e` a signature, `Abar`,
//! `Bbar`, `D` and the scalars with a hat a proof.

mod proof;
mod signature;
mod suite;

#[cfg(test)]
mod tests;

pub(crate) use proof::scalars;
pub use proof::{Blinded, Opening, Proof, verify_proof};
pub use signature::{BbsError, PublicKey, SecretKey, Signature, sign, verify};
pub use suite::{CIPHERSUITE, Generators, Interface, SCALAR_BYTES, random_scalar};
pub(crate) use suite::{msm, read_scalar, scalar_bytes};
