#!/usr/bin/env bash
# How fast a node answers, against nginx serving the same bytes on the same cores in the same run.
#
#   benches/http.sh [SECONDS]
#
# Needs nginx and wrk (Debian has both) and a built dzong: target/release/dzong, or DZONG=FILE. Each
# question is put to both in turn, three times; what is printed are medians and their ratio. At the end
# the trust registry's answers are compared with the node's own plain resolution.
set -euo pipefail
cd "$(dirname "$0")/.."

SECONDS_EACH=${1:-5}
CONNECTIONS=32
DZONG=$(realpath "${DZONG:-target/release/dzong}")
BASE_PORT=${BASE_PORT:-18480}
NGINX_PORT=$((BASE_PORT + 90))
HOME_DIR=$(mktemp -d)
NGINX=
stop() {
    [[ -z $NGINX ]] || kill "$NGINX" || true
    "$DZONG" localnet stop --home "$HOME_DIR/net" >/dev/null || true
    rm -rf "$HOME_DIR"
}
trap stop EXIT

for tool in nginx wrk curl; do
    command -v "$tool" >/dev/null || { echo "$tool is not installed: apt-get install $tool"; exit 1; }
done

"$DZONG" localnet --home "$HOME_DIR/net" --base-port "$BASE_PORT" --fresh --detach >/dev/null
NODE=http://127.0.0.1:$BASE_PORT
export DZONG_HOME=$HOME_DIR/net DZONG_URL=$NODE
"$DZONG" key new --suite ed25519 --out "$HOME_DIR/key.json" >/dev/null
DID=$("$DZONG" did create --key "$HOME_DIR/key.json" --save --json | grep -o 'did:ndi:[a-z0-9-]*:Qm[A-Za-z0-9]*' | sort -u)
# Enough events for a full tile.
"$DZONG" load --kind did --rate 100 --seconds 5 >/dev/null

WWW=$HOME_DIR/www
mkdir -p "$WWW/many" "$WWW/proofs"
PROOF='?proof=true'
# One DID asked again and again, as a busy issuer's is; and many, each of them seldom.
curl -sSf "$NODE/v1/dids?limit=1000" | grep -o 'did:ndi:[a-z0-9-]*:Qm[A-Za-z0-9]*' | sort -u >"$HOME_DIR/dids"
while read -r did; do
    curl -sSf "$NODE/1.0/identifiers/$did" >"$WWW/many/$did"
    curl -sSf "$NODE/1.0/identifiers/$did$PROOF" >"$WWW/proofs/$did"
    echo "/1.0/identifiers/$did" >>"$HOME_DIR/node.many"
    echo "/1.0/identifiers/$did$PROOF" >>"$HOME_DIR/node.proofs"
    echo "/many/$did" >>"$HOME_DIR/nginx.many"
    echo "/proofs/$did" >>"$HOME_DIR/nginx.proofs"
done <"$HOME_DIR/dids"
grep "$DID" "$HOME_DIR/node.many" >"$HOME_DIR/node.one"
grep "$DID" "$HOME_DIR/nginx.many" >"$HOME_DIR/nginx.one"
grep "$DID" "$HOME_DIR/node.proofs" >"$HOME_DIR/node.proof"
grep "$DID" "$HOME_DIR/nginx.proofs" >"$HOME_DIR/nginx.proof"
# A revocation registry: its head, and the statuses of all its slots.
REGISTRY=$("$DZONG" status create --capacity 65536 --format token --key "$HOME_DIR/key.json" | head -1)
"$DZONG" status change "$REGISTRY" --revoke 500-999 --ground on-request --key "$HOME_DIR/key.json" >/dev/null
echo "/v1/revocation/registries/$REGISTRY" >"$HOME_DIR/node.head"
echo "/v1/revocation/registries/$REGISTRY/statuses" >"$HOME_DIR/node.statuses"
for part in head statuses; do
    curl -sSf -o "$WWW/$part" "$NODE$(<"$HOME_DIR/node.$part")"
    echo "/$part" >"$HOME_DIR/nginx.$part"
