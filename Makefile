# Everything a contributor does, in one place: `make help`. What takes more than a few lines is a program in hack/.
SHELL := /bin/bash -euo pipefail
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# As images and the cluster's programs are built, so that what is compiled for one of them is compiled for all, in any folder. The
# race detector alone needs cgo.
export GOFLAGS := $(strip $(filter-out -trimpath,$(GOFLAGS)) -trimpath)
export CGO_ENABLED ?= 0
BIN := $(CURDIR)/bin
OWN_KUBECONFIG := $(CURDIR)/.cluster/kubeconfig
# Labels of the end-to-end tests, and the time that all of them may take.
E2E_LABELS ?= smoke
# Services of an order, whose tests are a step of their own: they take minutes, for processes die in them at every statement.
FIRST_ORDER := checkout|inventory|orders|payments
E2E_TIMEOUT ?= 60m
# more flags of ginkgo, such as -ginkgo.flake-attempts=2
E2E_FLAGS ?=
TAG ?= dev
# Packages below those of these folders that are there.
packages = $(foreach folder,$(1),$(if $(wildcard $(folder)),./$(folder)/...))

.PHONY: help
help: ## Say what there is
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nKUBECONFIG set: that cluster is used instead of one on this machine, and REGISTRY is where its images are pushed to.\n'

##@ See it
.PHONY: shop demo demo-source cluster down
shop: tools ## The whole shop in one process, without a cluster: http://localhost:8080 (FLAGS="-address :8000"; DATABASE_URL, CATALOG_URL=…: docs in cmd/shop)
	go run ./cmd/shop $(FLAGS)

demo: ## A cluster, a shop under load, a release and a way back; ends with a table of what was measured
	go run ./hack/demo

demo-source: ## From commit to release on this machine: Git server, registry, builds in the cluster, tests, three services, a release for each push; a table and an SVG of the times
	go run ./hack/demosource

# A user's own cluster is never started or changed here.
cluster: ## Start a real Kubernetes on this machine, or make sure that it runs
ifeq ($(filter-out $(OWN_KUBECONFIG),$(KUBECONFIG)),)
	go run ./hack/cluster up
else
	@echo "using the cluster of KUBECONFIG=$(KUBECONFIG)"
endif

.PHONY: up
up: cluster ## The same as cluster

down: ## End that cluster and leave nothing behind (safe to run twice)
	go run ./hack/cluster down

##@ Write code
.PHONY: generate fmt vet lint build images
generate: $(BIN)/controller-gen ## Make deep copies, CRDs, apply configurations and the reference (docs/reference) from api/; samples, the table of services and their map from services/
	$(BIN)/controller-gen object crd:maxDescLen=2000 applyconfiguration \
		paths=./api/v1alpha1 output:crd:artifacts:config=config/crd/bases
	go run ./hack/samples
	go run ./hack/policy
	go run ./hack/docs
	go run ./hack/shopmap

fmt: $(BIN)/golangci-lint ## Format Go code
	$(BIN)/golangci-lint fmt

vet: ## go vet
	go vet ./...

lint: $(BIN)/golangci-lint ## The linters of .golangci.yml, each with its why (cold: some minutes to build)
	$(BIN)/golangci-lint run ./...

build: ## Build all Go code; the operator and tools into bin/
	go build ./...
	go build -o $(BIN)/ $(call packages,cmd)

images: ## Make the images; into the cluster of this machine, or to REGISTRY. TAG=dev
ifeq ($(filter-out $(OWN_KUBECONFIG),$(KUBECONFIG)),)
	go run ./hack/images -tag $(TAG) -load
else
	go run ./hack/images -tag $(TAG) -push $(or $(REGISTRY),$(error set REGISTRY to where the cluster of KUBECONFIG fetches its images from))
endif

##@ Test
.PHONY: test verify api-breaks unit proof seeded-faults envtest gitops test-services test-first-order test-node test-python test-java pages conform e2e-smoke e2e-chaos e2e bench bench-front-door bench-catalog bench-holds bench-scale tools
test: ## verify, vet, unit, envtest, gitops, test-services, chaos-shop-short, outage-short, test-first-order, test-node, test-python, test-java, pages, e2e-smoke, with their times; what is left out is said
	@hack/test.sh

verify: $(BIN)/controller-gen ## What is generated is current, and so are go.mod and go.sum
	@hack/verify.sh

api-breaks: ## What would break clients of the services since the last version (BASE=commit)
	@hack/api-breaks.sh $(BASE)

unit: ## The pure packages, the planner's stories and the harnesses
	go test $(call packages,api internal controllers cmd hack test/load test/stage)

