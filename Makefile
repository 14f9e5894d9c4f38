# What people type often. Each target installs the Debian packages that it lacks.

JOBS ?= $(shell nproc)
RELEASE := build/release
SLIPWAY := $(RELEASE)/slipway
# Argo Rollouts' own first example, where it lies beside the clone; else the demo's built-in one.
DEMO_MANIFEST ?= ../shared/upstream/argo-rollouts/docs/getting-started/basic/rollout.yaml

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | \
	  awk -F'|' '{ printf "  make %-15s %s\n", $$1, $$2 }'

.PHONY: packages
packages:
	@scripts/install-packages

.PHONY: build
build: packages ## Build build/release/slipway
	@cmake --preset release >/dev/null
	@cmake --build --preset release --target slipway -j $(JOBS)

.PHONY: demo
demo: build ## Watch a canary update from start to end, on a cluster inside this process
	@$(SLIPWAY) demo $(wildcard $(DEMO_MANIFEST))

.PHONY: up
up: build ## Start an embedded cluster with the controller and leave both running
	@scripts/up $(SLIPWAY)

.PHONY: down
down: ## Stop what `make up` started
	@scripts/up --stop

.PHONY: test
test: packages ## Run every test
	@cmake --preset release >/dev/null
	@cmake --build --preset release -j $(JOBS)
	@ctest --test-dir $(RELEASE) --output-on-failure -j $(JOBS)

.PHONY: sanitize
sanitize: packages ## Run the tests with AddressSanitizer and UndefinedBehaviorSanitizer
	@cmake --preset sanitize >/dev/null
	@cmake --build --preset sanitize -j $(JOBS)
	@ctest --test-dir build/sanitize --output-on-failure -j $(JOBS) -LE whole-tree

.PHONY: tsan
tsan: packages ## Run the tests with ThreadSanitizer
	@cmake --preset tsan >/dev/null
	@cmake --build --preset tsan -j $(JOBS)
	@ctest --test-dir build/tsan --output-on-failure -j $(JOBS) -LE whole-tree

.PHONY: bench
bench: packages ## Measure speed and memory
	@cmake --preset release >/dev/null
	@cmake --build --preset release -j $(JOBS)
	@scripts/bench-controller $(SLIPWAY)
	@scripts/bench-simulation $(RELEASE)

.PHONY: mutants
mutants: packages ## Re-introduce known defects one by one: the promises must catch each
	@cmake --preset release >/dev/null
	@cmake --build --preset release -j $(JOBS) --target trial
	@tests/mutants/run.py $(RELEASE)

.PHONY: simulate
simulate: build ## Try to break Rollouts for ten minutes: single faults, pairs, garbage, the swarm
	@$(SLIPWAY) simulate --order singles --minutes 3
	@$(SLIPWAY) simulate --order pairs --minutes 2
	@$(SLIPWAY) simulate --order garbage --minutes 1
	@$(SLIPWAY) simulate --minutes 4

.PHONY: simulate-ci
simulate-ci: build ## Try to break Rollouts for three minutes, as each change is tried
	@cmake --build --preset release -j $(JOBS) --target trial
	@scripts/simulate-ci $(RELEASE)

.PHONY: same-trace
same-trace: build ## Run 400 seeds as built by g++ and by clang: both must do the same
	@scripts/install-packages --clang
	@cmake --preset clang >/dev/null
	@cmake --build --preset clang -j $(JOBS) --target slipway
	@scripts/same-trace $(SLIPWAY) build/clang/slipway

.PHONY: night
night: build ## Go on with the swarm where the last night ended, until stopped
	@scripts/night $(SLIPWAY) build/night

.PHONY: lint
lint: ## Check formatting and what no compiler sees
	@scripts/install-packages --lint
	@scripts/lint

.PHONY: format
format: ## Format the C++ sources
	@scripts/install-packages --lint
	@git ls-files 'src/*.h' 'src/*.cc' 'tests/*.h' 'tests/*.cc' | xargs clang-format-19 -i

.PHONY: fuzz
fuzz: ## Fuzz each parser of outside input for a minute
	@scripts/install-packages --fuzz
	@cmake --preset fuzz >/dev/null
	@cmake --build --preset fuzz -j $(JOBS) --target fuzzers
	@scripts/fuzz build/fuzz 60

.PHONY: kubernetes
kubernetes: ## Run a real Kubernetes control plane on loopback until Ctrl-C (needs Go 1.24)
	@scripts/kubernetes check
	@scripts/install-packages --kubernetes
	@scripts/kubernetes start

.PHONY: kubernetes-test
kubernetes-test: build ## Run flows and the differential test on a real Kubernetes control plane (needs Go 1.24)
	@scripts/kubernetes check
	@scripts/install-packages --kubernetes
	@scripts/kubernetes run --audit-policy tests/kubernetes/audit-policy.yaml \
	  --audit-log build/kubernetes/audit.log -- tests/conformance/run.py --slipway $(SLIPWAY) \
	  --target kubernetes --audit-log build/kubernetes/audit.log
	@scripts/kubernetes run -- tests/differential/run.py --slipway $(SLIPWAY) --live

.PHONY: kubernetes-record
kubernetes-record: ## Record a real API server's answers for the differential test (needs Go 1.24)
	@scripts/kubernetes check
	@scripts/install-packages --kubernetes
	@scripts/kubernetes run -- tests/differential/run.py --record

.PHONY: crds
crds: ## Write deploy/crds from the API types
	@cmake --preset release >/dev/null
	@cmake --build --preset release -j $(JOBS) --target api_test
	@UPDATE_GOLDEN=1 $(RELEASE)/tests/api_test -tc='*deploy/crds*'

.PHONY: clean
clean: ## Remove all that was built
	@rm -rf build
