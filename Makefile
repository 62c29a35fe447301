# One line per target; `make help` lists them.
.DEFAULT_GOAL := help
PYTHON ?= python3
LOCAL := $(PYTHON) infra/local
# The whole workspace, with AUTH_MODE=jwt. One feature set for all targets: another would build the AWS SDK again.
ALL := --workspace --features local/jwt --locked --quiet
# The crates that are published.
KIT := dekigoto dekigoto-http dekigoto-dynamodb dekigoto-messaging dekigoto-sqlite dekigoto-postgres dekigoto-kafka dekigoto-lambda dekigoto-local dekigoto-aws dekigoto-aws-postgres dekigoto-ops dekigoto-testkit order-events
# Written by the HTTP tests.
SLOWEST := $(or $(CARGO_TARGET_DIR),target)/tmp/slowest-request.txt
.PHONY: help run dev reset demo forward trigger consumers test browsers console-test fmt lint unit doc package contract asyncapi template supply-chain journey new new-view new-aggregate stranger site site-api api-fuzz api-fuzz-short sim sim-short chaos platforms deploy-local undeploy-local e2e e2e-consumers drill-restore drill-bus drill-rollback ops-sessions fuzz startup bench bench-lambda order-cost bench-platforms growth sizes

help: ## List the commands
	@awk -F ':.*## ' '/^##@ / {print "\n" substr($$0, 5)} /^[a-z][a-z0-9-]*:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Run it

run: ## Run the whole system in one process on http://127.0.0.1:3000 (PORT; STORE, DATABASE, MIGRATE; BUS; AUTH_MODE=jwt requires tokens)
	@cargo build --locked -p local $(if $(filter jwt,$(AUTH_MODE)),--features jwt) $(if $(filter postgres,$(STORE)),--features postgres) $(if $(filter kafka,$(BUS)),--features kafka) && exec target/debug/local

dev: ## As make run, and build and start it again after each change of the code; what is stored stays
	@$(LOCAL)/dev.py

reset: ## Delete what make run keeps in .local/dekigoto.db (DATABASE)
	@cargo run --quiet --locked -p local reset

demo: ## Place, pay, confirm, ship and deliver an order, and show its events, messages and views
	@$(LOCAL)/demo.py

##@ Subscribe to it

forward: ## Post each new message of the running system to a URL of this machine (TO=http://127.0.0.1:8080/hook, COUNT)
	@$(LOCAL)/forward.py

trigger: ## Make a real order of the running system reach an event (EVENT=OrderShipped)
	@$(LOCAL)/trigger.py

consumers: ## Test the sample consumers of infra/consumers, with the sample messages of the contract
	@$(LOCAL)/test_consumers.py

##@ Check it

test: fmt lint unit doc package template supply-chain asyncapi journey consumers stranger site api-fuzz-short sim-short ## Run every check that needs only cargo and Python
	@echo "all tests passed"

fmt: ## Check the formatting
	cargo fmt --all --check

lint: ## Check the code with clippy
	cargo clippy $(ALL) --all-targets -- -D warnings

unit: ## Run the unit tests, specs and contract suites
	@rm -f $(SLOWEST)
	cargo test $(ALL) --all-targets
	@cat $(SLOWEST)

doc: ## Compile and run the examples in the documentation
	cargo test $(ALL) --doc

package: ## Package the kit's crates as crates.io would get them (target/package)
	cargo package --offline --locked --no-verify --allow-dirty --quiet $(KIT:%=-p %)

contract: ## Write the contract with subscribers from the code: infra/schemas, infra/asyncapi.json, sample messages
	@WRITE_CONTRACT=1 cargo test --locked --quiet -p contract the_contract_in_the_repository

asyncapi: ## Check the AsyncAPI document with AsyncAPI's own parser
	@$(LOCAL)/check_asyncapi.py

template: ## Check the template with the SAM CLI and cfn-lint
	@$(LOCAL)/lint_template.py

supply-chain: ## Check licences, sources and known vulnerabilities, and write a bill of materials for each binary (target/sbom)
	@$(LOCAL)/supply_chain.py

journey: ## Run the end-to-end journey against the one-process system
	@$(LOCAL)/journey.py

browsers: ## Call the API from a browser on another origin and from a typed client, and read the site (needs Node.js; installs Chromium)
	@$(LOCAL)/browsers.py

console-test: ## Use the operator's console in a browser (needs Node.js; installs Chromium; PICTURES=1 renews its pictures)
	@$(LOCAL)/console_test.py

##@ Read about it

site: ## Build the documentation as static files in target/site and check their links
	@$(LOCAL)/build_site.py

site-api: ## Build the site with the API documentation of the kit's crates, which takes minutes
	@$(LOCAL)/build_site.py api

##@ Make your own

new: ## Write a new service that stands on the kit (NAME=stock DIR=../stock)
	@cargo run --quiet --locked -p scaffold -- new "$(NAME)" "$(DIR)"

new-view: ## Add a view to this service (NAME=refund-totals)
	@cargo run --quiet --locked -p scaffold -- view "$(NAME)"

