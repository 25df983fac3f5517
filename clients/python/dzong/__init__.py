"""An independent verifier of the Dzong ledger, written from `docs/format.md` alone.

Whoever holds a network's genesis document checks here, offline, whether an answer of any node is
what more than two thirds of the validators certified.

Invariants:

* No input, no output, no clock below `client`, `log` and the command line: a verdict is a function
  of what is trusted, the bytes and the moment.
* Bytes from outside end in a verdict, never in an exception.
* Only a `Verdict` whose `name` is `valid` is a yes.
"""

from .answer import check, check_receipt
from .trust import Trust
from .vector import apply_delta, nodes_of, status_at
from .verdict import Verdict

__all__ = [
    "Trust",
    "Verdict",
    "apply_delta",
    "check",
    "check_receipt",
    "nodes_of",
    "status_at",
]
