# One line per target; `make help` lists them.
.DEFAULT_GOAL := help
PYTHON ?= python3
LOCAL := $(PYTHON) infra/local
# Everything, with what only AUTH_MODE=jwt builds. One set of features for all: another would build the AWS SDK again.
ALL := --workspace --features local/jwt --locked --quiet
# Written by the tests of the HTTP edge.
SLOWEST := $(or $(CARGO_TARGET_DIR),target)/tmp/slowest-request.txt
.PHONY: help run demo test fmt lint unit doc template journey site api-fuzz api-fuzz-short sim sim-short deploy-local undeploy-local e2e fuzz startup bench

help: ## List the commands
	@grep -hE '^[a-z][a-z0-9-]*:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

run: ## Run the whole system in one process on http://127.0.0.1:3000 (PORT; AUTH_MODE=jwt asks callers for tokens)
	@cargo build --locked -p local $(if $(filter jwt,$(AUTH_MODE)),--features jwt) && exec target/debug/local

demo: ## Place, pay, confirm, ship and deliver an order, and show what became of it
	@$(LOCAL)/demo.py

test: fmt lint unit sim-short doc template journey site api-fuzz-short ## Everything that needs only cargo and Python
	@echo "all tests passed"

fmt: ## Check the formatting
	cargo fmt --all --check

lint: ## Check the code with clippy
	cargo clippy $(ALL) --all-targets -- -D warnings

unit: ## Run the unit tests, specs and contract suites
	@rm -f $(SLOWEST)
	cargo test $(ALL) --all-targets
	@cat $(SLOWEST)

doc: ## Compile and run the documentation's examples
	cargo test $(ALL) --doc

template: ## Check the template with the SAM CLI and cfn-lint
	@$(LOCAL)/lint_template.py

journey: ## Run the end-to-end journey against the one-process system
	@$(LOCAL)/journey.py

site: ## Build the documentation as static files in target/site, and check their links
	@$(LOCAL)/build_site.py

api-fuzz: ## Fuzz the HTTP API with every check of schemathesis (SEED, EXAMPLES)
	@$(LOCAL)/api_fuzz.py

api-fuzz-short:
	@$(LOCAL)/api_fuzz.py short

# Built with the features of all, as the tests are, so that `make test` builds nothing twice.
SIM_BINARY := $(or $(CARGO_TARGET_DIR),target)/debug/sim
SIM := cargo build $(ALL) --bin sim && $(SIM_BINARY)

sim: ## Simulate failures (SEEDS, SEED, FAULTS, BUG); without a SEED it also hunts the planted bugs and writes the tables
ifdef SEED
	@$(SIM) --seed $(SEED) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(FAULTS),--faults $(FAULTS)) $(if $(BUG),--bug $(BUG))
else
	@$(SIM) $(if $(SEEDS),--seeds $(SEEDS),--write)
	@$(SIM_BINARY) --bugs --write
endif

sim-short:
	@$(SIM) && $(SIM_BINARY) --bugs

deploy-local: ## Deploy the real template to a local AWS (AUTH_MODE=none|iam|jwt, AWS_PORT)
	@$(LOCAL)/deploy.py

undeploy-local: ## Stop the local AWS
	@$(LOCAL)/undeploy.py

e2e: ## Run the end-to-end tests against the local AWS
	@$(LOCAL)/e2e.py

fuzz: ## Look for bytes that break a promise (TARGET=request|cursor|stored_event, SECONDS=60)
	@$(LOCAL)/fuzz.py

startup: ## Measure the time from spawn to ready of each function, against hello world
	@cargo build --release --locked -p api -p hello -p projector -p publisher -p startup
	@target/release/startup

bench: ## Measure what commands cost, here and in other event stores, and write the README's table
	@cargo run --locked --manifest-path tests/bench/stores/Cargo.toml --target-dir target/stores
