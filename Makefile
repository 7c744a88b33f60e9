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
.PHONY: help build web demo run test race check bench screenshots fuzz soak golden

help: ## List the targets.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

build: web ## Build bin/bursar, with the console in it.
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/bursar ./cmd/bursar

# The console is built again when one of its files has changed.
web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@

web/dist/index.html: web/node_modules/.package-lock.json $(shell find web/src web/public -type f) web/index.html web/vite.config.ts web/fonts.ts web/tsconfig.json
	rm -rf web/dist/assets
	cd web && npm run --silent build -- --logLevel warn
	@touch $@

web: web/dist/index.html ## Build the console into web/dist.

demo: build ## Run the whole of bursar against a simulated AWS: no account, no server to install. ARGS="--once" does the main job by itself.
	./bin/bursar demo $(ARGS)

run: build ## Run the server with ./bursar-data, or what BURSAR_ variables say.
	./bin/bursar serve $(ARGS)

test: build ## Run every test.
	$(GO) test -timeout 30m ./...
	cd web && npm test --silent

race: ## Run every test under the race detector.
	$(GO) test -race -short -timeout 45m ./...

check: web/node_modules/.package-lock.json ## Formatting, vet, staticcheck, tidiness and the house rules.
	@out=$$($(GO) run $(GOFUMPT) -l .) && [ -z "$$out" ] || { echo "gofumpt wants to change:"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) mod tidy -diff
	$(GO) test -count=1 ./internal/archtest
	cd web && npx openapi-typescript ../internal/api/openapi.json -o node_modules/.schema.ts >/dev/null && diff -q node_modules/.schema.ts src/api/schema.ts || { echo "the console's API types are old: run make golden"; exit 1; }

bench: ## Measure speed and memory side by side with a peer, in one run, and print ratios.
	$(GO) run ./bench $(ARGS)

screenshots: build ## Make the documents' pictures of the console anew, from its browser tests.
	cd web && npx vitest run e2e/console.test.ts
	mkdir -p docs/image
	cp e2e/artifacts/--light.png docs/image/home.png
	cp e2e/artifacts/-costs-light.png docs/image/costs.png
	cp e2e/artifacts/register-access.png docs/image/register.png

fuzz: ## Fuzz each parser for FUZZTIME (10m). What is found stays in Go's cache, what fails also in testdata/fuzz.
	@$(GO) list -f '{{$$d := .Dir}}{{range .TestGoFiles}}{{$$d}}/{{.}} {{end}}{{range .XTestGoFiles}}{{$$d}}/{{.}} {{end}}' ./... | tr ' ' '\n' | xargs -r grep -HoE '^func Fuzz[A-Za-z0-9_]+' | sed 's/:func / /' | \
	while read -r file name; do echo "== $$name in $$(dirname $$file)"; (cd $$(dirname $$file) && $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) .) || exit 1; done

soak: ## Kill 200 imports at random times, and play 2,000 random sequences of deliveries.
	BURSAR_KILLS=200 $(GO) test -count=1 -timeout 60m -v -run '^TestKilledAnywhere$$' ./internal/billing/lake
	$(GO) test -count=1 -timeout 60m -run '^TestPublishedIsTheLastCompleteDelivery$$' ./internal/billing/lake -rapid.checks=2000

golden: web/node_modules/.package-lock.json ## Rewrite the generated documents and golden files.
	UPDATE_GOLDEN=1 $(GO) test -count=1 ./deploy ./internal/app ./internal/api ./internal/cli ./internal/sandbox
	cd web && npm run --silent types
