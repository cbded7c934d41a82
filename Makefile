# `make run` tries everything on this machine; `make test` proves it.

.PHONY: run test test-release bench-import build deploy build-SdkExchangeFunction build-MessagingTokenFunction build-SsoRedirectFunction

# Start the three functions on http://127.0.0.1:3000; `make run ARGS="--port 3100 --data .local"` passes options on.
run:
	cargo run --locked --features cli -- local $(ARGS)

# Every test: unit, property, and the real binaries behind a Runtime API server; then the witnesses there are.
test:
	cargo test --locked --features cli
	tests/web-script
	tests/witnesses

# The same specifications over the release binaries, which must have been built.
test-release:
	ZENDESK_JWT_BIN_DIR=target/release cargo test --locked --features cli --test service

# Imports and exports up to a million users with the release build of the tool; docs/import.md has figures.
bench-import:
	cargo build --locked --release --features cli --bin zendesk-jwt
	tests/benchmark-import

# `sam build` calls one target per function and sets ARTIFACTS_DIR.
build:
	sam build --build-in-source

deploy: build
	sam deploy --guided

build-SdkExchangeFunction: FUNCTION = sdk-exchange
build-MessagingTokenFunction: FUNCTION = messaging-token
build-SsoRedirectFunction: FUNCTION = sso-redirect
# cargo-lambda builds for the older glibc of Lambda on any machine; plain cargo does on a Linux that is as old.
build-SdkExchangeFunction build-MessagingTokenFunction build-SsoRedirectFunction:
	@if command -v cargo-lambda >/dev/null; then \
		cargo lambda build --locked --release --bin $(FUNCTION) && \
		cp target/lambda/$(FUNCTION)/bootstrap "$(ARTIFACTS_DIR)/bootstrap"; \
	elif [ "$$(uname -sm)" = "Linux x86_64" ]; then \
		cargo build --locked --release --bin $(FUNCTION) && \
		cp target/release/$(FUNCTION) "$(ARTIFACTS_DIR)/bootstrap"; \
	else \
		echo "Install cargo-lambda to build for Lambda on this machine: https://www.cargo-lambda.info" >&2; exit 1; \
	fi
