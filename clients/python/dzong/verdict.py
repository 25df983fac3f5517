"""What a check ends in."""

from dataclasses import dataclass

#: Exit codes of the command line, the same as those of `dzong verify`.
EXIT_CODES = {"valid": 0, "stale": 2, "untrusted": 3, "invalid": 4}


@dataclass(frozen=True)
class Verdict:
    """`name` is `valid`, `stale`, `untrusted` or `invalid`. Only the first is a yes."""

    name: str
    why: str = ""
    #: The height and block time (milliseconds since 1970) for which a proven answer speaks.
    height: int | None = None
    time: int | None = None

    def __str__(self) -> str:
        at = "" if self.height is None else f" at height {self.height}"
        why = f": {self.why}" if self.why else ""
        return f"{self.name.capitalize()}{at}{why}"


class Refusal(Exception):
    """A check that fails, with the verdict that it ends in."""

    verdict = "invalid"


class Invalid(Refusal):
    """Broken: it does not prove what it says."""


class Untrusted(Refusal):
    """Whole, but not under anything that the caller trusts."""

    verdict = "untrusted"


class Stale(Refusal):
    """Proven, but older than the caller allows or than what it knows."""

    verdict = "stale"

    def __init__(self, why: str, height: int, time: int):
        super().__init__(why)
        self.height, self.time = height, time


def judged(check) -> Verdict:
    """The verdict of a check, which returns (height, time) or raises a refusal."""
    try:
        height, time = check()
    except Refusal as refusal:
        height, time = getattr(refusal, "height", None), getattr(refusal, "time", None)
        return Verdict(refusal.verdict, str(refusal), height, time)
    return Verdict("valid", "", height, time)
