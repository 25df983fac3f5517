"""Nobody gets a changed answer past the verifier: each example, changed in one place."""

import base64
import json
import multiprocessing
import os
import random
import unittest
from collections import Counter

from dzong import check

from .support import examples

#: How many changed answers are tried, and from which seed they are made.
MUTATIONS = int(os.environ.get("DZONG_MUTATIONS", 100_000))
SEED = int(os.environ.get("DZONG_SEED", 1))
_CHUNK = 1000
_OTHER_KINDS = (None, True, False, 0, 1, -1, 2**53 - 1, "", "x", [], {}, [[]], {"x": 1})


def leaves(value, path=()):
    """Where the leaves of a JSON value are; empty arrays and objects are leaves."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for name, item in items:
        if isinstance(item, (dict, list)) and item:
            yield from leaves(item, (*path, name))
        else:
            yield (*path, name)


def changed_leaf(dice: random.Random, leaf):
    """Another value in place of a leaf; text that writes bytes mostly keeps its form."""
    if dice.random() < 0.1:
        return dice.choice(_OTHER_KINDS)
    if isinstance(leaf, bool) or leaf is None:
        return dice.choice(_OTHER_KINDS)
    if isinstance(leaf, int):
        return dice.choice((leaf + 1, leaf - 1, leaf ^ 1 << dice.randrange(53), -leaf, str(leaf)))
    if isinstance(leaf, str):
        return changed_text(dice, leaf)
    return dice.choice((["x"], {"x": 1}, None))


def changed_text(dice: random.Random, text: str) -> str:
    for decode, encode in _CODINGS:
        try:
            data = bytearray(decode(text))
        except ValueError:
            continue
        if data and encode(data) == text and dice.random() < 0.8:
            kind = dice.randrange(4)
            if kind == 0:
                data = bytearray(dice.randbytes(len(data)))
            elif kind == 1:
                del data[dice.randrange(len(data))]
            elif kind == 2:
                data.insert(dice.randrange(len(data) + 1), dice.randrange(256))
            else:
                data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
            return encode(data)
    if not text:
        return "x"
    at = dice.randrange(len(text))
    by = dice.choice(
        ("", chr(dice.randrange(32, 127)), "\u00e9", text[at] * 2, text[at].swapcase())
    )
    return text[:at] + by + text[at + 1 :]


_CODINGS = (
    (bytes.fromhex, lambda data: bytes(data).hex()),
    (
        lambda text: base64.b64decode(text, validate=True),
        lambda data: base64.b64encode(data).decode(),
    ),
)


def changed_shape(dice: random.Random, holder, name) -> None:
    """Takes a member or element away, doubles it, or adds one that is unknown."""
    kind = dice.randrange(3)
    if kind == 0:
        del holder[name]
    elif isinstance(holder, list):
        holder.insert(name, holder[name] if kind == 1 else "x")
    else:
        holder[f"{name}x" if kind == 1 else dice.choice(_KNOWN_NAMES)] = holder[name]


_KNOWN_NAMES = (
    *("document", "proof", "past", "next", "deactivated", "updated", "versionId", "index"),
    *("content", "resourceVersion", "fragment", "expandRelativeUrls"),
    *("context", "chain", "message", "time_requested"),
)


def mutant(dice: random.Random, text: str, places: list) -> bytes:
    """The text of an answer, changed in one place; perhaps, by chance, not at all."""
    data = bytearray(text.encode())
    if dice.random() < 0.1:
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        return bytes(data)
    answer = json.loads(text)
    *path, name = dice.choice(places)
    depth = dice.randrange(len(path) + 1) if dice.random() < 0.1 else len(path)
    holder = answer
    for step in path[:depth]:
        holder = holder[step]
    name = [*path, name][depth]
    if depth < len(path) or dice.random() < 0.1:
        changed_shape(dice, holder, name)
    else:
        holder[name] = changed_leaf(dice, holder[name])
    return json.dumps(answer, separators=(",", ":")).encode()


_EXAMPLES = [(one, one.text, list(leaves(one.answer))) for one in examples()]


def same(data: bytes, text: str) -> bool:
    try:
        # By text: to Python, `True` equals 1.
        spelled = json.dumps(json.loads(data), sort_keys=True)
    except ValueError:
        return False
    return spelled == json.dumps(json.loads(text), sort_keys=True)


def try_chunk(chunk: int):
    """Verdicts on a thousand changed answers, and those that are not invalid."""
    dice = random.Random(f"{SEED}/{chunk}")
    counts, escaped = Counter(), []
    while counts.total() < _CHUNK:
        example, text, places = dice.choice(_EXAMPLES)
        data = mutant(dice, text, places)
        # Whoever asks knows the question, and takes no answer to another one.
        verdict = check(example.trust, data, example.now, asked=example.asked)
        if verdict.name != "invalid" and same(data, text):
            continue
        counts[verdict.name] += 1
        if verdict.name != "invalid":
            escaped.append((chunk, str(verdict), data.decode("utf-8", "replace")))
    return counts, escaped


class Mutations(unittest.TestCase):
    def test_no_changed_answer_is_anything_but_invalid(self):
        total = Counter()
        chunks = -(-MUTATIONS // _CHUNK)
        with multiprocessing.Pool() as pool:
            for counts, escaped in pool.imap_unordered(try_chunk, range(chunks)):
                total += counts
                self.assertEqual(escaped, [], f"seed {SEED}")
        print(f"\n{total.total()} changed answers, seed {SEED}: {dict(total)}")


if __name__ == "__main__":
    unittest.main()
