//! `WalletWithdrawn`: a version of a wallet is certified no more.

use crate::authority::Power;
use crate::trust::step::status_kind;
use crate::trust::{Action, Wallet};

status_kind! {
    /// The members of `WalletWithdrawn`.
    WalletWithdrawn: Wallet, to Revoked, on Wallet::WITHDRAWAL,
    sections "s.70, s.73, s.76",
    by &[Power::AdministrativeBody, Power::Holder(Action::Certify), Power::Author],
    conditions "The provider takes its own version back, or its certifier finds that it does not \
        conform."
}