new-aggregate: ## Add an aggregate, and a view of it, to this service (NAME=coupon)
	@cargo run --quiet --locked -p scaffold -- aggregate "$(NAME)"

##@ Look for faults

stranger: ## Write a new service and try it; add a view and an aggregate to a copy of this one
	@$(PYTHON) tests/stranger/stranger.py

api-fuzz: ## Fuzz the HTTP API with every check of schemathesis (SEED, EXAMPLES)
	@$(LOCAL)/api_fuzz.py

api-fuzz-short:
	@$(LOCAL)/api_fuzz.py short

# With the features of all targets, so that `make test` builds nothing twice.
SIM_BINARY := $(or $(CARGO_TARGET_DIR),target)/debug/sim
SIM := cargo build $(ALL) --bin sim && $(SIM_BINARY)

sim: ## Simulate 3,000 runs with failures and the whole sweep (SEEDS, SEED, FAULTS, BUG), hunt planted bugs, and write the tables
ifdef SEED
	@$(SIM) --seed $(SEED) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(FAULTS),--faults $(FAULTS)) $(if $(BUG),--bug $(BUG))
else
	@$(SIM) $(if $(SEEDS),--seeds $(SEEDS),--write)
	@$(SIM_BINARY) --bugs --write
endif

sim-short: ## Simulate 3,000 runs with failures and a part of the sweep, and hunt planted bugs
	@$(SIM) --seeds 3000 --pairs 200 && $(SIM_BINARY) --bugs

chaos: ## Let calls fail and functions die on a local AWS of its own while 500 orders are placed, and check it (ORDERS, SEED)
	@$(LOCAL)/chaos.py $(if $(ORDERS),--orders $(ORDERS),--write) $(if $(SEED),--seed $(SEED))

platforms: ## Run the contract suites on every store and bus, and kill each of them (DATABASE_URL, KAFKA_BROKERS; WRITE=1, WRITE_TIMES=1 write tables)
	@$(LOCAL)/platforms.py

##@ Run it on a local AWS

deploy-local: ## Deploy the real template to a local AWS (AUTH_MODE=none|iam|jwt, AWS_PORT)
	@$(LOCAL)/deploy.py

undeploy-local: ## Stop the local AWS
	@$(LOCAL)/undeploy.py

e2e: ## Run the end-to-end tests against the local AWS
	@$(LOCAL)/e2e.py

e2e-consumers: ## Deploy the sample consumers to the local AWS, one of them in another account, and torture them
	@$(LOCAL)/e2e_consumers.py

drill-restore: ## Restore the event table of the local AWS as another one, attach it, and read and write on (10 s on a deployed stack)
	@$(LOCAL)/drill.py restore

drill-bus: ## Lose the bus of the local AWS for a while, and see what comes after it (15 s)
	@$(LOCAL)/drill.py bus

drill-rollback: ## Deploy a projector that cannot start to the local AWS, and roll it back (10 s)
	@$(LOCAL)/drill.py rollback

ops-sessions: ## Run each command of dekigoto against the local AWS, and write what it says into infra/sessions.md (2 minutes)
	@$(LOCAL)/sessions.py

##@ Fuzz and measure

fuzz: ## Fuzz one target with libFuzzer (TARGET=request|cursor|stored_event, SECONDS=60)
	@$(LOCAL)/fuzz.py

startup: ## Measure the start of each function beside hello world, and its warm-up over TLS (a part of bench-lambda)
	@cargo build --release --locked --quiet -p api -p hello -p policy -p projector -p publisher
	@cargo build $(ALL) --example lambda-bench
	@$(or $(CARGO_TARGET_DIR),target)/debug/examples/lambda-bench $(or $(CARGO_TARGET_DIR),target)/release

bench: bench-platforms ## Measure the cost of commands, here and in other event stores, and write the tables of REFERENCE.md
	@cargo run --locked --manifest-path tests/bench/stores/Cargo.toml --target-dir target/stores

bench-lambda: ## Measure the functions beside bare Lambdas: start, CPU, instructions (with valgrind), calls, units, round trips; write the tables of REFERENCE.md
	@cargo build --release --locked --quiet -p api -p hello -p lambda-bench -p policy -p projector -p publisher
	@cargo build $(ALL) --example lambda-bench
	@$(or $(CARGO_TARGET_DIR),target)/debug/examples/lambda-bench $(or $(CARGO_TARGET_DIR),target)/release target/bench/lambda.json REFERENCE.md

order-cost: ## Count and price what one order uses, and write the tables of README.md and REFERENCE.md
	@WRITE_COST=1 cargo test $(ALL) --test handlers -- the_documents_show_what_an_order_costs the_reference_shows_which_functions

bench-platforms: ## Measure SQLite, PostgreSQL and Kafka beside bare statements and other event stores, and write their tables
	@$(LOCAL)/bench_platforms.py

growth: ## Count how operations grow with the number of streams, up to 100,000, and the length of a stream; write the table of REFERENCE.md
	@cargo test $(ALL) --test growth -- --ignored

sizes: ## Measure what each adapter adds to a program, and write the table of REFERENCE.md
	@$(LOCAL)/sizes.py
