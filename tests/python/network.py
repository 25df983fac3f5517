"""A local network for tests with other people's libraries.

`DZONG_BIN` names the binary, `DZONG_PORT` the base port; without the first, tests are skipped.
"""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path

BIN = os.environ.get("DZONG_BIN")
PORT = int(os.environ.get("DZONG_PORT", 9320))
_SECONDS_MAX = 120


def run(*arguments: str) -> str:
    done = subprocess.run([BIN, *arguments], capture_output=True, text=True, timeout=_SECONDS_MAX)
    if done.returncode:
        raise AssertionError(f"dzong {' '.join(arguments)}: {done.stderr}")
    return done.stdout


class NetworkTest(unittest.TestCase):
    """Tests that share a network of four validators."""

    @classmethod
    def setUpClass(cls):
        if not BIN:
            raise unittest.SkipTest("name the binary with DZONG_BIN to test against a network")
        cls.home = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.home)
        run("localnet", "--home", cls.home, "--base-port", str(PORT), "--detach")
        cls.addClassCleanup(run, "localnet", "stop", "--home", cls.home)
        cls.url = f"http://127.0.0.1:{PORT}"
        cls.genesis = json.loads(Path(cls.home, "genesis.json").read_text())

    def key(self, suite: str) -> str:
        """A new key's file."""
        handle, file = tempfile.mkstemp(dir=self.home, suffix=".json")
        os.close(handle)
        os.unlink(file)
        run("key", "new", "--suite", suite, "--out", file)
        return file

    def create(self, key: str, document: dict | None = None) -> str:
        """A new DID; its document's own id may be anything, and is replaced."""
        arguments = ["--key", key, "--endorser", f"{self.home}/keys/endorser.json"]
        if document:
            file = Path(self.home, "document.json")
            file.write_text(json.dumps(document))
            arguments += ["--document", str(file)]
        arguments += ["--url", self.url, "--genesis", f"{self.home}/genesis.json"]
        return run("did", "create", *arguments).splitlines()[0]

    def get(self, path: str, **headers: str):
        status, body = self.request(urllib.request.Request(self.url + path, headers=headers))
        self.assertEqual(status, 200, body)
        return body

    def post(self, path: str, body: bytes):
        headers = {"Content-Type": "application/json"}
        return self.request(urllib.request.Request(self.url + path, body, headers))

    def request(self, request: urllib.request.Request):
        """Status and JSON body."""
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS_MAX) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)
