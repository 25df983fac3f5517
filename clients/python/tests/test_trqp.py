"""The trust registry's answers: what a question may be, and what its records say when."""

import copy
import json
import unittest

from dzong import check

from .support import trqp_examples

EXAMPLES = {example.name: example for example in trqp_examples()}


class Questions(unittest.TestCase):
    """An authority that is no did:ndi needs no record, so any sound question about it is proven."""

    def verdict(self, **changed) -> str:
        example = EXAMPLES["authorization no did:ndi"]
        answer = copy.deepcopy(example.answer)
        question = answer["proof"]["question"]["authorization"]
        question.update({name: value for name, value in changed.items() if value is not None})
        for name in (name for name, value in changed.items() if value is None):
            question.pop(name, None)
        answer["detail"] = f"`{question.get('authority_id')}` is no authority of this registry"
        return check(example.trust, json.dumps(answer).encode(), example.now).name

    def test_a_question_has_the_forms_of_the_protocol(self):
        context = {f"n{number}": "" for number in range(16)}
        for changed in (
            {"action": "x" * 1024},
            {"resource": "\u0f63" * 341},
            {"entity_id": "urn:x"},
            {"authority_id": "a+b-c.9:~!"},
            {"context": {}},
            {"context": context},
            *({"context": {"time": time}} for time in (
                "2026-11-21T00:00:00Z", "2026-11-21T00:00:00.5Z", "1970-01-01T00:00:00.123456789Z",
            )),
        ):  # fmt: skip
            self.assertEqual(self.verdict(**changed), "valid", changed)

    def test_anything_else_is_invalid(self):
        context = {f"n{number}": "" for number in range(17)}
        for changed in (
            *({name: value} for name in ("action", "resource", "entity_id", "authority_id")
              for value in (None, "", "a:" + "x" * 1023, 7, ["a:b"])),
            {"resource": "\u0f63" * 342},
            *({"entity_id": value} for value in (
                "bank", ":x", "9a:b", "a_b:c", "a:", "a:b c", "a:\u00e9", "a:b\n", "\u00e9:b",
            )),
            *({"context": value} for value in (
                context, [], "", False, {"": "x"}, {"x" * 1025: "x"}, {"x": 7}, {"x": None},
            )),
            *({"context": {"time": time}} for time in (
                "", "now", "2026-11-21", "2026-11-21T00:00:00", "2026-11-21T00:00:00+00:00",
                "2026-11-21t00:00:00z", "2026-11-31T00:00:00Z", "2026-11-21T00:00:00.Z",
                "2026-11-21T00:00:00.5", "2026-11-21T00:00:00.1234567890Z", "2026-11-21T00:00:60Z",
                "2026-11-21T00:00:00Z.5Z", "1969-12-31T23:59:59.5Z", "2026-11-21T00:00:00.-1Z",
            )),
            {"more": "x"},
        ):  # fmt: skip
            self.assertEqual(self.verdict(**changed), "invalid", changed)


class Answers(unittest.TestCase):
    def verdict(self, name: str, change) -> str:
        example = EXAMPLES[name]
        answer = copy.deepcopy(example.answer)
        change(answer, answer["proof"])
        return check(example.trust, json.dumps(answer).encode(), example.now).name

    def test_the_records_of_one_moment_say_nothing_of_another(self):
        for name, other in (
            ("authorization within the grant", "2026-11-24T12:00:00Z"),
            ("authorization while suspended", "2026-11-23T00:00:00Z"),
            ("authorization in its first second", "2026-11-22T00:00:28Z"),
            ("recognition a scheme before it was withdrawn", "2026-11-26T00:00:00Z"),
        ):

            def change(answer, proof, other=other):
                (question,) = proof["question"].values()
                question["context"]["time"] = other
                answer["context"]["time"] = answer["time_requested"] = other

            self.assertEqual(self.verdict(name, change), "invalid", name)

    def test_what_is_said_follows_from_the_records_to_the_letter(self):
        for example in EXAMPLES.values():
            said = [name for name in example.answer if name != "proof"]
            for name in said:

                def other(answer, _, name=name):
                    value = answer[name]
                    answer[name] = not value if type(value) is bool else f"{value} "

                def none(answer, _, name=name):
                    del answer[name]

                for change in (other, none):
                    self.assertEqual(self.verdict(example.name, change), "invalid", name)
            more = [lambda answer, _: answer.update(more=True)]
            more.append(lambda answer, _: answer.update(chain=[]))
            for change in more:
                self.assertEqual(self.verdict(example.name, change), "invalid", example.name)

    def test_the_records_are_those_that_the_rules_read_in_their_order(self):
        for example in EXAMPLES.values():
            count = len(example.answer["proof"]["evidence"]["records"])
            for at in range(count):

                def gone(_, proof, at=at):
                    del proof["evidence"]["records"][at]

                def twice(_, proof, at=at):
                    records = proof["evidence"]["records"]
                    records.insert(at, records[at])

                def first(_, proof, at=at):
                    records = proof["evidence"]["records"]
                    records.insert(0, records.pop(at))

                for change in (gone, twice, *([first] if at else [])):
                    self.assertEqual(self.verdict(example.name, change), "invalid", example.name)

    def test_an_authorization_is_no_recognition(self):
        def change(_, proof):
            (question,) = proof["question"].values()
            proof["question"] = {"recognition": question}

        for name in EXAMPLES:
            # Who is no authority neither authorises nor recognises.
            if name.startswith("authorization") and "status" not in EXAMPLES[name].answer:
                self.assertEqual(self.verdict(name, change), "invalid", name)


if __name__ == "__main__":
    unittest.main()