done
curl -sSf --retry 20 --retry-all-errors --retry-delay 1 -o "$WWW/tile" "$NODE/log/tile/0/000"
echo /log/tile/0/000 >"$HOME_DIR/node.tile"
echo /tile >"$HOME_DIR/nginx.tile"
cat >"$HOME_DIR/paths.lua" <<'LUA'
function init(arguments)
    requests, at = {}, 0
    -- A path, and what is posted to it, if anything is.
    for line in io.lines(arguments[1]) do
        local path, body = line:match("^(%S+) ?(.*)$")
        local method = body == "" and "GET" or "POST"
        local headers = { ["Content-Type"] = "application/json" }
        requests[#requests + 1] = wrk.format(method, path, headers, body)
    end
end
function request()
    at = at % #requests + 1
    return requests[at]
end
LUA
cat >"$HOME_DIR/nginx.conf" <<CONF
user $(id -un) $(id -gn);
worker_processes auto;
daemon off;
pid $HOME_DIR/nginx.pid;
error_log /dev/null;
events { worker_connections 1024; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    open_file_cache max=5000 inactive=60s;
    open_file_cache_valid 60s;
    default_type application/json;
    client_body_temp_path $HOME_DIR/t1; proxy_temp_path $HOME_DIR/t2; fastcgi_temp_path $HOME_DIR/t3;
    uwsgi_temp_path $HOME_DIR/t4; scgi_temp_path $HOME_DIR/t5;
    server { listen 127.0.0.1:$NGINX_PORT; root $WWW; }
}
CONF
nginx -c "$HOME_DIR/nginx.conf" &
NGINX=$!
sleep 1

# Requests a second, the 99th percentile in milliseconds, and answers that were none.
ask() {
    wrk -t 2 -c "$CONNECTIONS" -d "${SECONDS_EACH}s" --latency -s "$HOME_DIR/paths.lua" "$1" -- "$2" | awk '
        /Requests\/sec/ { rate = $2 }
        $1 == "99%" { p = $2; if (p ~ /us$/) p = p / 1000; else if (p ~ /ms$/) p = p + 0; else p = p * 1000 }
        /Non-2xx/ { bad = $NF }
        END { print rate, p, bad + 0 }'
}
median() { sort -n | sed -n 2p; }

# A line of the table: a name, our questions, and the other server with the questions to it.
compare() {
    : >"$HOME_DIR/ours"
    : >"$HOME_DIR/theirs"
    for _ in 1 2 3; do
        ask "$NODE" "$HOME_DIR/$2" >>"$HOME_DIR/ours"
        ask "$3" "$HOME_DIR/$4" >>"$HOME_DIR/theirs"
    done
    awk '$3 > 0 { exit 1 }' "$HOME_DIR/ours" "$HOME_DIR/theirs" || { echo "$1: errors were answered"; exit 1; }
    ours=$(cut -d' ' -f1 "$HOME_DIR/ours" | median)
    theirs=$(cut -d' ' -f1 "$HOME_DIR/theirs" | median)
    printf '%-28s %10.0f %10.0f %6.2f %8.2f %8.2f\n' "$1" "$ours" "$theirs" \
        "$(awk "BEGIN { print $ours / $theirs }")" \
        "$(cut -d' ' -f2 "$HOME_DIR/ours" | median)" "$(cut -d' ' -f2 "$HOME_DIR/theirs" | median)"
}

HEAD='%-28s %10s %10s %6s %8s %8s\n'
NGINX_URL=http://127.0.0.1:$NGINX_PORT
# shellcheck disable=SC2059
printf "$HEAD" question dzong/s nginx/s ratio "p99 ms" "nginx ms"
compare resolution node.one "$NGINX_URL" nginx.one
compare "resolution, many DIDs" node.many "$NGINX_URL" nginx.many
compare "with proof" node.proof "$NGINX_URL" nginx.proof
compare "with proof, many DIDs" node.proofs "$NGINX_URL" nginx.proofs
compare "log tile" node.tile "$NGINX_URL" nginx.tile
compare "head of a registry" node.head "$NGINX_URL" nginx.head
compare "statuses of 65,536 slots" node.statuses "$NGINX_URL" nginx.statuses

# The organisations of the demonstration.
"$DZONG" demo --home "$HOME_DIR/net" --url "$NODE" >/dev/null
GRANT='"listing":{"action":"\([^"]*\)","authority":"\([^"]*\)","entity":"\([^"]*\)".*"resource":"\([^"]*\)"}'
QUESTION=$(curl -sSf "$NODE/v1/authorizations?limit=1&state=active" |
    sed "s/.*$GRANT.*/{\"action\":\"\1\",\"authority_id\":\"\2\",\"entity_id\":\"\3\",\"resource\":\"\4\"}/")
curl -sSf -d "$QUESTION" "$NODE/authorization" | grep -q '"authorized":true' || { echo "not authorised: $QUESTION"; exit 1; }
echo "/authorization $QUESTION" >"$HOME_DIR/node.trqp"
echo "/authorization$PROOF $QUESTION" >"$HOME_DIR/node.trqp-proof"
# shellcheck disable=SC2059
printf "\n$HEAD" question dzong/s resolved/s ratio "p99 ms" "resolved"
compare authorization node.trqp "$NODE" node.one
compare "authorization, with proof" node.trqp-proof "$NODE" node.one
