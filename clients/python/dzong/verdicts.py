"""`python -m dzong.verdicts`: verdicts by the line, to compare verifiers in several languages.

A line in is `{"genesis": text, "answer": text, "now": ms, "maxAgeMs": ms or null}` (or with a
`checkpoint` for the `genesis`), a line out `{"verdict": name, "why": text}`.
"""

import json
import sys
from functools import lru_cache

from .answer import check
from .trust import Trust
from .verdict import Invalid, Verdict


def main() -> None:
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        # Half a surrogate pair can stand in a JSON text, but never in an answer's bytes.
        answer = asked["answer"].encode("utf-8", "surrogatepass")
        try:
            trust = _trust(asked.get("genesis"), asked.get("checkpoint"))
            verdict = check(trust, answer, asked["now"], asked.get("maxAgeMs"))
        except Invalid as error:
            verdict = Verdict("invalid", f"what is trusted: {error}")
        print(json.dumps({"verdict": verdict.name, "why": verdict.why}), flush=True)


@lru_cache(maxsize=16)
def _trust(genesis: str | None, checkpoint: str | None) -> Trust:
    if genesis is None:
        return Trust.from_checkpoint(checkpoint.encode())
    return Trust.from_genesis(genesis.encode())


if __name__ == "__main__":
    main()
