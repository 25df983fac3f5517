"""The whole way, against a network of real nodes.

`DZONG_BIN` names the binary; without it these tests say so and are skipped. `DZONG_PORT` is the
base port of the network that they start.
"""

import contextlib
import io
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from dzong import Trust, check
from dzong.__main__ import main
from dzong.client import Folder, Node, Unavailable
from dzong.log import Checkpoint, tile_path, tiles

BIN = os.environ.get("DZONG_BIN")
PORT = int(os.environ.get("DZONG_PORT", 9320))
_SECONDS_MAX = 120


def run(*arguments: str, seconds: int = _SECONDS_MAX) -> str:
    done = subprocess.run([BIN, *arguments], capture_output=True, text=True, timeout=seconds)
    if done.returncode:
        raise AssertionError(f"dzong {' '.join(arguments)}: {done.stderr}")
    return done.stdout


def start(test) -> None:
    """Four validators until a class of tests ends; it gets `home`, `genesis` and `trust`."""
    test.home = tempfile.mkdtemp()
    test.addClassCleanup(shutil.rmtree, test.home)
    run("localnet", "--home", test.home, "--base-port", str(PORT), "--detach")
    test.addClassCleanup(run, "localnet", "stop", "--home", test.home)
    test.genesis = f"{test.home}/genesis.json"
    test.trust = Trust.from_genesis(Path(test.genesis).read_bytes())


