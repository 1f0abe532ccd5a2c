# One file for all services: `docker build --build-arg SERVICE=gateway .` makes the image of apps/gateway. The services
# are built alike, so they share these stages; each image has only the packages of its own service, so that the public
# entry carries no database driver and no push SDK.
# Nothing in here needs BuildKit: the classic builder makes the same images.

# By tag, or by digest as `deploy/pin-images.sh` prints them.
ARG NODE_IMAGE=node:24-bookworm
ARG NODE_SLIM_IMAGE=node:24-bookworm-slim

# What is installed follows from these files alone: while none of them changes, `npm ci` comes from the cache.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /app
COPY package.json package-lock.json ./
COPY libs libs
COPY apps apps
COPY tools tools
RUN find libs apps tools \( -type f ! -name package.json -o -type d -empty \) -delete

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
# The image has the headers that native modules are compiled with: nothing is fetched for them.
ENV npm_package_config_node_gyp_nodedir=/usr/local npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false
COPY --from=manifests /app ./
# Without install scripts: the bundler needs none, and native modules are compiled where they ship.
RUN npm ci --ignore-scripts

FROM packages AS bundle
COPY tsconfig.base.json ./
COPY libs libs
COPY apps apps
COPY tools tools
ARG SERVICE
ARG VERSION
# What `/health`, traces and metrics call it is the name of the image.
RUN cd "apps/${SERVICE:?is the folder of a service under apps/}" \
 && if [ -n "$VERSION" ]; then npm pkg set "version=$VERSION"; fi \
 && node ../../tools/build.mjs
# The gateway serves the web app. The others get an empty folder.
RUN mkdir /web && if [ "$SERVICE" = gateway ]; then cd apps/web && npm run build && mv dist/* /web/; fi
# Beside the store is the command that backs it up, restores it and looks after it.
RUN if [ "$SERVICE" = messages ]; then cd tools && node build.mjs && mv dist/admin.js ../apps/messages/dist/; fi

# The packages of one service, in the places where its bundle looks for them.
FROM packages AS production
ARG SERVICE
COPY tools/lib/native /native
# better-sqlite3 is compiled here in any case: made with the headers of Node 24.19 or later as they are, it aborts the process.
RUN npm_config_build_from_source=better-sqlite3 CXXFLAGS="-include /native/object-wrap.h" \
    npm ci --omit=dev --prefer-offline --workspace="apps/$SERVICE" \
 && if [ "$SERVICE" = messages ]; then node /native/probe.cjs; fi \
 && rm -rf node_modules/@agent-messenger node_modules/.cache \
 && mkdir -p "apps/$SERVICE/node_modules" /out \
 && mv node_modules /out/ \
 && mkdir /out/service && mv "apps/$SERVICE/node_modules" /out/service/ \
 # What only compilers and debuggers read.
 && find /out -type d \( -path '*/better-sqlite3/deps' -o -path '*/better-sqlite3/src' \) -prune -exec rm -rf {} + \
 && find /out -path '*/build/Release/*' -type f ! -name '*.node' -delete \
 && find /out -path '*/swagger-ui-dist/*' -type f -name '*-es-*' -delete \
 && find /out -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete
COPY --from=bundle /app/apps/$SERVICE/dist/*.js /out/service/
COPY --from=bundle /web /out/service/web

FROM ${NODE_SLIM_IMAGE}
# The state of messages, and where its backups go; a new volume takes over owner and mode.
RUN groupadd --gid 10001 messenger \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin messenger \
 && install -d -o 10001 -g 10001 -m 700 /data /backups
WORKDIR /app
ENV NODE_ENV=production WEB_DIR=/app/service/web
COPY --from=production /out ./
# A package that the bundle needs and that is not here fails the build, not the start.
RUN node service/main.js --config-schema > /dev/null \
 && if [ -e service/admin.js ]; then node service/admin.js --help > /dev/null; fi
# A number, so that Kubernetes can tell that it is not root.
USER 10001:10001
# The gateway's public port, and the private one of every service.
EXPOSE 8080 9090
# Ready from the end of the start until SIGTERM; dependencies do not change it. No tool of the image speaks HTTP, and a Node for
# each look would cost a busy machine what it lacks; nor may looks that wait pile up, which Docker gives up and does not end.
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=3 CMD ["bash", "-c", "\
  exec 3<>/dev/tcp/127.0.0.1/${INTERNAL_PORT:-9090} && \
  printf 'GET /readyz HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && read -r -t 4 line <&3 && [[ $line == *' 200 '* ]]"]
# Node itself, no shell and no npm in front: signals reach it, as process 1 too.
CMD ["node", "service/main.js"]
ARG SERVICE
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="agent-messenger $SERVICE" \
      org.opencontainers.image.description="Self-hosted messaging between people and their AI agents" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.base.name="docker.io/library/node:24-bookworm-slim"
