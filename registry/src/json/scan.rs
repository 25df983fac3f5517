//! The one scanner, for canonical text and for any spelling of it. It decides; it builds nothing
//! but the spans of the outermost members.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::{DEPTH_MAX, INTEGER_MAX, JsonCode, JsonError, Member, write};

/// Checks one canonical object and returns its members.
pub(super) fn canonical_object(bytes: &[u8], max: usize) -> Result<Vec<Member<'_>>, JsonError> {
    let mut members = Vec::with_capacity(16);
    scan::<true>(bytes, max, Some(&mut members))?;
    if bytes.first() != Some(&b'{') {
        return Err(JsonError::new(JsonCode::NotObject, 0));
    }
    Ok(members)
}

/// Checks one value of any spelling.
pub(super) fn any_value(bytes: &[u8], max: usize) -> Result<(), JsonError> {
    scan::<false>(bytes, max, None)
}

/// The elements of an array whose text is canonical; `None` where it is no array.
pub(super) fn elements(text: &[u8]) -> Option<Vec<&[u8]>> {
    let mut scanner = Scanner::<true> { rest: text.strip_prefix(b"[")?, length: text.len() };
    let mut elements = Vec::new();
    if scanner.take(b']') {
        return Some(elements);
    }
    loop {
        let start = scanner.rest;
        // Somewhere inside a checked text: at depth 1 at the least, so no limit is met again.
        scanner.value(1, None).ok()?;
        elements.push(before(start, scanner.rest));
        if !scanner.take(b',') {
            return Some(elements);
        }
    }
}

/// How RFC 8785 orders two names, given as they are written: by UTF-16 code units.
pub(super) fn name_order(one: &[u8], other: &[u8]) -> Ordering {
    let plain = |name: &[u8]| name.iter().all(|byte| byte.is_ascii() && *byte != b'\\');
    if plain(one) && plain(other) {
        return one.cmp(other);
    }
    unescape(one).encode_utf16().cmp(unescape(other).encode_utf16())
}

/// Scans the whole text; where it is an object, `members` receives what it holds.
fn scan<'a, const CANONICAL: bool>(
    bytes: &'a [u8],
    max: usize,
    members: Option<&mut Vec<Member<'a>>>,
) -> Result<(), JsonError> {
    if bytes.len() > max {
        return Err(JsonError::new(JsonCode::Size, max));
    }
    let Err(error) = std::str::from_utf8(bytes) else {
        return Scanner::<CANONICAL> { rest: bytes, length: bytes.len() }.text(members);
    };
    // The text before the bad byte says where it is, or is wrong itself.
    let offset = error.valid_up_to();
    let before = bytes.get(..offset).unwrap_or_default();
    let scanned = Scanner::<CANONICAL> { rest: before, length: offset }.text(None);
    let place = match scanned {
        Err(earlier) if earlier.offset < offset => return Err(earlier),
        Err(cut) => cut.place,
        Ok(()) => String::new(),
    };
    Err(JsonError { code: JsonCode::Utf8, offset, place })
}

/// What is left of a text that is valid UTF-8.
struct Scanner<'a, const CANONICAL: bool> {
    rest: &'a [u8],
    length: usize,
}

impl<'a, const CANONICAL: bool> Scanner<'a, CANONICAL> {
    fn text(&mut self, members: Option<&mut Vec<Member<'a>>>) -> Result<(), JsonError> {
        self.value(0, members)?;
        self.space();
        if self.rest.is_empty() { Ok(()) } else { Err(self.unexpected()) }
    }