proof: ## The harnesses at length: random pairs of faults, thousands of seeds (EMPORIUM_SEEDS=5000), an hour or so
	EMPORIUM_PROOF=1 go test -v -timeout 3h ./internal/testing/... ./internal/plan

seeded-faults: ## Seed faults one at a time and see a test turn red for each; goes on where it was broken off (FLAGS="-only plan-", "-again"). Before a release
	go run ./hack/seededfaults $(FLAGS)

# The API server and etcd are built once, for the cluster too.
envtest: ## On a real kube-apiserver and etcd: CEL rules, ownership of fields, watches
	go run ./hack/cluster assets
	KUBEBUILDER_ASSETS=$(CURDIR)/.cluster/bin go test $(or $(call packages,test/cel test/envtest),$(error there is no test/cel and no test/envtest)) ./internal/console/kube

# A module of its own: what Flux and Argo CD depend on is no part of the operator's. Go's cache does not look at files outside of a
# module, and these are tests of such files.
gitops: ## What Flux and Argo CD make of our kinds: their libraries on a real kube-apiserver (the real Flux and Argo CD: make e2e E2E_LABELS=gitops)
	go run ./hack/cluster assets
	cd test/gitops && KUBEBUILDER_ASSETS=$(CURDIR)/.cluster/bin go test -count=1 ./...

test-services: export CGO_ENABLED := 1
test-services: tools ## The front door and the services, on a real PostgreSQL, with the race detector
	go test -race $$(go list ./services/... | grep -vE '/services/($(FIRST_ORDER))(/|$$)')

test-first-order: tools ## The services of an order: deaths at every statement, every order of two transactions' statements, a provider in its worst mood
	go test -count=1 -timeout 30m $$(go list ./services/... | grep -E '/services/($(FIRST_ORDER))(/|$$)')

.PHONY: chaos-shop chaos-shop-short
chaos-shop: tools ## Customers order while services, workers, PostgreSQL and NATS are killed: 200 kills in 10 minutes, the same during three switches, then the books are compared (CHAOS_MOOD=worst: with a bad payment provider; FLAGS="-seed 7")
	go run ./services/chaos $(FLAGS)
	go run ./services/chaos -switches 3 $(FLAGS)

chaos-shop-short: tools ## The same in less than a minute: a few kills, of every kind of process
	go run ./services/chaos -short $(FLAGS)

.PHONY: outage outage-short
outage: tools ## Each optional service, in whatever language, is away in turn while customers order and look at pages, one of them signed in: it costs its own part of a page and nothing else (FLAGS="-for 5m")
	go run ./services/chaos -outage $(FLAGS)

outage-short: tools ## The same in about a minute: services that have no page in common are away together
	go run ./services/chaos -outage -short $(FLAGS)

test-python: tools ## The services in Python, with Debian's packages, on a real PostgreSQL and NATS
	@hack/install.sh python
	@hack/pythontest.sh

test-java: tools ## The services in Java, with Debian's JDK and driver, on a real PostgreSQL
	@hack/install.sh java
	@hack/javatest.sh

test-node: tools ## The services in Node, with their lock files' packages, on a real PostgreSQL
	@hack/nodetest.sh

pages: ## Chromium looks at every page of a shop, and at the console: axe-core, phone and desktop, keyboard, without scripts; pictures in .cluster/pages
	@hack/install.sh chromium node npm
	EMPORIUM_PAGES=1 go test -count=1 -timeout 20m -p 1 ./internal/testing/browser ./services/storefront/browser ./internal/console/browser

conform: tools ## The contract's checker: that each rule can fail (all mutants), then a service that hack/newservice wrote, and every service of this repository against it (FLAGS="-v -long")
	go test -count=1 -timeout 30m ./services/conform/... ./cmd/conform
	EMPORIUM_CONFORM=1 go test -count=1 -timeout 30m ./hack/newservice
	@FLAGS="$(FLAGS)" hack/conform.sh

e2e-smoke: ## Operator, front door and services on a cluster, under load
	@$(MAKE) e2e E2E_LABELS=smoke

e2e-chaos: ## Releases, and all that is broken on purpose, on a cluster under load: labels release and chaos (half an hour)
	@$(MAKE) e2e E2E_LABELS='(release || chaos) && !smoke'

e2e-core: ## The few of them that CI plays: each promise that a machine that breaks can break (ten minutes)
	@$(MAKE) e2e E2E_LABELS=core

e2e: cluster images ## All end-to-end tests with the label E2E_LABELS (empty: all)
	EMPORIUM_E2E=1 KUBECONFIG=$(or $(KUBECONFIG),$(OWN_KUBECONFIG)) go test $(or $(call packages,test/e2e),$(error there is no test/e2e)) -count=1 -v -timeout $(E2E_TIMEOUT) \
		$(if $(E2E_LABELS),-ginkgo.label-filter='$(E2E_LABELS)') $(E2E_FLAGS)

