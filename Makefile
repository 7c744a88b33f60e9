# bursar. `make help` lists what there is to do; each target's line below says what it promises.
SHELL := /bin/bash
GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -X github.com/bursarhq/bursar/internal/cli.version=$(VERSION)
GOFUMPT := mvdan.cc/gofumpt@v0.12.0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME ?= 10m
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help build demo run test race check bench fuzz golden

help: ## List the targets.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

build: ## Build bin/bursar.
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/bursar ./cmd/bursar

demo: build ## Run the whole of bursar against a simulated AWS: no account, no server to install. ARGS="--once" does the main job by itself.
	./bin/bursar demo $(ARGS)

run: build ## Run the server with ./bursar-data, or what BURSAR_ variables say.
	./bin/bursar serve $(ARGS)

test: ## Run every test.
	$(GO) test -timeout 30m ./...

race: ## Run every test under the race detector.
	$(GO) test -race -short -timeout 45m ./...

check: ## Formatting, vet, staticcheck, tidiness and the house rules.
	@out=$$($(GO) run $(GOFUMPT) -l .) && [ -z "$$out" ] || { echo "gofumpt wants to change:"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) mod tidy -diff
	$(GO) test -count=1 ./internal/archtest

bench: ## Measure speed and memory side by side with a peer, in one run, and print ratios.
	$(GO) run ./bench $(ARGS)

fuzz: ## Fuzz each parser for FUZZTIME (10m).
	@$(GO) list -f '{{$$d := .Dir}}{{range .TestGoFiles}}{{$$d}}/{{.}} {{end}}{{range .XTestGoFiles}}{{$$d}}/{{.}} {{end}}' ./... | tr ' ' '\n' | xargs -r grep -HoE '^func Fuzz[A-Za-z0-9_]+' | sed 's/:func / /' | \
	while read -r file name; do echo "== $$name in $$(dirname $$file)"; (cd $$(dirname $$file) && $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) .) || exit 1; done

golden: ## Rewrite the generated documents and golden files.
	UPDATE_GOLDEN=1 $(GO) test -count=1 ./internal/app ./internal/api ./internal/cli