    /// One value inside `depth` arrays and objects.
    fn value(
        &mut self,
        depth: usize,
        members: Option<&mut Vec<Member<'a>>>,
    ) -> Result<(), JsonError> {
        self.space();
        match self.rest.first() {
            Some(b'"') => self.string().map(drop),
            Some(b'{') => self.object(depth + 1, members),
            Some(b'[') => self.array(depth + 1),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            _ => Err(self.unexpected()),
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), JsonError> {
        self.enter(depth)?;
        if self.take(b']') {
            return Ok(());
        }
        let mut at = 0_usize;
        loop {
            self.value(depth, None).map_err(|error| error.under(&at.to_string()))?;
            at += 1;
            if self.take(b']') {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    fn object(
        &mut self,
        depth: usize,
        mut members: Option<&mut Vec<Member<'a>>>,
    ) -> Result<(), JsonError> {
        self.enter(depth)?;
        if self.take(b'}') {
            return Ok(());
        }
        let mut names = Names::<'a, CANONICAL>::default();
        loop {
            self.space();
            let start = self.rest;
            let name = self.string()?;
            names.add(name).map_err(|code| {
                JsonError::new(code, self.length - start.len()).under(&unescape(name))
            })?;
            self.space();
            self.expect(b':')?;
            let start = self.rest;
            self.value(depth, None).map_err(|error| error.under(&unescape(name)))?;
            if let Some(members) = members.as_deref_mut() {
                members.push(Member { name, value: before(start, self.rest) });
            }
            if self.take(b'}') {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    /// Steps over the bracket that opens level `depth`.
    fn enter(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth > DEPTH_MAX {
            return Err(self.error(JsonCode::Depth));
        }
        self.skip(1);
        Ok(())
    }

    /// Steps over a string and returns what is between the quotes, as it is written.
    fn string(&mut self) -> Result<&'a [u8], JsonError> {
        self.expect(b'"')?;
        let start = self.rest;
        loop {
            self.skip(plain_run(self.rest));
            match self.rest.first() {
                Some(b'"') => {
                    let text = before(start, self.rest);
                    self.skip(1);
                    return Ok(text);
                }
                Some(b'\\') => self.escape()?,
                _ => return Err(self.error(JsonCode::Syntax)),
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        let (character, length) = read_escape(self.rest).map_err(|code| self.error(code))?;
        if CANONICAL {
            let written = self.rest.get(..length).unwrap_or_default();
            if write::escape(character).map(str::as_bytes) != Some(written) {
                return Err(self.error(JsonCode::NotCanonical));
            }
        }
        self.skip(length);
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let start = self.rest;
        let negative = self.take_here(b'-');
        let digits = self.digits()?;
        let integer = before(digits, self.rest);
        if integer.len() > 1 && integer.first() == Some(&b'0') {
            return Err(self.error_at(digits, JsonCode::Syntax));
        }
        if matches!(self.rest.first(), Some(b'.' | b'e' | b'E')) {
            self.fraction()?;
            return Err(self.error_at(start, JsonCode::Float));
        }
        let value = std::str::from_utf8(integer).ok().and_then(|text| text.parse::<i64>().ok());
        match value {
            Some(0) if negative => Err(self.error_at(start, JsonCode::NumberRange)),
            Some(value) if value <= INTEGER_MAX => Ok(()),
            _ => Err(self.error_at(start, JsonCode::NumberRange)),
        }
    }

    /// Steps over a fraction and an exponent: they are refused, but not as bad syntax.
    fn fraction(&mut self) -> Result<(), JsonError> {
        if self.take_here(b'.') {
            self.digits()?;
        }
        if self.take_here(b'e') || self.take_here(b'E') {
            let _sign = self.take_here(b'+') || self.take_here(b'-');
            self.digits()?;
        }
        Ok(())
    }

    /// Steps over one digit or more; returns where they begin.
    fn digits(&mut self) -> Result<&'a [u8], JsonError> {
        let start = self.rest;
        let count = start.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return Err(self.error(JsonCode::Syntax));
        }
        self.skip(count);
        Ok(start)
    }

    fn word(&mut self, word: &[u8]) -> Result<(), JsonError> {
        self.rest = self.rest.strip_prefix(word).ok_or(self.error(JsonCode::Syntax))?;
        Ok(())
    }

    /// Steps over white space, of which canonical text has none.
    fn space(&mut self) {
        if !CANONICAL {
            self.skip(self.rest.iter().take_while(|byte| is_space(**byte)).count());
        }
    }

    /// Steps over `byte` and the white space before it, if that is what comes next.
    fn take(&mut self, byte: u8) -> bool {
        self.space();
        self.take_here(byte)
    }

    fn take_here(&mut self, byte: u8) -> bool {
        let taken = self.rest.first() == Some(&byte);
        if taken {
            self.skip(1);
        }
        taken
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.take_here(byte) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    /// The error of a byte that cannot stand here: white space is bad form, the rest no JSON.
    fn unexpected(&self) -> JsonError {
        self.error(match self.rest.first() {
            Some(byte) if CANONICAL && is_space(*byte) => JsonCode::NotCanonical,
            _ => JsonCode::Syntax,
        })
    }

    fn error(&self, code: JsonCode) -> JsonError {
        self.error_at(self.rest, code)
    }

    fn error_at(&self, rest: &[u8], code: JsonCode) -> JsonError {
        JsonError::new(code, self.length - rest.len())
    }
}

/// The names of one object so far. In canonical text they ascend, so the last one is enough.
#[derive(Default)]
struct Names<'a, const CANONICAL: bool> {
    last: Option<&'a [u8]>,
    all: BTreeSet<Cow<'a, str>>,
}

impl<'a, const CANONICAL: bool> Names<'a, CANONICAL> {
    fn add(&mut self, name: &'a [u8]) -> Result<(), JsonCode> {
        if !CANONICAL {
            let new = self.all.insert(unescape(name));
            return if new { Ok(()) } else { Err(JsonCode::DuplicateMember) };
        }
        let order = self.last.map_or(Ordering::Less, |last| name_order(last, name));
        self.last = Some(name);
        match order {
            Ordering::Less => Ok(()),
            Ordering::Equal => Err(JsonCode::DuplicateMember),
            Ordering::Greater => Err(JsonCode::NotCanonical),
        }
    }
}

/// The part of `start` before its end part `rest`.
fn before<'a>(start: &'a [u8], rest: &[u8]) -> &'a [u8] {
    start.get(..start.len().saturating_sub(rest.len())).unwrap_or_default()
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// How many bytes at the start of `bytes` stand for themselves in a string: no quote, no backslash,
/// no control character. Eight at a time, for most of an event is strings.
pub(super) fn plain_run(bytes: &[u8]) -> usize {
    let special = |byte: &u8| matches!(byte, 0..=0x1f | b'"' | b'\\');
    let (words, tail) = bytes.as_chunks::<8>();
    let mut run = 0;
    for word in words {
        if has_special(u64::from_le_bytes(*word)) {
            return run + word.iter().position(special).unwrap_or(8);
        }
        run += 8;
    }
    run + tail.iter().position(special).unwrap_or(tail.len())
}

/// Whether any of the eight bytes is a quote, a backslash or below 0x20. `(x − n) & !x` has the top
/// bit of a byte set where the byte is below n (n ≤ 128), and perhaps of bytes above such a one.
fn has_special(word: u64) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word;
    let equal = |byte: u8| below(word ^ u64::from_ne_bytes([byte; 8]), 1);
    (below(word, 0x20) | equal(b'"') | equal(b'\\')) & (ONES << 7) != 0
}

/// What a string's text says, escapes read. Text that was not scanned loses what is wrong in it.
fn unescape(text: &[u8]) -> Cow<'_, str> {
    if !text.contains(&b'\\') {
        return String::from_utf8_lossy(text);
    }
    let mut read = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (plain, escaped) = rest.split_at_checked(plain_run(rest)).unwrap_or((rest, &[]));
        read.push_str(&String::from_utf8_lossy(plain));
        let length = match read_escape(escaped) {
            Ok((character, length)) => {
                read.push(character);
                length
            }
            Err(_) => 1,
        };
        rest = escaped.get(length..).unwrap_or_default();
    }
    Cow::Owned(read)
}

/// Reads the escape at the start of `text`; returns the character and how many bytes it took.
fn read_escape(text: &[u8]) -> Result<(char, usize), JsonCode> {
    let [b'\\', kind, hex @ ..] = text else { return Err(JsonCode::Syntax) };
    let character = match kind {
        b'"' | b'\\' | b'/' => char::from(*kind),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return read_unit(hex),
        _ => return Err(JsonCode::Syntax),
    };
    Ok((character, 2))
}

/// Reads what follows `\u`: four digits, or the two fours of a surrogate pair.
fn read_unit(hex: &[u8]) -> Result<(char, usize), JsonCode> {
    let (unit, rest) = read_hex(hex).ok_or(JsonCode::Syntax)?;
    let low = match unit {
        0 => return Err(JsonCode::Nul),
        0xd800..=0xdbff => rest.strip_prefix(b"\\u").and_then(read_hex).map(|(low, _)| low),
        _ => None,
    };
    let length = if low.is_some() { 12 } else { 6 };
    match char::decode_utf16([unit].into_iter().chain(low)).next() {
        Some(Ok(character)) => Ok((character, length)),
        _ => Err(JsonCode::LoneSurrogate),
    }
}

/// Reads four hexadecimal digits of either case.
fn read_hex(text: &[u8]) -> Option<(u16, &[u8])> {
    let (digits, rest) = text.split_first_chunk::<4>()?;
    let mut unit = 0;
    for digit in digits {
        let value = char::from(*digit).to_digit(16)?;
        unit = unit << 4 | u16::try_from(value).ok()?;
    }
    Some((unit, rest))
}
