"""TRQP 2.0's own JSON Schemas judge what is asked of the trust registry, and what it answers.

Its four schemas are not part of the project: `DZONG_SHARED` names the folder that holds
`vectors/trqp`; without them these tests say so and are skipped.
"""

import json
import os
import unittest
from pathlib import Path

import jsonschema_rs

from network import NetworkTest

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = Path(os.environ.get("DZONG_SHARED", ROOT.parent / "shared"), "vectors/trqp")
KINDS = {"authorization": "authorized", "recognition": "recognized"}


class Judge:
    """The schemas of one kind of question."""

    def __init__(self, kind: str):
        parts = ("request", "response")
        files = [SCHEMAS / f"trqp_{kind}_{part}.schema.json" for part in parts]
        if not all(file.exists() for file in files):
            raise unittest.SkipTest(f"{SCHEMAS} is not here: name its place with DZONG_SHARED")
        self.request, self.response = (
            jsonschema_rs.validator_for(json.loads(file.read_text()), validate_formats=True)
            for file in files
        )


class FrozenAnswers(unittest.TestCase):
    def test_every_frozen_question_and_answer_is_what_the_protocol_asks_for(self):
        frozen = json.loads((ROOT / "tests/golden/trqp.json").read_text())
        judged = 0
        for kind, said in KINDS.items():
            judge = Judge(kind)
            for name, answer in frozen[kind].items():
                judge.request.validate(answer["proof"]["question"][kind])
                # That nobody knows the authority is no answer of the protocol's, but an error.
                if answer.get("status") != 404:
                    judge.response.validate(answer)
                    self.assertFalse(judge.response.is_valid({**answer, said: "yes"}), name)
                    judged += 1
        self.assertGreater(judged, 20)

    def test_the_judge_refuses_what_the_protocol_has_not(self):
        judge = Judge("authorization")
        words = {"entity_id": "a:b", "authority_id": "a:c", "action": "x", "resource": "y"}
        judge.request.validate(words)
        answer = {**words, "authorized": True, "time_evaluated": "2026-11-21T00:00:00Z"}
        judge.response.validate(answer)
        for name in words:
            without = {member: value for member, value in words.items() if member != name}
            self.assertFalse(judge.request.is_valid(without), name)
        self.assertFalse(judge.request.is_valid({**words, "context": {"time": "yesterday"}}))
        self.assertFalse(judge.response.is_valid({**answer, "time_evaluated": "yesterday"}))


class RunningNetwork(NetworkTest):
    def ask(self, kind: str, question: dict, proof: str = ""):
        judge = Judge(kind)
        judge.request.validate(question)
        status, answer = self.post(f"/{kind}{proof}", json.dumps(question).encode())
        if status == 200:
            judge.response.validate(answer)
        return status, answer

    def test_a_node_answers_as_the_protocol_asks(self):
        body = self.genesis["roles"]["administrativeBody"]
        words = {"action": "issue", "resource": "DrivingLicence", "entity_id": "urn:x:bank"}
        for kind, said in KINDS.items():
            for proof in ("", "?proof=true"):
                known = {**words, "authority_id": body, "locator": "ignored, as it asks"}
                status, answer = self.ask(kind, known, proof)
                self.assertEqual((status, answer[said]), (200, False))
                asked = {"time": "2099-01-01T00:00:00Z", "locator": "here"}
                status, answer = self.ask(kind, {**known, "context": asked}, proof)
                self.assertEqual((status, answer["time_requested"]), (200, asked["time"]))
                unknown = {**words, "authority_id": "did:web:elsewhere.example"}
                self.assertEqual(self.ask(kind, unknown, proof)[0], 404)

    def test_what_the_schemas_refuse_the_node_refuses(self):
        words = {"action": "issue", "resource": "x", "entity_id": "a:b", "authority_id": "a:c"}
        wrong = [{n: v for n, v in words.items() if n != name} for name in words]
        wrong += [{**words, name: 7} for name in words]
        wrong += [{**words, "context": value} for value in ("x", {"time": "now"}, {"other": 7})]
        for kind in KINDS:
            judge = Judge(kind)
            for question in wrong:
                self.assertFalse(judge.request.is_valid(question), question)
                status, _ = self.post(f"/{kind}", json.dumps(question).encode())
                self.assertEqual(status, 400, question)


if __name__ == "__main__":
    unittest.main()
