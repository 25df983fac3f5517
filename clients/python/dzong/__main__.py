"""`python -m dzong`: verify a file, resolve a DID, ask who may do what or what was revoked, follow,
audit the log."""

import argparse
import json
import sys
import time
from pathlib import Path
from urllib.parse import urlencode

from . import asked, did, status, trqp
from .answer import check, check_receipt
from .canonical import parse, parse_canonical
from .client import Folder, Node, Unavailable
from .log import Checkpoint, Signer, audit
from .trust import CHAIN_BYTES_MAX, GENESIS_BYTES_MAX, Trust, check_fork, follow, follow_all
from .verdict import EXIT_CODES, Invalid, Refusal, Verdict

_EXIT = (
    "exit code: 0 valid, 2 stale, 3 untrusted, 4 invalid; 1 where nothing could be checked, or "
    "where it is proven that what was asked for does not exist, or that it may not"
)
_QUERIES = {"authorization": trqp.Authorization, "recognition": trqp.Recognition}
_VALIDATORS_KEY = "network/validators"
_OUTCOMES = ("didResolutionMetadata", "dereferencingMetadata")


def main(arguments: list | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (Unavailable, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dzong", description=__doc__, epilog=_EXIT)
    commands = parser.add_subparsers(required=True)

    verify = commands.add_parser(
        "verify", help="check an answer, a receipt, a trust chain or a fork proof offline"
    )
    verify.add_argument("file", help="the file; - is standard input")
    verify.add_argument("--pin", metavar="FILE", help="where a valid chain leaves a checkpoint")
    verify.add_argument(
        "--chain", metavar="FILE", help="of a receipt: the trust chain, for hand-overs after it"
    )
    verify.set_defaults(run=_verify)

    resolve = commands.add_parser(
        "resolve", help="resolve a DID, or dereference a DID URL, and check the answer"
    )
    resolve.add_argument("did", help="a DID, or a DID URL: did:ndi:…#key, …/resources/z…")
    resolve.add_argument("--url", required=True, help="a node; it is not believed")
    resolve.add_argument("--version-id", metavar="N")
    resolve.add_argument("--version-time", metavar="T")
    resolve.add_argument("--urls", action="store_true", help="the URLs of the services it names")
    resolve.set_defaults(run=_resolve)

    queries = [
        commands.add_parser("authorization", help="ask whether somebody may do something (TRQP)"),
        commands.add_parser("recognition", help="ask whether an authority counts (TRQP)"),
    ]
    for query, kind in zip(queries, _QUERIES):
        query.add_argument("--authority", required=True, metavar="DID", help="who allows it")
        query.add_argument("--entity", required=True, metavar="ID", help="who does it")
        query.add_argument("--action", required=True, help="such as issue")
        query.add_argument("--resource", required=True, help="on what, such as a credential type")
        query.add_argument("--time", metavar="T", help="as of this moment")
        query.add_argument("--url", required=True, help="a node; it is not believed")
        query.set_defaults(run=_query, kind=kind)

    statuses = commands.add_parser("status", help="a revocation registry, and what it revokes")
    statuses.add_argument("registry", help="the registry's id")
    part = statuses.add_mutually_exclusive_group()
    part.add_argument("--all", action="store_true", help="all statuses, in base64")
    part.add_argument("--slot", metavar="N", type=int, help="one slot's; the node learns which")
    version = statuses.add_mutually_exclusive_group()
    version.add_argument("--time", metavar="T", help="as of the end of this second")
    version.add_argument("--version", metavar="N", type=int, help="as of this version")
    statuses.add_argument("--url", required=True, help="a node; it is not believed")
    statuses.set_defaults(run=_status)

    receipt = commands.add_parser("receipt", help="get and check the proof of an event")
    receipt.add_argument("event", help="the event's id")
    receipt.add_argument("--url", required=True, help="a node; it is not believed")
    receipt.set_defaults(run=_receipt)

    onward = commands.add_parser("follow", help="move trust to a node's newest certified head")
    onward.add_argument("--url", required=True, help="a node; it is not believed")
    onward.add_argument("--pin", metavar="FILE", help="where the checkpoint is left")
    onward.set_defaults(run=_follow)

    log = commands.add_parser("audit-log", help="read the whole log and check it")
    source = log.add_mutually_exclusive_group(required=True)
    source.add_argument("--url", help="a node that serves the log")
    source.add_argument("--dir", help="a folder that mirrors it: DIR/checkpoint and DIR/tile/…")
    log.add_argument("--earlier", metavar="FILE", help="checkpoint of an audit before this one")
    log.add_argument(
        "--validators", metavar="FILE", help="a proven answer about the record network/validators"
    )
    log.set_defaults(run=_audit_log)

    for command in (verify, resolve, *queries, statuses, receipt, onward, log):
        trust = command.add_mutually_exclusive_group(required=True)
        trust.add_argument("--genesis", metavar="FILE", help="the network's genesis document")
        trust.add_argument("--checkpoint", metavar="FILE", help="a pinned checkpoint")
    for command in (verify, resolve, *queries, statuses):
        command.add_argument("--max-age", metavar="SECONDS", type=int, help="refuse older answers")
    return parser


def _trust(options) -> Trust:
    path = options.genesis or options.checkpoint
    read = Trust.from_genesis if options.genesis else Trust.from_checkpoint
    try:
        return read(Path(path).read_bytes())
    except Invalid as error:
        raise Unavailable(f"nothing to trust in {path}: {error}") from None


def _now() -> int:
    return time.time_ns() // 1_000_000


def _age_max(options) -> int | None:
    return None if options.max_age is None else 1000 * options.max_age


def _show(verdict: Verdict) -> int:
    print(verdict)
    return EXIT_CODES[verdict.name]


def _verify(options) -> int:
    trust = _trust(options)
    data = sys.stdin.buffer.read() if options.file == "-" else Path(options.file).read_bytes()
    kind = _kind(data)
    if kind == "DzongTrustChain":
        return _pin(options, *follow(trust, data, _now()))
    if kind == "DzongForkProof":
        return _verify_fork(trust, data)
    if options.chain:
        chain = Path(options.chain).read_bytes()
        return _show(check_receipt(trust, data, lambda _: chain, _now()))
    return _show(check(trust, data, _now(), _age_max(options)))


def _follow(options) -> int:
    chain_from = Node(options.url).trust_chain
    return _pin(options, *follow_all(_trust(options), chain_from, _now()))


def _pin(options, verdict: Verdict, moved: Trust) -> int:
    if options.pin and verdict.name == "valid":
        Path(options.pin).write_text(json.dumps(moved.to_checkpoint()) + "\n")
    return _show(verdict)


def _kind(data: bytes):
    try:
        value = parse(data, CHAIN_BYTES_MAX)
    except Invalid:
        return None
    return value.get("type") if type(value) is dict else None


def _verify_fork(trust: Trust, data: bytes) -> int:
    try:
        fork = check_fork(trust, data)
    except Refusal as refusal:
        return _show(Verdict(refusal.verdict, str(refusal)))
    print(f"Valid at height {fork.height}: two blocks are certified")
    for key in fork.guilty:
        print(f"  {key.hex()} is guilty: two precommits of one round")
    for key in fork.signed_both:
        print(f"  {key.hex()} signed both, in different rounds")
    return 0


def _resolve(options) -> int:
    trust = _trust(options)
    url = _url(options)
    kind, question = _question(url, options.urls)
    failure = did.Question(question.did).failure(trust.network)
    if failure:
        raise Unavailable(f"`{options.did}` cannot be resolved: {failure}")
    data = Node(options.url).ask(url, options.urls)
    verdict = check(trust, data, _now(), _age_max(options), {kind: question.to_json()})
    if verdict.name in ("valid", "stale"):
        answer = json.loads(data)
        del answer[question.PLACE]["proof"]
        print(json.dumps(answer, indent=2, ensure_ascii=False))
        # A proven "no" is no document: scripts see that by the exit code, as with `dzong`.
        if any("error" in answer.get(name, ()) for name in _OUTCOMES):
            print(f"{verdict}: proven that there is none", file=sys.stderr)
            return EXIT_CODES[verdict.name] or 1
    print(verdict, file=sys.stderr)
    return EXIT_CODES[verdict.name]


def _query(options) -> int:
    trust = _trust(options)
    words = (options.action, options.authority, options.entity, options.resource)
    context = None if options.time is None else {"time": options.time}
    query = _QUERIES[options.kind]
    try:
        question = query.read(query(*words, context).to_json()).to_json()
    except Invalid as error:
        raise Unavailable(str(error)) from None
    data = Node(options.url).query(options.kind, question)
    verdict = check(trust, data, _now(), _age_max(options), {options.kind: question})
    print(verdict, file=sys.stderr)
    if verdict.name not in ("valid", "stale"):
        return EXIT_CODES[verdict.name]
    answer = json.loads(data)
    del answer["proof"]
    print(json.dumps(answer, indent=2, ensure_ascii=False))
    # A proven "no" is no leave: scripts see that by the exit code, as with `dzong`.
    return EXIT_CODES[verdict.name] or int(answer.get(query.SAID) is not True)


def _status(options) -> int:
    trust = _trust(options)
    part = "statuses" if options.all else "registry"
    part = part if options.slot is None else options.slot
    question = status.Question(part, options.registry, options.time, options.version)
    try:
        question = status.Question.read(question.to_json())
    except Invalid as error:
        raise Unavailable(str(error)) from None
    data = Node(options.url).status(question)
    asked_for = {"status": question.to_json()}
    verdict = check(trust, data, _now(), _age_max(options), asked_for)
    print(verdict, file=sys.stderr)
    if verdict.name not in ("valid", "stale"):
        return EXIT_CODES[verdict.name]
    answer = json.loads(data)
    del answer["proof"]
    print(json.dumps(answer, indent=2, ensure_ascii=False))
    # A proven "none" is nothing to rely on: scripts see that by the exit code, as with `dzong`.
    return EXIT_CODES[verdict.name] or int("error" in answer)


def _receipt(options) -> int:
    trust, node = _trust(options), Node(options.url)
    data = node.receipt(options.event)
    verdict = check_receipt(trust, data, node.trust_chain, _now())
    if verdict.name == "valid" and json.loads(data)["id"] != options.event:
        verdict = Verdict("invalid", "it is the receipt of another event")
    if verdict.name == "valid":
        print(data.decode())
    print(verdict, file=sys.stderr)
    return EXIT_CODES[verdict.name]


def _url(options) -> str:
    """What is asked for as one DID URL."""
    url, hash_sign, fragment = options.did.partition("#")
    versions = {"versionId": options.version_id, "versionTime": options.version_time}
    given = urlencode({name: value for name, value in versions.items() if value is not None})
    if given:
        url += f"{'&' if '?' in url else '?'}{given}"
    return f"{url}{hash_sign}{fragment}"


def _question(url: str, urls: bool):
    try:
        return asked.read(url, urls)
    except Invalid as error:
        raise Unavailable(str(error)) from None


def _audit_log(options) -> int:
    trust = _trust(options)
    source = Node(f"{options.url.rstrip('/')}/log") if options.url else Folder(options.dir)
    try:
        earlier = None
        if options.earlier:
            earlier = Checkpoint.read(Path(options.earlier).read_bytes())
        found = audit(source, trust, _signers(options, trust), earlier)
    except Refusal as refusal:
        return _show(Verdict(refusal.verdict, str(refusal)))
    print(f"Valid: {found.size} entries, {found.events} events in {found.blocks} blocks")
    print(f"  root {found.root.hex()}, last block with events {found.height}")
    return 0


def _signers(options, trust: Trust) -> list:
    """Who cosigns: the proven record of a node (or in a file), else what genesis says."""
    if options.validators or options.url:
        data = (
            Path(options.validators).read_bytes()
            if options.validators
            else Node(options.url).record(_VALIDATORS_KEY)
        )
        verdict = check(trust, data, _now(), asked={"record": _VALIDATORS_KEY})
        if verdict.name != "valid":
            raise Unavailable(f"the validators are not proven: {verdict}")
        return Signer.read_all(json.loads(data)["record"]["content"])
    if not options.genesis:
        raise Unavailable("name the validators with --validators FILE, or trust --genesis FILE")
    document = Path(options.genesis).read_bytes().strip()
    return Signer.read_all(parse_canonical(document, GENESIS_BYTES_MAX)["validators"])


if __name__ == "__main__":
    sys.exit(main())
