"""What revocation costs with the AnonCreds library (anoncreds 0.2.3): medians of CPU time.

    .venv/bin/python bench_anoncreds.py [CREDENTIALS]

The figures of `docs/revocation.md` that stand beside those of `cargo bench`.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import anoncreds
from anoncreds_wallet import Holder, Issuer, Verifier

#: How often each is done. The library draws randomness, so no two runs are alike.
TIMES = 9


def measured(name: str, work: Callable[[], Any], times: int = TIMES) -> Any:
    """Does something several times, and says how long it took this process."""
    spent = []
    for _ in range(times):
        began = time.process_time()
        result = work()
        spent.append(time.process_time() - began)
    print(f"{name:52} {1000 * statistics.median(spent):9.2f} ms", flush=True)
    return result


def main() -> None:
    """Prints a line for each figure."""
    capacity = int(sys.argv[1]) if len(sys.argv) > 1 else 32_768
    with tempfile.TemporaryDirectory() as folder:
        made = measured(
            "keys, definition and tails", lambda: Issuer("did:example:i", capacity, folder), 1
        )
        first = measured("first status list", lambda: made.status_list(1_000), 1)
        listed = anoncreds.RevocationStatusList.load(first)
        private = (made._cred_def, made._rev_reg_def, made._rev_reg_key)
        for count in (1, 100, 1_000):
            step = (capacity - 1) // count
            slots = [2 + step * slot for slot in range(count)]
            update = partial(listed.update, *private, None, slots, 2_000)
            after = measured(f"a change of {count}", update)
        measured("the list of it as JSON", after.to_json)
        holder, verifier = Holder(), Verifier()
        made.issue(holder, 1, first)
        credential = holder._credential
        assert credential is not None
        definition = anoncreds.RevocationRegistryDefinition.load(made.rev_reg_def)
        tails = str(made.tails_path)
        state = measured(
            "a holder's witness, with 1,000 revoked",
            lambda: anoncreds.CredentialRevocationState.create(definition, after, 1, tails),
        )
        measured(
            "a holder's witness, after 1,000 changes",
            lambda: anoncreds.CredentialRevocationState.create(
                definition, after, 1, tails, state, listed
            ),
        )
        request, text = verifier.request(2_000, 2_000), after.to_json()
        present = partial(holder.present, made, request, text)
        presentation = measured("a presentation, with its witness", present)
        verify = partial(verifier.verify, made, request, presentation, text)
        assert measured("verifying it", verify)
        bits = json.loads(text)["revocationList"]
        print(f"{len(text)} bytes of list, {len(presentation)} of presentation, {sum(bits)} revoked")


if __name__ == "__main__":
    main()
