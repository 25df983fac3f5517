"""Makes `registry/src/anoncreds/testdata`: registries of the AnonCreds library, frozen.

Each run draws new keys, so run it only to replace the data. It then waits for the tests of
`registry` to write our texts of the same accumulators (`UPDATE_EXPECT=1 cargo test -p registry
anoncreds`), and checks that wallets and verifiers take them for the library's own.
"""

import json
import tempfile
from pathlib import Path

from anoncreds_wallet import Holder, Issuer, proves, status_list

DATA = Path(__file__).resolve().parents[2] / "registry/src/anoncreds/testdata"
#: What is revoked and what is reinstated, step by step; a suspension is both, one after the other.
STEPS = {
    10: [([7], []), ([1, 9], []), ([], [7]), ([2, 3, 4], [1]), ([], [2, 3, 4, 9])],
    32: [([31, 1], []), ([16], []), ([17], [31]), (list(range(2, 16)), [])],
}


def make(issuer: Issuer, max_cred_num: int) -> list[str]:
    """Freezes a registry, and returns its lists."""
    lists = [issuer.status_list(1_000)]
    for at, (revoked, reinstated) in enumerate(STEPS[max_cred_num], start=2):
        lists.append(issuer.update(lists[-1], at * 1_000, revoked, reinstated))
    # The mistake that the library lets pass: what it publishes is compared with z.
    leaked = json.loads(issuer.update(lists[0], 9_000, revoked=[0]))
    data = {
        "credentialDefinition": issuer.cred_def,
        "revocationRegistryDefinition": issuer.rev_reg_def,
        "statusLists": [json.loads(listed) for listed in lists],
        "leaked": leaked["currentAccumulator"],
        "tails": issuer.tails_path.read_bytes().hex(),
    }
    data["revocationRegistryDefinition"]["value"]["tailsLocation"] = "https://tails.example/"
    path = DATA / f"registry-{max_cred_num}.json"
    path.write_text(json.dumps(data, indent=1) + "\n")
    return lists


def check(issuer: Issuer, lists: list[str], texts: list[str]) -> None:
    """Proves with the library's lists, and with lists rebuilt from our texts: always the same."""
    for slot in (1, 2, 7):
        holder = Holder()
        issuer.issue(holder, slot, lists[0])
        for listed, text in zip(lists, texts, strict=True):
            said = json.loads(listed)
            bits = said["revocationList"]
            ours = status_list(issuer, bits, text, said["timestamp"])
            expected = not bits[slot]
            assert proves(issuer, holder, listed) is expected
            assert proves(issuer, holder, ours) is expected
            if expected and text != texts[0]:
                # With another list's accumulator an honest holder's witness is wrong.
                assert not proves(issuer, holder, status_list(issuer, bits, texts[0], 1_000))


def main() -> None:
    """Makes both registries, waits, and checks."""
    with tempfile.TemporaryDirectory() as tails_dir:
        issuers = {size: Issuer("did:example:issuer", size, tails_dir) for size in STEPS}
        lists = {size: make(issuer, size) for size, issuer in issuers.items()}
        input("now let the tests write our texts, then press Enter ")
        texts = json.loads((DATA / "texts.json").read_text())
        for size, issuer in issuers.items():
            check(issuer, lists[size], texts[str(size)])
    print("the library takes our texts for its own")


if __name__ == "__main__":
    main()
