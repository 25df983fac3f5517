//! The few shapes of CBOR that a CWT is written with (RFC 8949, 3.1), each in its shortest form.
//! Nothing is read here: six shapes that are only written need no library.

/// Bytes of CBOR, written one item after the other.
#[derive(Debug, Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new() -> Writer {
        Writer::default()
    }

    /// An integer: major type 0, or 1 where it is negative.
    pub(super) fn integer(self, value: i64) -> Writer {
        match u64::try_from(value) {
            Ok(value) => self.unsigned(value),
            // RFC 8949, 3.1: the value is minus one, less the argument.
            Err(_) => self.head(1, value.unsigned_abs() - 1),
        }
    }

    pub(super) fn unsigned(self, value: u64) -> Writer {
        self.head(0, value)
    }

    pub(super) fn bytes(self, bytes: &[u8]) -> Writer {
        self.string(2, bytes)
    }

    pub(super) fn text(self, text: &str) -> Writer {
        self.string(3, text.as_bytes())
    }

    /// The head of an array; its items follow.
    pub(super) fn array(self, items: u64) -> Writer {
        self.head(4, items)
    }

    /// The head of a map; its keys and values follow in turn.
    pub(super) fn map(self, entries: u64) -> Writer {
        self.head(5, entries)
    }

    /// A tag; what it is of follows.
    pub(super) fn tag(self, tag: u64) -> Writer {
        self.head(6, tag)
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn string(self, major: u8, bytes: &[u8]) -> Writer {
        let length = u64::try_from(bytes.len()).expect("memory is shorter than 2^64 bytes");
        let mut writer = self.head(major, length);
        writer.0.extend_from_slice(bytes);
        writer
    }

    fn head(mut self, major: u8, argument: u64) -> Writer {
        let big_endian = argument.to_be_bytes();
        let [.., last] = big_endian;
        let (short, length) = match argument {
            0..24 => (last, 0),
            24..0x100 => (24, 1),
            0x100..0x1_0000 => (25, 2),
            0x1_0000..0x1_0000_0000 => (26, 4),
            _ => (27, 8),
        };
        self.0.push(major << 5 | short);
        self.0.extend_from_slice(&big_endian[8 - length..]);
        self
    }
}
