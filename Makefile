# `make` lists the targets. ARGS are further options, as in `make run ARGS="--port 3100 --data .local"`.

# The processor in Lambda: the parameter Architecture in samconfig.toml, or its default.
export ARCHITECTURE := $(or $(shell sed -n "s/^ *'Architecture=\"\(.*\)\"'.*/\1/p" samconfig.toml),x86_64)

# Per function: the name in the template, and the default event of `make invoke`.
sdk-exchange = SdkExchangeFunction events/sdk-exchange-http-api.json
messaging-token = MessagingTokenFunction events/messaging-token-http-api-bearer.json
sso-redirect = SsoRedirectFunction events/sso-redirect-http-api-login.json
FUNCTION = sdk-exchange
EVENT = $(word 2,$($(FUNCTION)))

.DEFAULT_GOAL = help
.PHONY: help run lint test test-release test-containers fuzz coverage mutants bench bench-import build invoke start-api
.PHONY: deploy package environment logs need-function need-sam need-docker
.PHONY: build-SdkExchangeFunction build-MessagingTokenFunction build-SsoRedirectFunction

help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: ## Start the three functions, their AWS and a simulated Zendesk on http://127.0.0.1:3000
	cargo run --locked --package zendesk-jwt-cli -- local $(ARGS)

# Clippy checks the functions alone first, since the other packages add features.
# The two lints of cargo-deny keep the list of allowed duplicates short.
lint: ## Check words, format, lints, documentation, dependencies, licences and template
	.ci/words
	cargo fmt --check
	cargo fmt --check --manifest-path fuzz/Cargo.toml
	.ci/function-dependencies
	cargo clippy --locked -- -D warnings
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --workspace
	$(call if-installed,sam,sam validate --lint --region eu-west-1)
	$(call if-installed,cargo-deny,cargo deny --locked --workspace check -D unmatched-skip -D unnecessary-skip bans licenses sources)

# In CI (CI=true), a missing tool is a failure.
if-installed = @if command -v $(1) >/dev/null; then echo '$(2)'; $(2); else echo 'skipped: $(1) is not installed'; [ "$(CI)" != true ]; fi

test: ## Run every test, and independent implementations that are installed
	tests/web-script
	tests/workflows
	cargo test --locked --workspace
	tests/openapi
	tests/terraform
	tests/independent-implementations

test-release: ## Run the service's tests with release binaries (cargo build --release --bins)
	ZENDESK_JWT_BIN_DIR=target/release cargo test --locked --workspace --test service

test-containers: ## Test the functions in Lambda's containers and in a simulated AWS
	tests/containers/run

fuzz: ## Run each fuzz target for ten minutes, or FUZZ_SECONDS
	fuzz/run $(ARGS)

coverage: ## Measure line coverage (cargo install --locked cargo-llvm-cov)
	cargo llvm-cov --locked --lib --test service --summary-only \
		--ignore-filename-regex 'src/(aws|bin)/|crates/|src/(config|lib|outcome|key_cache|runtime|telemetry)\.rs|tests/|fuzz/' $(ARGS)

mutants: ## Run mutation tests (cargo install --locked cargo-mutants)
	cargo mutants $(ARGS)

bench: ## Measure what the functions cost, on an idle machine
	cargo build --locked --release --bins
	cargo build --locked --release --package floor
	cargo build --locked --release --manifest-path benches/defaults/Cargo.toml --target-dir target/defaults
	cargo bench --locked --workspace --profile dev --bench cost -- $(ARGS)

bench-import: ## Measure imports and exports of up to a million users
	cargo build --locked --release --package zendesk-jwt-cli
	benches/import $(ARGS)

# `sam build` calls one of the build- targets per function and sets ARTIFACTS_DIR.
build: need-sam ## Build the functions for Lambda
	sam build --build-in-source --parameter-overrides Architecture=$(ARCHITECTURE)

invoke: need-function need-docker build ## Call FUNCTION=sdk-exchange once in Lambda's container, with EVENT=events/FILE
	events/sam-local invoke $(firstword $($(FUNCTION))) --event $(EVENT) $(ARGS)

start-api: need-docker build ## Serve the template's routes from containers on http://127.0.0.1:3000
	events/sam-local start-api $(ARGS)

deploy: ## Deploy the stack of SUBDOMAIN=acme to your AWS account
	package/deploy "$(SUBDOMAIN)" $(ARGS)

package: ## Build dist/ for people without Rust, for ARCHITECTURES="x86_64 arm64"
	package/build $(ARCHITECTURES)

# For the operator's tool: eval "$(make environment)"
environment: need-sam ## Print the names of the deployed table and secrets, for the tool
	@package/environment $(ARGS)

logs: need-sam ## Follow the logs of the deployed stack
	sam logs --tail $(ARGS)

need-function:
	@$(if $(word 2,$($(FUNCTION))),:,echo "FUNCTION is sdk-exchange, messaging-token or sso-redirect, not $(FUNCTION)." >&2; exit 1)

need-sam:
	@command -v sam >/dev/null || { echo "Install the AWS SAM CLI: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/install-sam-cli.html" >&2; exit 1; }

need-docker:
	@command -v docker >/dev/null || { echo "Install Docker: https://docs.docker.com/get-started/get-docker/" >&2; exit 1; }
	@docker info >/dev/null 2>&1 || { echo "Start Docker: 'docker info' does not reach its daemon." >&2; exit 1; }

# Not FUNCTION, which `make invoke` passes on to here through SAM.
build-SdkExchangeFunction: BINARY = sdk-exchange
build-MessagingTokenFunction: BINARY = messaging-token
build-SsoRedirectFunction: BINARY = sso-redirect
# cargo-lambda builds for Lambda's older glibc on any machine; plain cargo does so on an equally old Linux.
build-SdkExchangeFunction build-MessagingTokenFunction build-SsoRedirectFunction:
	@if command -v cargo-lambda >/dev/null; then \
		cargo lambda build --locked --release --$(subst _,-,$(ARCHITECTURE)) --bin $(BINARY) && \
		cp target/lambda/$(BINARY)/bootstrap "$(ARTIFACTS_DIR)/bootstrap"; \
	elif [ "$$(uname -s) $$(uname -m | sed s/aarch64/arm64/)" = "Linux $(ARCHITECTURE)" ]; then \
		cargo build --locked --release --bin $(BINARY) && \
		cp target/release/$(BINARY) "$(ARTIFACTS_DIR)/bootstrap"; \
	else \
		echo "Install cargo-lambda to build for Lambda on this machine: https://www.cargo-lambda.info" >&2; exit 1; \
	fi
	@.ci/glibc $(BINARY) "$(ARTIFACTS_DIR)/bootstrap"
