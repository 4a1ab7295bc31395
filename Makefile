# One command for everything. Each target is a script that says what it is doing and can be run twice.
.DEFAULT_GOAL := help
.PHONY: help setup run build test proof check fmt bench micro capacity soak crash powercut corruption \
	simulate replicas cluster cluster-test cluster-chaos cluster-bench \
	mutants fuzz release clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what building and testing need (Debian)
	@scripts/setup.sh

run: ## build, then serve on http://127.0.0.1:8080 with data in ./data
	@scripts/run.sh

build: ## build the release binary: .build/release/countersign
	@scripts/setup.sh --for build
	@scripts/build.sh

test: ## run all tests: unit, property, HTTP, end to end
	@scripts/setup.sh
	@scripts/test.sh

proof: ## show every requirement at work, with curl and a browser: docs/proof
	@scripts/setup.sh
	@scripts/proof.sh

check: ## formatting, house rules, no warnings
	@scripts/check.sh

fmt: ## format all Swift files in place
	swift format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks

bench: ## side by side with its peers: docs/benchmarks.md; FIGURES=session,events for some
	@scripts/setup.sh --for bench
	@scripts/bench.sh

cluster-bench: ## what servers of a cluster cost beside one: docs/benchmarks/cluster.md (after make bench)
	@scripts/setup.sh
	@.venv/bin/python Benchmarks/cluster.py --write

micro: ## time single pieces, and fail when one has become slow
	@scripts/setup.sh --for build
	ENABLE_BENCHMARKS=1 swift build -c release --static-swift-stdlib --product Micro
	.build/release/Micro --check

capacity: ## what accounts and events cost: docs/capacity.md (after make bench)
	python3 Benchmarks/capacity.py --write

soak: ## a mixed load for MINUTES (default 30), and whether memory stays flat (after make bench)
	MINUTES=$${MINUTES:-30} python3 Benchmarks/soak.py --write

crash: ## kill -9 under load, ROUNDS times (default 200)
	@scripts/setup.sh
	@scripts/build.sh
	ROUNDS=$${ROUNDS:-200} .venv/bin/python -m pytest Tests/e2e/test_crash.py -k under_load -s

simulate: ## SEEDS of the storage simulation (default 1000000), or SEED=x with every step
	@scripts/setup.sh --for build
	@scripts/simulate.sh

replicas: ## SEEDS of the simulation of a cluster's log (default 100000), or SEED=x with every step
	@scripts/setup.sh --for build
	@scripts/replicas.sh

cluster: ## start three servers on three NATS servers, on loopback, with data in ./cluster-data
	@scripts/setup.sh
	@scripts/build.sh
	@.venv/bin/python Tests/cluster/start.py

cluster-test: ## test servers on three real NATS servers that are killed and damaged
	@scripts/setup.sh
	@scripts/cluster-test.sh

cluster-chaos: ## MINUTES (default 30) of faults under load, and one order that explains the answers
	@scripts/setup.sh
	@CHAOS_MINUTES=$${MINUTES:-30} scripts/cluster-test.sh Tests/cluster/test_chaos.py

mutants: ## take away each guard of the storage code: somebody must notice
	@scripts/setup.sh --for build
	@scripts/mutants.sh

powercut: ## cut the power under load, ROUNDS times (default 200); SEED repeats one run
	@scripts/setup.sh
	@scripts/build.sh
	ROUNDS=$${ROUNDS:-200} .venv/bin/python -m pytest Tests/e2e/test_powercut.py -s

corruption: ## damage every byte of a data directory: docs/durability/corruption.md
	@scripts/corruption.sh

fuzz: ## look for inputs that break a reader, SECONDS (default 60) each; TARGET=json for one
	@SECONDS_EACH=$${SECONDS_EACH:-$(SECONDS)} scripts/fuzz.sh

release: ## the release as one file, in .build-release
	@scripts/setup.sh --for build
	@scripts/release.sh

clean: ## remove build products; data and keys stay
	rm -rf .build .build-mutants .build-fuzz .build-rep .build-release .venv .venv-bench Tests/e2e/.pytest_cache
