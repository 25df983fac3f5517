"""Strict JSON and its canonical form (RFC 8785), in the profile of `docs/format.md`."""

import json

from .verdict import Invalid

DEPTH_MAX = 32
INTEGER_MAX = 2**53 - 1


def parse(data: bytes, bytes_max: int):
    """The value of a text of the profile, in any spelling; raises `Invalid` for any other text."""
    if len(data) > bytes_max:
        raise Invalid(f"the text is longer than {bytes_max} bytes: shorten it")
    try:
        # The standard library reads more than JSON; the hooks refuse what is more.
        value = _DECODER.decode(data.decode("utf-8"))
    except RecursionError:
        raise Invalid(_TOO_DEEP) from None
    except ValueError as error:
        raise Invalid(f"not json of the profile: {error}") from None
    _inspect(value, 0)
    return value


def canonical(value) -> bytes:
    """The one spelling of a value that `parse` returned, or that is made of such values."""
    text = json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8")


def parse_canonical(data: bytes, bytes_max: int) -> dict:
    """The object whose canonical form these bytes are; raises `Invalid` for any others."""
    value = parse(data, bytes_max)
    if type(value) is not dict or canonical(value) != data:
        raise Invalid("not an object in canonical form: write it by rfc 8785")
    return value


_TOO_DEEP = f"arrays and objects nest too deep: at most {DEPTH_MAX} levels"


def _integer(text: str) -> int:
    # Length first: turning digits into a number takes time that grows with their square.
    if len(text) > 17 or text == "-0" or abs(int(text)) > INTEGER_MAX:
        raise ValueError(f"`{text[:20]}` is beyond 2^53-1 or minus zero: write it as a string")
    return int(text)


def _no_number(text: str):
    raise ValueError(f"`{text[:20]}` is not an integer: write a plain one")


def _object(pairs: list) -> dict:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member name stands twice: remove one")
    return members


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_no_number,
    parse_constant=_no_number,
)


def _inspect(value, depth: int) -> None:
    """Refuses depth, and characters that escapes can bring in: U+0000 and half surrogate pairs."""
    kind = type(value)
    if kind is str:
        if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
            raise Invalid("a string holds u+0000 or half a surrogate pair: remove it")
    elif kind is dict or kind is list:
        if depth == DEPTH_MAX:
            raise Invalid(_TOO_DEEP)
        for item in value:
            _inspect(item, depth + 1)
        if kind is dict:
            for item in value.values():
                _inspect(item, depth + 1)


def _ordered(value):
    kind = type(value)
    if kind is dict:
        # RFC 8785 orders names by UTF-16 code units, which differs beyond the basic plane.
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return {name: _ordered(value[name]) for name in names}
    if kind is list:
        return [_ordered(item) for item in value]
    return value
