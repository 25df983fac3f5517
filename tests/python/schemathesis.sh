#!/usr/bin/env bash
# Schemathesis asks a node everything that its OpenAPI description allows, and much that it does not:
# no answer may be a server error, and none may be undocumented. A second round asks for what is there,
# so that answers other than "there is no such thing" are compared with their description, too.
#
#   tests/python/schemathesis.sh [URL] [options of `st run`]
#
# Without a URL it starts a local network (DZONG_BIN, DZONG_PORT) and stops it in the end.
# EXAMPLES (default 100) is the number of generated requests for each operation, SEED their seed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# Where .ci/python installs it; anywhere else it has to be on the path already.
PATH=$here/.venv/bin:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [[ ${1-} == http* ]]; then
    url=$1
    shift
else
    : "${DZONG_BIN:?name a node as the first argument, or the binary with DZONG_BIN}"
    home=$work/localnet
    port=${DZONG_PORT:-9320}
    url=http://127.0.0.1:$port
    trap '"$DZONG_BIN" localnet stop --home "$home"; rm -rf "$work"' EXIT
    "$DZONG_BIN" localnet --home "$home" --base-port "$port" --detach
    "$DZONG_BIN" key new --suite ed25519 --out "$work/key.json"
    at=(--url "$url" --genesis "$home/genesis.json" --key "$work/key.json")
    "$DZONG_BIN" did create "${at[@]}" --endorser "$home/keys/endorser.json" --save
    echo '{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object"}' >"$work/one.json"
    "$DZONG_BIN" schema publish "$work/one.json" --name One "${at[@]}"
fi

st() {
    local config=$1
    shift
    PYTHONPATH=$here SCHEMATHESIS_HOOKS=schemathesis_hooks command st --config-file "$config" \
        run "$url/openapi.json" --wait-for-schema 10 --max-examples "${EXAMPLES:-100}" \
        --seed "${SEED:-1}" "$@"
}

st "$here/schemathesis.toml" "$@"

# The newest event, its author, and what the author published.
cp "$here/schemathesis.toml" "$work/there.toml"
python3 - "$url" >>"$work/there.toml" <<'PYTHON'
import json, sys, urllib.request
url = sys.argv[1]
get = lambda path: json.load(urllib.request.urlopen(url + path))
event = get("/v1/events?limit=1&order=desc")["events"][0]
did, id = event["event"]["author"], event["id"]
there = {"/1.0/identifiers/{did}": ("did", did), "/v1/records/{key}": ("key", f"did/{did}")}
there |= {path: ("id", id) for path in ("/v1/events/{id}", "/v1/events/{id}/receipt")}
there["/v1/blocks/{height}"] = ("height", 1)
for schema in get(f"/v1/schemas?did={did}")["schemas"]:
    there["/v1/resources/{uri}"] = ("uri", schema["resourceURI"])
for path, (name, value) in there.items():
    print(f'\n[[operations]]\ninclude-path = "{path}"')
    print(f'parameters = {{ "path.{name}" = {json.dumps(value)} }}')
PYTHON
st "$work/there.toml" --include-path-regex '\{(did|key|id|height|uri)\}' "$@"
