# `make` alone shows what there is. Everything runs from a fresh clone with Go and make; servers that a test needs
# are started, and ended, by the test.

GO   ?= go
LINT := $(GO) tool -modfile=tools.mod golangci-lint

# What the race detector reads for every change: the core, the simulator, the harness, and what runs goroutines of its
# own in the service. `make race-all` reads the rest too, which asks servers one thing after another, builds programs, or
# plays the scenario files by means of these.
RACED := . ./core/... ./sim/... ./chaos/... $(addsuffix /...,$(addprefix ./internal/,access broker \
	campaign clock crew doorkeeper driver httpapi intake notify observe page pgledger reconcile recorder \
	redislease refusal replay seam supervise tracing))
# Packages with tests behind the build tag "browser".
BROWSED := ./internal/timeline ./internal/page
# How long each native fuzz target of `make fuzz` runs.
FUZZ_TIME ?= 20s
# How long `make fuzz-sim` plays.
FUZZ_FOR ?= 10s
# How many mutants `make mutants-sample` builds.
MUTANTS ?= 6
# How long `make soak` lasts.
SOAK_FOR ?= 30m
# Which scenarios `make broker-classes` plays.
BROKER_FAILURES ?= crash-before-send crash-after-send broker-silence broker-late-acks
# Of which mutants `make port` carries a failure from the simulator to real processes.
PORTED ?= belief-by-flag permit-without-epoch
# How many kills `make kills` plays.
KILLS ?= 1000
# Which benchmarks `make bench` runs.
BENCH ?= .

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help build demo test race race-all browser browser-test lint fmt sim chaos broker-classes parity port \
	detect fuzz explore explore-small fuzz-sim pgo map mutants mutants-sample mutants-real soak assault load kills \
	kills-few bench bench-fence cover check

help: ## Show this help.
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## Build bin/fencepost and bin/drill.
	@mkdir -p bin
	$(GO) build -buildvcs=false -o bin/ ./cmd/...

demo: build ## Run a whole cluster on this machine, from nothing, until Ctrl-C.
	@bin/drill up

test: ## Run every test; servers are started by the tests.
	$(GO) test ./...

race: ## Run the tests of everything concurrent under the race detector.
	$(GO) test -race $(RACED)

race-all: ## Run every test under the race detector but the rules about source text; about a quarter of an hour.
	$(GO) test -race $$($(GO) list ./... | grep -v /internal/tidy)

browser-test: ## Open the pages in a real browser; `make browser` installs one.
	$(GO) test -tags browser $(BROWSED)

browser: ## Install Debian's chromium unless a browser is here; needs root.
	@for name in "$${FENCEPOST_CHROMIUM:-}" chromium chromium-browser google-chrome; do \
		if [ -n "$$name" ] && command -v "$$name" >/dev/null; then echo "browser: $$name"; exit 0; fi; \
	done; \
	if [ "$$(id -u)" != 0 ]; then echo 'no browser here: run `make browser` as root' >&2; exit 1; fi; \
	apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends chromium

lint: ## Run the linters, check the formatting and the rules of internal/tidy.
	$(LINT) config verify
	$(LINT) run
	$(GO) test ./internal/tidy

fmt: ## Format every Go file as `make lint` wants it.
	$(LINT) fmt

