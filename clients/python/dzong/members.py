"""Members of JSON objects as exact types: whatever else stands there is `Invalid`."""

import base64
import binascii
import re

from .verdict import Invalid

_HEX = re.compile(r"(?:[0-9a-f]{2})*", re.ASCII)


def members(value, *required: str, optional: tuple = ()) -> dict:
    """`value` as an object with these members and no others."""
    if type(value) is not dict:
        raise Invalid(f"not an object with {', '.join(required)}")
    for name in required:
        if name not in value:
            raise Invalid(f"`{name}` is missing")
    for name in value:
        if name not in required and name not in optional:
            raise Invalid(f"`{name}` is not known here")
    return value


def text(value) -> str:
    if type(value) is not str:
        raise Invalid("not a text where one belongs")
    return value


def optional_texts(value: dict, *names: str) -> list:
    """The texts of these members; `None` for one that is absent."""
    return [text(value[name]) if name in value else None for name in names]


def flag(value: dict, name: str) -> bool:
    """Whether a member stands, which is then `true`."""
    if value.get(name, True) is not True:
        raise Invalid(f"`{name}` is true or absent")
    return name in value


def natural(value, bits: int = 64) -> int:
    # `True` is an integer to Python, not to JSON.
    if type(value) is not int or not 0 <= value < 1 << bits:
        raise Invalid(f"not an integer from 0 of at most {bits} bits where one belongs")
    return value


def array(value) -> list:
    if type(value) is not list:
        raise Invalid("not an array where one belongs")
    return value


def hexadecimal(value, length: int = 32) -> bytes:
    """Bytes in lower-case hexadecimal digits."""
    if len(text(value)) != 2 * length or not _HEX.fullmatch(value):
        raise Invalid(f"not {2 * length} lower-case hexadecimal digits where they belong")
    return bytes.fromhex(value)


def base64_bytes(value, length: int | None = None) -> bytes:
    """Bytes in base64 with padding, in their one spelling."""
    try:
        data = base64.b64decode(text(value), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("not base64 where it belongs") from None
    # The library ignores the bits that the last digit has too many.
    if base64.b64encode(data).decode() != value or length not in (None, len(data)):
        raise Invalid("not base64 of the right length in its one spelling")
    return data
