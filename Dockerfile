# For compose.yaml: builds the three components and puts them beside Spin, for people who have Docker and nothing else.
# Everybody else builds with `cargo xtask build`; Kubernetes runs the artefact that `spin registry push` makes, not this.
FROM rust:1.95.0-slim-bookworm AS components
RUN rustup target add wasm32-wasip2
WORKDIR /source
COPY . .
# The caches belong to Docker, so that a second build compiles only what changed.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --locked --target wasm32-wasip2 --release --package auth --package llm --package ocr \
    && mkdir -p /app/target/wasm32-wasip2/release \
    && cp spin.toml /app/ \
    && cp target/wasm32-wasip2/release/auth.wasm target/wasm32-wasip2/release/llm.wasm target/wasm32-wasip2/release/ocr.wasm \
       /app/target/wasm32-wasip2/release/

FROM ghcr.io/spinframework/spin:v4.1.0
COPY --from=components /app /app
# Nobody: Spin needs no rights. Its home has to be writable, because it keeps compiled components there.
USER 65534:65534
ENV HOME=/tmp