def command(*arguments: str) -> tuple[int, str, str]:
    """Exit code, output and errors of our own command line."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        code = main(list(arguments))
    return code, out.getvalue(), errors.getvalue()


@unittest.skipUnless(BIN, "name the binary with DZONG_BIN to test against a network")
class LocalNetwork(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        start(cls)
        cls.url = f"http://127.0.0.1:{PORT + 2}"
        cls.here = ("--url", f"http://127.0.0.1:{PORT}", "--genesis", cls.genesis)
        cls.key = f"{cls.home}/alice.json"
        run("key", "new", "--suite", "p256", "--out", cls.key)
        endorser = f"{cls.home}/keys/endorser.json"
        created = run("did", "create", "--key", cls.key, "--endorser", endorser, *cls.here)
        cls.did = created.splitlines()[0]
        for number in range(1, 5):
            patch = Path(f"{cls.home}/patch.json")
            patch.write_text(json.dumps({"alsoKnownAs": [f"https://example.bt/{number}"]}))
            update = ("--key", cls.key, "--patch", str(patch), *cls.here)
            run("did", "update", cls.did, *update)
        cls.absent = cls.did[:-44] + "YyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N"
        cls.reach(cls.did)
        cls.issuer = cls.organisation()

    @classmethod
    def reach(cls, did: str) -> None:
        """Waits until the other node has followed, and its checkpoint, too."""
        until = time.monotonic() + _SECONDS_MAX
        while True:
            with contextlib.suppress(Unavailable, KeyError):
                answer = json.loads(Node(cls.url).ask(did))
                checkpoint = Checkpoint.read(Node(cls.url).get("log/checkpoint", 1 << 20))
                versions = answer["didDocumentMetadata"].get("versionId")
                if versions == "5" and checkpoint.size == 10:
                    return
            if time.monotonic() > until:
                raise AssertionError("the network does not follow")
            time.sleep(0.5)

    @classmethod
    def organisation(cls) -> str:
        """A DID whose document has a key and services."""
        file, document = f"{cls.home}/organisation.json", Path(f"{cls.home}/document.json")
        run("key", "new", "--suite", "ed25519", "--out", file)
        key = json.loads(Path(file).read_text())["publicKeyMultibase"]
        own = "did:example:own"
        material = {"controller": own, "publicKeyMultibase": key}
        services = [
            {"id": "#files", "type": "Files", "serviceEndpoint": "https://a.example.bt/base"},
            {
                "id": f"{own}#box",
                "type": ["Box", "Files"],
                "serviceEndpoint": [{"uri": "x:y"}, "https://b.example.bt/box"],
            },
        ]
        document.write_text(
            json.dumps(
                {
                    "@context": ["https://www.w3.org/ns/did/v1.1"],
                    "id": own,
                    "verificationMethod": [{"id": "#issuing", "type": "Multikey", **material}],
                    "assertionMethod": ["#issuing"],
                    "service": services,
                }
            )
        )
        endorser = f"{cls.home}/keys/endorser.json"
        signing = ("--key", file, "--endorser", endorser, "--save")
        return run("did", "create", *signing, "--document", str(document), *cls.here).split()[0]

    def resolve(self, did: str, *options: str) -> tuple[int, str, str]:
        return command("resolve", did, "--url", self.url, "--genesis", self.genesis, *options)

    def test_every_version_of_a_did_is_resolved_and_proven(self):
        for number in range(1, 6):
            code, out, errors = self.resolve(self.did, "--version-id", str(number))
            self.assertEqual((code, errors.split()[0]), (0, "Valid"), errors)
            self.assertEqual(json.loads(out)["didDocumentMetadata"]["versionId"], str(number))
        newest, asked = json.loads(self.resolve(self.did, "--max-age", "60")[1]), "9999-12-31"
        then = json.loads(self.resolve(self.did, "--version-time", f"{asked}T00:00:00Z")[1])
        self.assertEqual(newest, then)

    def test_absence_is_proven(self):
        for did, *options in (
            (self.absent,),
            (self.did, "--version-id", "6"),
            (self.did, "--version-time", "2020-01-01T00:00:00Z"),
        ):
            code, out, errors = self.resolve(did, *options)
            self.assertEqual(code, 1, errors)
            self.assertTrue(errors.startswith("Valid at height"), errors)
            self.assertIn("NOT_FOUND", out)

    def test_a_deactivated_did_is_proven_to_be_so(self):
        key, endorser = f"{self.home}/bob.json", f"{self.home}/keys/endorser.json"
        run("key", "new", "--suite", "ed25519", "--out", key)
        did = run("did", "create", "--key", key, "--endorser", endorser, *self.here).splitlines()[0]
        run("did", "deactivate", did, "--key", key, *self.here)
        answer = Node(f"http://127.0.0.1:{PORT}").ask(did)
        asked = {"resolution": {"did": did}}
        verdict = check(self.trust, answer, time.time_ns() // 10**6, 60_000, asked)
        self.assertEqual(verdict.name, "valid", verdict)
        self.assertTrue(json.loads(answer)["didDocumentMetadata"]["deactivated"])

    def test_parts_of_a_document_and_its_services_are_proven(self):
        did = self.issuer
        for url, *options, wanted in (
            (f"{did}#issuing", f'"id": "{did}#issuing"'),
            (f"{did}#issu ing", None),
            (f"{did}?verificationRelationship=assertionMethod#issuing", '"@context"'),
            (f"{did}?verificationRelationship=authentication#issuing", "INVALID_RELATIONSHIP"),
            (f"{did}?service=files", '"service"'),
            (f"{did}?service=files&relativeRef=%2Fa%3Fb%3Dc#d", "--urls", "/base/a?b=c#d"),
            (f"{did}?serviceType=Files", "--urls", "https://b.example.bt/box"),
            (f"{did}?service=none", "no such service"),
            (f"{did}?expandRelativeUrls=true", f'"{did}#files"'),
            (f"{did}#none", "no such part"),
        ):
            with self.subTest(url):
                code, out, errors = self.dereference(url, *options)
                if wanted is None:
                    self.assertEqual((code, out), (1, ""), errors)
                    continue
                self.assertTrue(errors.startswith("Valid at height"), errors + out)
                self.assertEqual(code, 1 if "error" in out else 0)
                self.assertIn(wanted, out)

    def dereference(self, url: str, *options: str) -> tuple[int, str, str]:
        """At the node that has certified what was written."""
        return command("resolve", url, *self.here, *options)

    def test_a_schema_is_proven_by_its_id_and_as_the_latest_of_its_name(self):
        did = self.issuer
        publish = ("--key", f"{self.home}/organisation.json", *self.here)
        ids = []
        for number in (1, 2):
            file = Path(f"{self.home}/schema.json")
            attributes = [f"a{at}" for at in range(number)]
            schema = {"name": "Licence", "version": str(number), "attrNames": attributes}
            file.write_text(json.dumps(schema))
            uri = run("schema", "publish", str(file), *publish).split()[0]
            ids.append(uri.rpartition("/")[2])
        named = f"{did}?resourceType=anonCredsSchema&resourceName=Licence"
        for url, wanted in (
            (f"{did}/resources/{ids[0]}", f'"nextVersionId": "{ids[1]}"'),
            (f"{did}?resourceId={ids[1]}", f'"previousVersionId": "{ids[0]}"'),
            (named, '"a1"'),
            (f"{named}&resourceMetadata=true", "linkedResourceMetadata"),
            (f"{named}&resourceVersionTime=2020-01-01T00:00:00Z", "no such resource"),
            (f"{did}?resourceType=anonCredsSchema&resourceName=None", "no such resource"),
            (f"{self.did}/resources/{ids[0]}", "no such resource"),
        ):
            with self.subTest(url):
                code, out, errors = self.dereference(url)
                self.assertTrue(errors.startswith("Valid at height"), errors + out)
                self.assertEqual(code, 1 if "error" in out else 0)
                self.assertIn(wanted, out)
        code, _, errors = self.dereference(f"{did}?resourceMetadata=true")
        self.assertEqual(code, 1)
        self.assertIn("no record proves a search", errors)

    def test_a_receipt_is_valid_here_too(self):
        node = Node(self.url)
        events = json.loads(node.get("v1/events", 1 << 20))
        receipt = node.get(f"v1/events/{find(events, 'id')}/receipt", 1 << 20)
        file = Path(self.home, "receipt.json")
        file.write_bytes(receipt)
        code, out, _ = command("verify", str(file), "--genesis", self.genesis)
        self.assertEqual((code, out.split()[0]), (0, "Valid"))

    def test_trust_follows_the_network_to_a_checkpoint_and_never_back(self):
        pinned, url = str(Path(self.home, "pinned.json")), f"http://127.0.0.1:{PORT}"
        old = Path(self.home, "old.json")
        old.write_bytes(Node(url).ask(self.did))
        late = Path(self.home, "chain.json")
        late.write_bytes(Node(url).trust_chain(0))
        run("did", "update", self.issuer, "--key", f"{self.home}/organisation.json", "--patch",
            f"{self.home}/patch.json", *self.here)  # fmt: skip
        code, out, _ = command("follow", *self.here, "--pin", pinned)
        self.assertEqual((code, out.split()[0]), (0, "Valid"), out)
        height = json.loads(Path(pinned).read_text())["height"]
        self.assertGreater(height, 0)
        onward = ("--url", url, "--checkpoint", pinned)
        self.assertEqual(command("follow", *onward, "--pin", pinned)[0], 0)
        self.assertEqual(command("resolve", self.did, *onward)[0], 0)
        # What was certified below the checkpoint is stale, the chain that ends there, too.
        for file in (old, late):
            self.assertEqual(command("verify", str(file), "--checkpoint", pinned)[0], 2)
        checkpoint = json.loads(Path(pinned).read_text())
        for change, wanted in (
            ({"height": height + 10**6}, 2),
            ({"genesis": "00" * 32}, 3),
            ({"validators": checkpoint["validators"][1:], "height": 0}, 3),
            ({"time": checkpoint["time"] - 31 * 86_400_000}, 3),
        ):
            other = Path(self.home, "other.json")
            other.write_text(json.dumps({**checkpoint, **change}))
            followed = command("follow", "--url", url, "--checkpoint", str(other))
            self.assertEqual(followed[0], wanted, followed)
        with Liar(late.read_bytes().replace(b'"power":1', b'"power":2')) as lying:
            self.assertEqual(command("follow", "--url", lying, "--genesis", self.genesis)[0], 4)

    def test_a_node_that_lies_is_caught(self):
        honest = Node(self.url).ask(self.did)
        for change, code in (
            (lambda body: body.replace(b"example.bt/4", b"example.bt/5"), 4),
            (lambda _: Node(self.url).ask(self.absent), 4),
            (lambda _: Node(self.url).ask(f"{self.did}?versionId=1"), 4),
            (lambda body: body, 0),
        ):
            with Liar(change(honest)) as url:
                got = command("resolve", self.did, "--url", url, "--genesis", self.genesis)
                self.assertEqual(got[0], code, got)

    def test_the_log_is_audited_over_http_and_from_a_mirror(self):
        live = command("audit-log", "--url", self.url, "--genesis", self.genesis)
        self.assertEqual(live[0], 0, live)
        mirror = Path(self.home, "mirror")
        checkpoint = self.mirror(mirror)
        held = ("audit-log", "--dir", str(mirror), "--genesis", self.genesis)
        code, out, errors = command(*held)
        self.assertEqual(code, 0, out + errors)
        self.assertIn(f"{checkpoint.size} entries", out)
        bundle = mirror / tile_path("entries", 0, checkpoint.size)
        whole = bundle.read_bytes()
        bundle.write_bytes(whole.replace(b"example.bt/2", b"example.bt/7"))
        self.assertEqual(command(*held)[0], 4)
        bundle.write_bytes(whole)
        self.assertEqual(command(*held, "--earlier", str(mirror / "checkpoint"))[0], 0)

    def mirror(self, folder: Path) -> Checkpoint:
        """Copies the log, which is shorter than a tile."""
        node = Node(f"{self.url}/log")
        note = node.get("checkpoint", 1 << 20)
        checkpoint = Checkpoint.read(note)
        self.assertEqual(len(tiles(checkpoint.size)), 1)
        for path in (tile_path(level, 0, checkpoint.size) for level in ("entries", 0)):
            (folder / path).parent.mkdir(parents=True)
            (folder / path).write_bytes(node.get(path, 1 << 24))
        (folder / "checkpoint").write_bytes(note)
        self.assertEqual(Folder(str(folder)).get("checkpoint", 1 << 20), note)
        return checkpoint


def find(value, name: str):
    """The first member with this name."""
    if isinstance(value, dict) and name in value:
        return value[name]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for item in inner if (found := find(item, name)) is not None), None)


class Liar:
    """A server that gives one answer to whatever it is asked."""

    def __init__(self, body: bytes, status: int = 200, pause: float = 0):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()
                with contextlib.suppress(OSError):
                    for at in range(0, len(body), 1 if pause else len(body)):
                        self.wfile.write(body[at : at + 1] if pause else body)
                        time.sleep(pause)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Http(unittest.TestCase):
    def test_bodies_are_capped_and_other_answers_are_none(self):
        with Liar(b"x" * 101) as url:
            self.assertEqual(len(Node(url).get("", 101)), 101)
            with self.assertRaisesRegex(Unavailable, "more than 100 bytes"):
                Node(url).get("", 100)
        for status in (302, 404, 500):
            refused = self.assertRaisesRegex(Unavailable, f"answered {status}: nothing here")
            with Liar(b"nothing here", status) as url, refused:
                Node(url).get("", 100)
        late = self.assertRaisesRegex(Unavailable, "not whole after")
        with Liar(b"drop by drop", pause=0.1) as url, late:
            Node(url, seconds=0.3).get("", 100)
        with self.assertRaisesRegex(Unavailable, "no answer"):
            Node("http://127.0.0.1:1").get("", 100)
        with self.assertRaisesRegex(Unavailable, "begin it with http"):
            Node("file:///etc/hostname")