bench: ## Measure: a release of 20 services on a cluster (FLAGS="-against 7d2da97": and of that commit); CPU for 10,000 requests through the front door, beside a bare proxy
	go run ./hack/bench $(FLAGS)
	GOGC=400 go test -run XXX -bench . -benchtime 60000x ./services/gateway/internal/proxy

# It takes about four minutes. FLAGS="-scenarios 1k -rounds 5" for one kind of load; -h says more.
bench-front-door: ## CPU of the front door beside HAProxy, nginx and a bare Go proxy, in turn, at the same loads
	@hack/install.sh haproxy nginx wrk
	@mkdir -p $(BIN)
	go build -o $(BIN)/bench-front-door ./services/gateway/internal/bench
	$(BIN)/bench-front-door $(FLAGS)

# It takes about two minutes, and wants the machine for itself. FLAGS="-profiles bin -rounds 1" writes CPU profiles; -h says more.
bench-catalog: ## Lists of 20 products a second through the front door and without it, CPU of each process; fails below 5,000/s
	@hack/install.sh wrk
	@mkdir -p $(BIN)
	go build -o $(BIN)/bench-front-door ./services/gateway/internal/bench
	go build -o $(BIN)/bench-catalog ./services/catalog/internal/bench
	$(BIN)/bench-catalog $(FLAGS)

# It takes about half a minute, and wants the machine for itself. FLAGS="-profile bin/holds.pprof -rounds 1"; -h says more.
bench-holds: tools ## Holds a second of one product that all want; fails below 1,400/s, with a p99 of 61 ms or more, or oversold
	@mkdir -p $(BIN)
	go build -o $(BIN)/bench-holds ./services/inventory/internal/bench
	$(BIN)/bench-holds $(FLAGS)

.PHONY: bench-orders
# It takes about a minute, and wants the machine for itself. FLAGS="-statements 40 -profile bin" tells where an order's cost goes; -h says more.
bench-orders: tools ## Orders a second with every service, PostgreSQL and NATS on this machine, and what one costs; fails below 50/s, or with a p95 of 250 ms or more
	@mkdir -p $(BIN)
	go build -o $(BIN)/bench-orders ./services/shop/internal/bench
	$(BIN)/bench-orders $(FLAGS)

bench-scale: ## Measure how the operator grows with shops, on an API server without a cluster (4 minutes). FLAGS="-clones 1000", "-against 7d2da97"
	go run ./hack/benchscale $(FLAGS)

.PHONY: load memory
memory: ## Memory of each pod of the sample shop on the cluster, and the sum beside its aim of 600 MB at rest (FLAGS="-json")
	go run ./hack/memory $(FLAGS)

load: tools ## Customers browse, search, fill carts and order by a schedule; then the shop is asked what became of it. Fails when an order is lost, oversold or charged twice (FLAGS="-cluster -time 60s", "-cluster -most find -aim find=500", "-address URL", "-flash KIT-1001 -stock 200"; -h says more)
	go run ./hack/load $(FLAGS)

tools: ## Install what the tests take from the machine (Debian and root), or say what to install
	@hack/install.sh

##@ Install it
.PHONY: dist generate-charts test-dist
dist: ## What people install from, into dist/: install.yaml, charts, kubectl-shop with krew's manifest, images.txt, SHA256SUMS (TAG=1.2.3, REGISTRY=…, DOWNLOADS=URL of the archives; cold: Helm is built, some minutes)
	go -C hack/dist run . -tag $(TAG) $(if $(REGISTRY),-registry $(REGISTRY)) $(if $(DOWNLOADS),-downloads $(DOWNLOADS))

generate-charts: ## Make README.md of each chart from the comments in its values.yaml
	go -C hack/dist run ./readme

test-dist: ## Helm 4, Helm 3 and kubectl install, upgrade and uninstall Emporium on a real API server (cold: both Helms are built, some minutes)
	go run ./hack/cluster assets
	KUBEBUILDER_ASSETS=$(CURDIR)/.cluster/bin go -C hack/dist test -count=1 ./install

# Tools are built from their own pinned module.
TOOL_SOURCES := hack/tools/go.mod hack/tools/go.sum
$(BIN)/controller-gen: PACKAGE := sigs.k8s.io/controller-tools/cmd/controller-gen
$(BIN)/golangci-lint: PACKAGE := sigs.k8s.io/kube-api-linter/cmd/golangci-lint-kube-api-linter
$(BIN)/controller-gen $(BIN)/golangci-lint: $(TOOL_SOURCES)
	@echo "building $(@F)"
	@cd hack/tools && go build -o $@ $(PACKAGE)
	@touch $@
