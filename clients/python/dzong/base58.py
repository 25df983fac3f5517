"""Base58btc."""

_DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def decode(value: str) -> bytes | None:
    """The bytes of a text; `None` if it holds another character. Takes time that grows with the
    square of the length, so callers look at that first."""
    number = 0
    for char in value:
        digit = _DIGITS.find(char)
        if digit < 0:
            return None
        number = number * 58 + digit
    zeros = len(value) - len(value.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def encode(data: bytes) -> str:
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _DIGITS[digit] + digits
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + digits


def multihash(digest: bytes) -> str:
    """A SHA-256 digest as a multihash."""
    return encode(b"\x12\x20" + digest)


def is_multihash(value: str) -> bool:
    """Whether a text is a SHA-256 multihash."""
    data = decode(value) if len(value) == 46 else None
    return data is not None and len(data) == 34 and data[:2] == b"\x12\x20"
