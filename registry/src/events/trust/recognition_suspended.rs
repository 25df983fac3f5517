//! `RecognitionSuspended`: a recognition does not count for now.

use crate::authority::{Class, Power};
use crate::trust::Recognition;
use crate::trust::step::status_kind;

status_kind! {
    /// The members of `RecognitionSuspended`.
    RecognitionSuspended: Recognition, to Suspended, on Recognition::ENDING,
    sections "s.6 (6), s.128",
    by &[Power::GoverningBody(Class::Ordinary)],
    conditions "The Governing Body, which recognised the scheme, names the ground."
}
