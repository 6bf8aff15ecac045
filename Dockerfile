# The three components beside Spin. compose.yaml builds the last stage, for people who have Docker and nothing else.
# terraform/modules/registry builds `prebuilt` of components that are built already, for executor = "spintainer". Kubernetes with
# the shim runs neither, but the artefact that `spin registry push` makes.
FROM ghcr.io/spinframework/spin:v4.1.0 AS spin
# Nobody: Spin needs no rights. It keeps compiled components in its home and its state in .spin beside the manifest: it does not
# start where it cannot write them, and SpinKube's executor gives it no other place.
# The components' log is on standard output. Spin keeps it in files too, of which none would ever be cut.
RUN mkdir -p /app/.spin && chown 65534:65534 /app/.spin \
    && mkdir /app/logs \
    && for log in auth_stdout auth_stderr llm_stdout llm_stderr ocr_stdout ocr_stderr; do \
      ln -s /dev/null "/app/logs/$log.txt" || exit 1; done
USER 65534:65534
ENV HOME=/tmp
ENV SPIN_LOG_DIR=/app/logs
# What Spin's pool keeps of the memory of each instance that has ended, 2 MiB otherwise: after 200 requests at once, each
# with an instance of its own, that was 400 MiB (docs/adr/0035-bounds.md).
ENV SPIN_WASMTIME_LINEAR_MEMORY_KEEP_RESIDENT=524288

FROM spin AS prebuilt
COPY spin.toml /app/
COPY target/wasm32-wasip2/release /app/target/wasm32-wasip2/release
COPY target/pyodide /app/target/pyodide
COPY target/pdfjs /app/target/pdfjs

FROM rust:1.95.0-slim-bookworm AS components
RUN rustup target add wasm32-wasip2
WORKDIR /source
COPY . .
# The caches belong to Docker, so that a second build compiles only what changed.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    for name in auth llm ocr; do \
      cargo rustc --locked --target wasm32-wasip2 --release --lib --crate-type cdylib --package "$name" || exit 1; done \
    && cargo run --locked --profile native --package atelier-browser-files \
    && mkdir -p /app/target/wasm32-wasip2/release \
    && cp spin.toml /app/ \
    && cp target/wasm32-wasip2/release/auth.wasm target/wasm32-wasip2/release/llm.wasm target/wasm32-wasip2/release/ocr.wasm \
       /app/target/wasm32-wasip2/release/ \
    && cp -r target/pyodide target/pdfjs /app/target/

FROM spin
COPY --from=components /app /app
