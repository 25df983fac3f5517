"""`python -m dzong.verdicts`: verdicts by the line, to compare verifiers in several languages.

A line in is `{"genesis": text, "answer": text, "now": ms, "maxAgeMs": ms or null}`, a line out
`{"verdict": name, "why": text}`.
"""

import json
import sys

from .answer import check
from .trust import Trust


def main() -> None:
    trusts: dict[str, Trust] = {}
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        genesis = asked["genesis"]
        if genesis not in trusts:
            trusts[genesis] = Trust.from_genesis(genesis.encode())
        # Half a surrogate pair can stand in a JSON text, but never in an answer's bytes.
        answer = asked["answer"].encode("utf-8", "surrogatepass")
        verdict = check(trusts[genesis], answer, asked["now"], asked.get("maxAgeMs"))
        print(json.dumps({"verdict": verdict.name, "why": verdict.why}), flush=True)


if __name__ == "__main__":
    main()
