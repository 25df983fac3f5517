#!/usr/bin/env bash
# Schemathesis asks a node everything that its OpenAPI description allows, and much that it does not:
# no answer may be a server error, and none may be undocumented.
#
#   tests/python/schemathesis.sh [URL] [options of `st run`]
#
# Without a URL it starts a local network (DZONG_BIN, DZONG_PORT) and stops it in the end.
# EXAMPLES (default 100) is the number of generated requests for each operation, SEED their seed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

if [[ ${1-} == http* ]]; then
    url=$1
    shift
else
    : "${DZONG_BIN:?name a node as the first argument, or the binary with DZONG_BIN}"
    home=$(mktemp -d)
    port=${DZONG_PORT:-9320}
    url=http://127.0.0.1:$port
    trap '"$DZONG_BIN" localnet stop --home "$home"; rm -rf "$home"' EXIT
    "$DZONG_BIN" localnet --home "$home" --base-port "$port" --detach
fi

st --config-file "$here/schemathesis.toml" run "$url/openapi.json" \
    --wait-for-schema 10 --max-examples "${EXAMPLES:-100}" --seed "${SEED:-1}" "$@"
