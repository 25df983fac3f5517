//! The functions that WebAssembly's host calls. Texts pass through slots of the module's memory:
//! the host asks for room, writes there, calls, and reads the result. Its only allowance is the
//! name of each export, which the compiler counts as unsafe; no memory is touched but by safe code.
#![allow(unsafe_code, reason = "an export's name has to be unique in what is linked")]

use std::cell::RefCell;
use std::ptr;

use proofs::trust::Freshness;
use registry::answer::ANSWER_BYTES_MAX;
use serde_json::Value;

/// Slots by number: the trusted document, the text to judge, the question, the result.
const SLOTS: usize = 4;
const RESULT: usize = 3;

thread_local! {
    static TEXTS: RefCell<[Vec<u8>; SLOTS]> = const { RefCell::new([const { Vec::new() }; SLOTS]) };
}

/// Makes room for a text of this length and says where; null for a text that is too long.
#[unsafe(no_mangle)]
extern "C" fn room(slot: usize, length: usize) -> *mut u8 {
    TEXTS.with_borrow_mut(|texts| match texts.get_mut(slot) {
        Some(text) if length <= ANSWER_BYTES_MAX => {
            text.clear();
            text.resize(length, 0);
            text.as_mut_ptr()
        }
        _ => ptr::null_mut(),
    })
}

/// Where the result is; how long it is, the call said.
#[unsafe(no_mangle)]
extern "C" fn result() -> *const u8 {
    TEXTS.with_borrow(|texts| texts[RESULT].as_ptr())
}

/// [`crate::trust`]
#[unsafe(no_mangle)]
extern "C" fn trust() -> usize {
    answer(|[document, ..]| crate::trust(document))
}

/// [`crate::verify`]; the greatest age stands for any.
#[unsafe(no_mangle)]
extern "C" fn verify(now: u64, age_max: u64) -> usize {
    let freshness = Freshness { now, age_max: (age_max != u64::MAX).then_some(age_max) };
    answer(|[document, text, asked, _]| crate::verify(document, text, asked, freshness))
}

/// [`crate::follow`]
#[unsafe(no_mangle)]
extern "C" fn follow(now: u64) -> usize {
    answer(|[document, text, ..]| crate::follow(document, text, now))
}

/// [`crate::block`]
#[unsafe(no_mangle)]
extern "C" fn block(now: u64) -> usize {
    answer(|[document, text, ..]| crate::block(document, text, now))
}

/// [`crate::signatures`]
#[unsafe(no_mangle)]
extern "C" fn signatures() -> usize {
    answer(|[_, text, ..]| crate::signatures(text))
}

/// Puts the result into its slot, and returns its length.
fn answer(judge: impl Fn(&[Vec<u8>; SLOTS]) -> Value) -> usize {
    TEXTS.with_borrow_mut(|texts| {
        texts[RESULT] = judge(texts).to_string().into_bytes();
        texts[RESULT].len()
    })
}
