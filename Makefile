# `make run` tries everything on this machine; `make test` proves it.

# What Lambda runs the functions on: x86_64 or arm64, as the template's parameter Architecture says.
export ARCHITECTURE = x86_64

.PHONY: run test test-release test-containers fuzz coverage mutants bench bench-import build
.PHONY: invoke-sdk invoke-messaging invoke-sso start-api deploy environment logs need-sam need-docker build-SdkExchangeFunction build-MessagingTokenFunction build-SsoRedirectFunction

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

# The functions as Lambda gets them: in its containers, behind the template's routes, and deployed to a stand-in for AWS.
test-containers:
	tests/containers/run

# Ten minutes of hostile input for each of the six readers, or FUZZ_SECONDS; fuzz/run says what it needs.
fuzz:
	fuzz/run $(ARGS)

# Which lines of Zendesk's rules, the flows and HTTP the tests run. Expects `cargo install --locked cargo-llvm-cov`.
coverage:
	cargo llvm-cov --locked --features cli --lib --test service --summary-only \
		--ignore-filename-regex 'src/(aws|bin|cli)/|src/(config|lambda|lib|outcome|signing_keys|telemetry)\.rs|tests/|fuzz/' $(ARGS)

# Which changes to the same files no test notices: an hour and a half on two cores; tests/mutants says what it needs.
mutants:
	tests/mutants $(ARGS)

# What the functions cost, beside a bare function and the SDK's defaults, on a machine that does nothing else;
# docs/performance.md has figures.
bench:
	cargo build --locked --release --bins
	cargo build --locked --release --features floor --bin floor
	cargo build --locked --release --manifest-path benches/defaults/Cargo.toml --target-dir target/defaults
	cargo bench --locked --profile dev --features cli --bench cost -- $(ARGS)

# Imports and exports up to a million users with the release build of the tool.
bench-import:
	cargo build --locked --release --features cli --bin zendesk-jwt
	tests/benchmark-import

# `sam build` calls one target per function and sets ARTIFACTS_DIR.
build: need-sam
	sam build --build-in-source --parameter-overrides Architecture=$(ARCHITECTURE)

# One call in Lambda's container, with an event of events/ and the demo users; EVENT=events/FILE takes another.
invoke-sdk: EVENT = events/sdk-exchange-http-api.json
invoke-sdk: FUNCTION = SdkExchangeFunction
invoke-messaging: EVENT = events/messaging-token-http-api-bearer.json
invoke-messaging: FUNCTION = MessagingTokenFunction
invoke-sso: EVENT = events/sso-redirect-http-api-login.json
invoke-sso: FUNCTION = SsoRedirectFunction
invoke-sdk invoke-messaging invoke-sso: need-docker build
	events/sam-local invoke $(FUNCTION) --event $(EVENT) $(ARGS)

# The API with the template's routes on http://127.0.0.1:3000, every function in its container.
start-api: need-docker build
	events/sam-local start-api $(ARGS)

deploy: build
	@echo "The functions are built for $(ARCHITECTURE): answer the parameter Architecture with that."
	sam deploy --guided $(ARGS)

# Where the table and the secrets of the deployed stack are, for the operator's tool: eval "$(make environment)".
environment: need-sam
	@sam list stack-outputs --output json $(ARGS) | awk -F '"' ' \
		BEGIN { names["UserTokensTableName"] = "USER_TOKENS_TABLE"; names["SdkSigningKeyArn"] = "SDK_SECRET_ID"; \
			names["MessagingSigningKeyArn"] = "MESSAGING_SECRET_ID"; names["SsoSigningKeyArn"] = "SSO_SECRET_ID" } \
		$$2 == "OutputKey" { key = $$4 } \
		$$2 == "OutputValue" { value = $$4 } \
		/}/ && key in names { print "export " names[key] "=" value }'

# What the functions and the API of the deployed stack log, as it comes.
logs: need-sam
	sam logs --tail $(ARGS)

need-sam:
	@command -v sam >/dev/null || { echo "Install the AWS SAM CLI: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/install-sam-cli.html" >&2; exit 1; }

need-docker:
	@command -v docker >/dev/null || { echo "Install Docker: https://docs.docker.com/get-started/get-docker/" >&2; exit 1; }
	@docker info >/dev/null 2>&1 || { echo "Start Docker: 'docker info' does not reach its daemon." >&2; exit 1; }

build-SdkExchangeFunction: FUNCTION = sdk-exchange
build-MessagingTokenFunction: FUNCTION = messaging-token
build-SsoRedirectFunction: FUNCTION = sso-redirect
# cargo-lambda builds for the older glibc of Lambda on any machine; plain cargo does on a Linux that is as old.
build-SdkExchangeFunction build-MessagingTokenFunction build-SsoRedirectFunction:
	@if command -v cargo-lambda >/dev/null; then \
		cargo lambda build --locked --release --$(subst _,-,$(ARCHITECTURE)) --bin $(FUNCTION) && \
		cp target/lambda/$(FUNCTION)/bootstrap "$(ARTIFACTS_DIR)/bootstrap"; \
	elif [ "$$(uname -s) $$(uname -m | sed s/aarch64/arm64/)" = "Linux $(ARCHITECTURE)" ]; then \
		cargo build --locked --release --bin $(FUNCTION) && \
		cp target/release/$(FUNCTION) "$(ARTIFACTS_DIR)/bootstrap"; \
	else \
		echo "Install cargo-lambda to build for Lambda on this machine: https://www.cargo-lambda.info" >&2; exit 1; \
	fi
	@.ci/glibc $(FUNCTION) "$(ARTIFACTS_DIR)/bootstrap"
