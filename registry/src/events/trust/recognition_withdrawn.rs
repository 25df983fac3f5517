//! `RecognitionWithdrawn`: the end of a recognition.

use crate::authority::{Class, Power};
use crate::trust::Recognition;
use crate::trust::step::status_kind;

status_kind! {
    /// The members of `RecognitionWithdrawn`.
    RecognitionWithdrawn: Recognition, to Revoked, on Recognition::ENDING,
    sections "s.6 (6), s.128",
    by &[Power::GoverningBody(Class::Ordinary)],
    conditions "The Governing Body, which recognised the scheme, names the ground."
}
