"""Moments in milliseconds since 1970, and their texts."""

import re
from datetime import datetime, timezone

_TEXT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)
_FORM = "%Y-%m-%dT%H:%M:%SZ"
#: 9999-12-31T23:59:59Z.
_SECONDS_MAX = 253_402_300_799


def parse(value: str) -> int | None:
    """The moment of `YYYY-MM-DDThh:mm:ssZ`; `None` for any other text or day."""
    if not _TEXT.fullmatch(value):
        return None
    try:
        moment = datetime.strptime(value, _FORM).replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    seconds = int(moment.timestamp())
    return seconds * 1000 if seconds >= 0 else None


def show(milliseconds: int) -> str:
    """The text of a moment, rounded down to the second."""
    seconds = min(milliseconds // 1000, _SECONDS_MAX)
    return datetime.fromtimestamp(seconds, timezone.utc).strftime(_FORM)