sim: build ## Play every shipped scenario in the simulator, each over its own seeds.
	bin/drill run --tier sim --junit out/sim.xml scenarios/*.yaml

chaos: build ## Play the scenarios of the set for every change on real processes; about four minutes.
	$(GO) test ./scenarios -run TestScenarios -tier real -timeout 30m -v -out "$(CURDIR)/out"

broker-classes: build ## Play the scenarios of BROKER_FAILURES at brokers of all four classes on real processes; about six minutes.
	@set -e; for class in A B C D; do \
		bin/drill run --tier real --seed 1 --class $$class $(BROKER_FAILURES); \
	done

parity: build ## Play every scenario in both worlds and compare; about twenty minutes.
	bin/drill parity --junit out/parity.xml scenarios/*.yaml

port: build ## Find a failure of each mutant of PORTED in the simulator, and see it on real processes, and not without the mistake.
	@set -e; mkdir -p out/port; for mutant in $(PORTED); do \
		file=out/port/ported-$$mutant.yaml; \
		bin/drill shrink --anchor --mutant $$mutant --seed 1 --seeds 100 -o $$file; cat $$file; \
		code=0; bin/drill run --tier real --mutant $$mutant --out out/port $$file || code=$$?; \
		if [ $$code != 1 ]; then echo "$$file does not fail on real processes with $$mutant" >&2; exit 1; fi; \
		bin/drill run --tier real $$file; \
	done

fuzz-sim: build ## Play random clusters under all invariants for FUZZ_FOR (10s).
	bin/drill fuzz --for $(FUZZ_FOR)

fuzz: ## Run every native fuzz target for FUZZ_TIME (20s).
	@set -e; for file in $$(grep -rlE --include='*_test.go' '^func Fuzz[A-Z]' .); do \
		for name in $$(grep -oE '^func Fuzz[A-Za-z0-9_]+' $$file | cut -c6-); do \
			echo "$(GO) test -fuzz ^$$name$$ $$(dirname $$file)"; \
			$(GO) test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZ_TIME) $$(dirname $$file); \
		done; \
	done

pgo: ## Build bin/drill for a long campaign: the compiler is told where the simulator spends its time.
	@mkdir -p bin
	$(GO) test -run '^$$' -bench BenchmarkSim/default -benchtime 20000x -cpu 1 -cpuprofile bin/sim.pprof -o bin/sim.test ./sim
	$(GO) build -buildvcs=false -pgo bin/sim.pprof -o bin/ ./cmd/drill

map: build ## Search the edge of the promises again and write it into docs/TOLERANCE.md.
	bin/drill map --doc docs/TOLERANCE.md --svg docs/tolerance.svg

detect: build ## Measure how long faults go unnoticed, as far as that is not kept yet, and write docs/DETECTION.md.
	bin/drill detect --resume docs/detection --doc docs/DETECTION.md --svg docs/detection.svg

explore: build ## Search a small world to its end: two nodes and two faults, three nodes and one; one signal.
	bin/drill explore --nodes 2 --signals 1 --faults 2 --class D
	bin/drill explore --nodes 2 --signals 1 --faults 2 --class A
	bin/drill explore --nodes 3 --signals 1 --faults 1

explore-small: build ## A smaller part of it: two nodes and one fault, at each class of broker. No part of `make check`.
	bin/drill explore --nodes 2 --signals 1 --faults 1 --class D
	bin/drill explore --nodes 2 --signals 1 --faults 1 --class A
	bin/drill explore --nodes 2 --signals 1 --faults 1 --class B
	bin/drill explore --nodes 2 --signals 1 --faults 1 --class C
	bin/drill explore --nodes 3 --signals 1 --faults 0

assault: build ## Send ten thousand malformed webhooks to a whole cluster; none may be taken, or do harm.
	bin/drill assault

load: build ## Measure acknowledged webhooks per second, and how long answers take at 500 a second.
	bin/drill load

kills: build ## Kill random instances KILLS (1000) times under load; what was played stands in out/kills and is not played again.
	bin/drill kills --count $(KILLS) --resume out/kills

kills-few: build ## The same fifty times; about a minute and a half.
	bin/drill kills --count 50

bench: ## Run the benchmarks that match BENCH (.).
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./...

bench-fence: ## Measure permits per second with the fence and without it, on a real PostgreSQL; a minute.
	$(GO) test -run '^$$' -bench BenchmarkFence -benchtime 8000x ./internal/pgledger

cover: ## Measure which statements the tests reach; writes coverage/index.html.
	@mkdir -p coverage
	$(GO) test -coverpkg=./... -coverprofile=coverage/all.coverprofile ./...
	$(GO) tool cover -html=coverage/all.coverprofile -o coverage/index.html
	$(GO) tool cover -func=coverage/all.coverprofile | tail -n 1

mutants: build ## Build every mutant and show what notices it; about two minutes.
	bin/drill mutants --fast

mutants-sample: build ## The same for a few mutants, others with each change of the source.
	bin/drill mutants --fast --sample $(MUTANTS)

mutants-real: build ## Build the service with each mutant that names a run on real processes, and play it; about ten minutes.
	bin/drill mutants --tier real

soak: build ## Let one cluster of real processes live under random faults for SOAK_FOR (30m), and look for leaks.
	bin/drill soak --for $(SOAK_FOR)

check: build lint race test browser-test fuzz-sim mutants-sample chaos kills-few ## All that a change must pass.
