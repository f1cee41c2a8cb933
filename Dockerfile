# Every deployable of this repository, one target each:
#   docker build --target facade|strangler|contracts|monolith|catalog|shipping-rates .
# Sides of a context tell which build they are: --build-arg BUILD_VERSION=$(git rev-parse HEAD).
# Images hold the built JavaScript and the packages that it needs, nothing else, and run as the user node.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

# ── building ─────────────────────────────────────────────────────────────────────────────────────────────────────────
FROM ${NODE_IMAGE} AS lock
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

FROM lock AS build
COPY bench/package.json bench/
COPY contracts/package.json contracts/
COPY demo/package.json demo/
COPY dev-stack/package.json dev-stack/
COPY extracted/catalog/package.json extracted/catalog/
COPY extracted/service-kit/package.json extracted/service-kit/
COPY extracted/shipping-rates/package.json extracted/shipping-rates/
COPY facade/package.json facade/
COPY legacy-monolith/package.json legacy-monolith/
COPY migration/package.json migration/
COPY plan/package.json plan/
# Install scripts would fetch a second Node and PostgreSQL for the tests.
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY deploy/tsconfig deploy/tsconfig
COPY contracts contracts
COPY migration migration
COPY plan plan
COPY facade facade
COPY extracted extracted
COPY legacy-monolith legacy-monolith
RUN node scripts/build.mjs
RUN for deployable in legacy-monolith catalog shipping-rates; do node node_modules/typescript/bin/tsc -p "deploy/tsconfig/$deployable.json" || exit 1; done
RUN cp -r legacy-monolith/src/db/migrations legacy-monolith/dist/legacy-monolith/src/db/
# What its pages run in a browser.
RUN node node_modules/typescript/bin/tsc -p deploy/tsconfig/storefront-pages.json
RUN cp legacy-monolith/src/storefront/assets/shop.css legacy-monolith/dist/legacy-monolith/src/storefront/assets/

# ── packages of each deployable: only the manifests that it needs are there, so nothing else gets installed ──────────
FROM lock AS facade-packages
COPY plan/package.json plan/
COPY facade/package.json facade/
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --ignore-scripts --include-workspace-root=false --workspace=facade

FROM lock AS strangler-packages
COPY migration/package.json migration/
COPY plan/package.json plan/
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --ignore-scripts --include-workspace-root=false --workspace=migration

FROM lock AS contracts-packages
COPY migration/package.json migration/
COPY plan/package.json plan/
COPY contracts/package.json contracts/
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --ignore-scripts --include-workspace-root=false --workspace=migration --workspace=contracts

FROM lock AS monolith-packages
COPY legacy-monolith/package.json legacy-monolith/
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --ignore-scripts --include-workspace-root=false --workspace=legacy-monolith

FROM lock AS catalog-packages
COPY extracted/service-kit/package.json extracted/service-kit/
COPY extracted/catalog/package.json extracted/catalog/
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --ignore-scripts --include-workspace-root=false --workspace=extracted/catalog

FROM lock AS shipping-rates-packages
COPY extracted/service-kit/package.json extracted/service-kit/
COPY extracted/shipping-rates/package.json extracted/shipping-rates/
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --ignore-scripts --include-workspace-root=false --workspace=extracted/shipping-rates

# ── what runs ────────────────────────────────────────────────────────────────────────────────────────────────────────
FROM ${NODE_IMAGE} AS runtime
ENV NODE_ENV=production
WORKDIR /app

FROM runtime AS facade
COPY --from=facade-packages /app ./
COPY --from=build /app/facade/dist facade/dist
COPY --from=build /app/plan/dist plan/dist
COPY facade/bin facade/bin
# The last known flags and owners live here: a volume mounted on it belongs to the user node.
RUN install -d -o node -g node /var/lib/facade
ENV FACADE_HOST=0.0.0.0 FACADE_STATE_DIR=/var/lib/facade STRANGLER_CONTEXTS=/app/contexts
USER node
EXPOSE 8080 8081
CMD ["node", "facade/bin/facade.js"]

FROM runtime AS strangler
COPY --from=strangler-packages /app ./
COPY --from=build /app/migration/dist migration/dist
COPY --from=build /app/plan/dist plan/dist
COPY migration/bin migration/bin
ENV STRANGLER_CONTEXTS=/app/contexts
USER node
# A worker's, where STRANGLER_WORKER_PORT says so.
EXPOSE 8082
ENTRYPOINT ["node", "/app/migration/bin/strangler.js"]
CMD ["--help"]

# The command line with the pact verifier (native code, 50 MB) beside it.
FROM runtime AS contracts
COPY --from=contracts-packages /app ./
COPY --from=build /app/migration/dist migration/dist
COPY --from=build /app/plan/dist plan/dist
COPY --from=build /app/contracts/dist contracts/dist
COPY migration/bin migration/bin
ENV STRANGLER_CONTEXTS=/app/contexts PACT_DO_NOT_TRACK=true
USER node
ENTRYPOINT ["node", "/app/migration/bin/strangler.js"]
CMD ["contracts", "--help"]

FROM runtime AS monolith
COPY --from=monolith-packages /app ./
# The client that its pages ask with is among it.
COPY --from=build /app/legacy-monolith/dist ./
COPY deploy/monolith deploy/monolith
ARG BUILD_VERSION=
ENV HOST=0.0.0.0 PORT=3000 BUILD_VERSION=$BUILD_VERSION
USER node
EXPOSE 3000
CMD ["node", "legacy-monolith/src/main.js"]

FROM runtime AS catalog
COPY --from=catalog-packages /app ./
COPY --from=build /app/extracted/service-kit/dist extracted/service-kit/dist
COPY --from=build /app/extracted/catalog/dist extracted/catalog/dist
ARG BUILD_VERSION=
ENV HOST=0.0.0.0 PORT=3001 BUILD_VERSION=$BUILD_VERSION
USER node
EXPOSE 3001
CMD ["node", "extracted/catalog/dist/main.js"]

FROM runtime AS shipping-rates
COPY --from=shipping-rates-packages /app ./
COPY --from=build /app/extracted/service-kit/dist extracted/service-kit/dist
COPY --from=build /app/extracted/shipping-rates/dist extracted/shipping-rates/dist
ARG BUILD_VERSION=
ENV HOST=0.0.0.0 PORT=3002 BUILD_VERSION=$BUILD_VERSION
USER node
EXPOSE 3002
CMD ["node", "extracted/shipping-rates/dist/main.js"]
