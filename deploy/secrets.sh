#!/bin/sh
# Writes .env with fresh secrets, for docker compose, which reads it by itself. `npm run secrets`, or without Node:
# sh deploy/secrets.sh [FILE]
set -eu
umask 077
if [ $# -eq 0 ]; then cd "$(dirname "$0")/.."; fi
file=${1:-.env}

secret() { od -An -v -N 32 -t x1 /dev/urandom | tr -d ' \n'; }

# Written aside and linked: the file is there whole or not at all, and one that is there stays.
new=$(mktemp "$file.XXXXXX")
trap 'rm -f "$new"' EXIT
cat >"$new" <<END
# Secrets of this installation. Keep a copy in a safe place: without INTERNAL_JWT_SECRET a backup loses the idempotency
# of what was sent before it, without JWT_SECRET everybody has to log in again.
JWT_SECRET=$(secret)
INTERNAL_JWT_SECRET=$(secret)
ADMIN_API_KEY=$(secret)
REDIS_PASSWORD=$(secret)
POSTGRES_PASSWORD=$(secret)
GRAFANA_ADMIN_PASSWORD=$(secret)
END
if ! ln "$new" "$file" 2>/dev/null; then
  echo "$file cannot be made, or is there already: to begin anew, move it away. It holds the secrets of what runs." >&2
  exit 1
fi
echo "Wrote $file, readable by you alone."
