//! `RecognitionReinstated`: a suspended recognition counts again.

use crate::authority::{Class, Power};
use crate::trust::Recognition;
use crate::trust::step::status_kind;

status_kind! {
    /// The members of `RecognitionReinstated`.
    RecognitionReinstated: Recognition, to Active, on Recognition::ENDING,
    sections "s.6 (6), s.128",
    by &[Power::GoverningBody(Class::Ordinary)],
    conditions "The Governing Body ends the suspension that it made."
}
