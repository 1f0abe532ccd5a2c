#!/bin/sh
# Prints the base images by digest, as lines for .env: `sh deploy/pin-images.sh >>.env`. Compose builds from and runs
# exactly these then, until the lines are replaced by those of a later run: that is how a base image is raised. Needs
# docker and the registry.
set -eu

digest() {
  docker pull --quiet "$2" >/dev/null
  pinned=$(docker image inspect --format '{{index .RepoDigests 0}}' "$2")
  case $pinned in
    *@sha256:*) echo "$1=$pinned" ;;
    *) echo "$2 has no digest: it does not come from a registry" >&2 && exit 1 ;;
  esac
}

# All or nothing: half of them pinned would look like all.
lines=$(
  set -e
  digest NODE_IMAGE "${1:-node:24-bookworm}"
  digest NODE_SLIM_IMAGE "${2:-node:24-bookworm-slim}"
  digest REDIS_IMAGE redis:7-bookworm
  digest NGINX_IMAGE nginx:1-bookworm
  digest POSTGRES_IMAGE postgres:15-bookworm
)
echo "$lines"
