#!/usr/bin/env bash
# Run a command with LIRAP_TEST_DATABASE naming a throw-away PostgreSQL server, from Debian's package postgresql.
#   tests/postgres.sh .venv/bin/python -m pytest tests/experiments/ledger
set -euo pipefail

binaries=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -n "$binaries" ] || { echo "No PostgreSQL server found: apt-get install postgresql" >&2; exit 1; }

folder=$(mktemp -d)
as() { "$@"; }
if [ "$(id -u)" = 0 ]; then  # the server refuses to run as root
    user=$(id -un postgres 2>/dev/null || echo nobody)
    chown "$user" "$folder"
    as() { setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups "$@"; }
fi
stop() {
    as "$binaries/pg_ctl" --pgdata="$folder/data" --mode=immediate --silent stop || true
    rm -rf "$folder"
}
trap stop EXIT

cd "$folder"  # the server's user may not look into the folder that this began in
as "$binaries/initdb" --pgdata="$folder/data" --username=lirap --auth=trust --no-sync --locale=C --encoding=UTF8 >"$folder.log" 2>&1 ||
    { cat "$folder.log" >&2; exit 1; }
rm -f "$folder.log"
# A socket in the folder and no port: nobody else can reach it, and any number of them run side by side.
as "$binaries/pg_ctl" --pgdata="$folder/data" --log="$folder/log" --wait --silent \
    --options="-c listen_addresses='' -c unix_socket_directories='$folder' -c max_connections=100" start
cd "$OLDPWD"
LIRAP_TEST_DATABASE="postgresql://lirap@/postgres?host=$folder" "$@"
