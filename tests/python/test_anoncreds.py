"""Issuer, wallet and verifier of AnonCreds v1, by another's library, against a local network.

The ledger computes the accumulators: what the library makes of its lists is the proof that they are
right.
"""

import json
import time
import unittest
import urllib.request
from pathlib import Path

from network import NetworkTest, run

try:
    from anoncreds_wallet import Holder, Issuer, proves
except ImportError:
    raise unittest.SkipTest("the package anoncreds is not there") from None

CREDENTIALS = 32


class Revocation(NetworkTest):
    def setUp(self):
        self.issuer_key = self.key("ed25519")
        self.did = run(
            *("did", "create", "--key", self.issuer_key, "--save"),
            *("--endorser", f"{self.home}/keys/endorser.json", *self.node),
        ).splitlines()[0]
        self.issuer = Issuer(self.did, CREDENTIALS, self.home, self.publish)

    @property
    def node(self) -> tuple[str, ...]:
        return ("--url", self.url, "--genesis", f"{self.home}/genesis.json")

    def signed(self, *arguments: str) -> str:
        """The first line of what a command says that the issuer signs."""
        return run(*arguments, "--key", self.issuer_key, *self.node).splitlines()[0]

    def publish(self, kind: str, content: dict, tails: Path | None) -> str:
        file = Path(self.home, f"{kind}.json")
        if tails:
            self.signed("blob", "put", str(tails), "--kind", "anonCredsTails")
        file.write_text(json.dumps(content))
        command = {
            "schema": ("schema", "publish"),
            "cred_def": ("anoncreds", "publish"),
            "rev_reg_def": ("anoncreds", "registry", "--format", "bitstring"),
        }
        return self.signed(*command[kind], str(file))

    def listed(self, timestamp: int | None = None) -> str:
        """The ledger's status list."""
        at = "" if timestamp is None else f"?timestamp={timestamp}"
        return json.dumps(self.get(f"/v1/anoncreds/status-lists/{self.issuer.rev_reg_def_id}{at}"))

    def registry(self) -> str:
        lists = self.get(f"/v1/revocation/registries?issuer={self.did}")["registries"]
        return lists[0]["key"].removeprefix("revocation-registry/")

    def change(self, *arguments: str) -> str:
        self.signed("status", "change", self.registry(), "--ground", "on-request", *arguments)
        return self.listed()

    def override(self, *arguments: str) -> str:
        governors = [f"{self.home}/keys/governor-{seat}.json" for seat in (1, 2, 3)]
        keys = [part for governor in governors for part in ("--key", governor)]
        command = ("status", "override", self.registry(), "--ground", "national-security")
        run(*command, *arguments, *keys, *self.node)
        return self.listed()

    def test_a_wallet_proves_what_the_ledger_says_whoever_changed_it(self):
        issuer, holder, other = self.issuer, Holder(), Holder()
        first = self.listed()
        self.assertEqual(json.loads(first)["revocationList"], [0] * CREDENTIALS)
        issuer.issue(holder, 3, first)
        issuer.issue(other, 4, first)
        self.assertTrue(proves(issuer, holder, first))

        suspended = self.change("--suspend", "3")
        self.assertFalse(proves(issuer, holder, suspended))
        self.assertTrue(proves(issuer, other, suspended))
        self.assertTrue(proves(issuer, holder, self.change("--reactivate", "3")))
        revoked = self.change("--revoke", "3")
        self.assertFalse(proves(issuer, holder, revoked))
        # Of several lists within a second only the last can be asked for.
        time.sleep(1.1)

        # The Governing Body ends the other one, without the issuer, and the issuer's own software
        # goes on from the ledger's list.
        overridden = self.override("--suspend", "4", "--lock")
        self.assertFalse(proves(issuer, other, overridden))
        third = Holder()
        issuer.issue(third, 5, overridden)
        self.assertTrue(proves(issuer, third, overridden))
        own = issuer.update(overridden, json.loads(overridden)["timestamp"] + 1, revoked=[6])
        file = Path(self.home, "list.json")
        file.write_text(own)
        self.signed("anoncreds", "update", str(file), "--ground", "on-request")
        newest = json.loads(self.listed())
        self.assertEqual(newest["revocationList"], json.loads(own)["revocationList"])
        self.assertTrue(proves(issuer, third, json.dumps(newest)))
        self.assertFalse(proves(issuer, other, json.dumps(newest)))

        # As of any time, with the exact timestamp of the list that counted.
        past = json.loads(self.listed(json.loads(revoked)["timestamp"]))
        self.assertEqual(past, json.loads(revoked))

    def test_what_would_break_a_registry_is_refused_with_its_own_error(self):
        own = json.loads(self.issuer.status_list(1_000))
        codes = {
            "index 0": ({"revocationList": [1] + [0] * (CREDENTIALS - 1)}, "status-list"),
            "short": ({"revocationList": [0] * 3}, "status-list"),
            "a bit of 2": ({"revocationList": [0, 2] + [0] * (CREDENTIALS - 2)}, "status-list"),
            "nothing new": ({}, "status-list"),
            "panics elsewhere": (
                {"currentAccumulator": own["currentAccumulator"].replace(" ", " 4294967295 ", 1)},
                "status-list",
            ),
            "foreign": ({"revRegDefId": f"{self.did}/resources/{'z' + self.did[-46:]}"}, "not-found"),
        }
        for name, (change, code) in codes.items():
            body = json.dumps({**own, **change}).encode()
            status, problem = self.post("/v1/anoncreds/status-lists", body)
            self.assertEqual(problem["type"].rpartition(":")[2], code, (name, status, problem))
        # Bits that run ahead of the accumulator would make every honest holder fail.
        ahead = {**own, "revocationList": [0, 1] + [0] * (CREDENTIALS - 2)}
        file = Path(self.home, "ahead.json")
        file.write_text(json.dumps(ahead))
        with self.assertRaisesRegex(AssertionError, "accumulator-mismatch"):
            self.signed("anoncreds", "update", str(file), "--ground", "on-request")

    def test_tails_are_served_by_the_hash_that_the_definition_names(self):
        tails = self.issuer.rev_reg_def["value"]["tailsHash"]
        with urllib.request.urlopen(f"{self.url}/v1/anoncreds/tails/{tails}") as reply:
            self.assertEqual(reply.read(), self.issuer.tails_path.read_bytes())
