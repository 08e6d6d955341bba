# make run and make test are all the set-up there is; both need only Go.

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
PREFIX   ?= $(HOME)/.local
FUZZTIME ?= 10s
GO       ?= go
TOOL      = $(GO) tool -modfile=tools/tools.mod
BIN       = $(DESTDIR)$(PREFIX)/bin/quotad

export CGO_ENABLED ?= 0

.PHONY: run build test race lint vuln fuzz bench soak torture desktop-test systemd-test install uninstall clean

run: build            ## build, and run the daemon in the foreground
	bin/quotad run

build:                ## build bin/quotad
	$(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/quotad ./cmd/quotad

test: build           ## all tests; the one of the desktop skips with a word where its parts are missing
	$(GO) test ./...
	.ci/desktop-test.sh bin/quotad

race:                 ## tests under the race detector, which needs a C compiler
	CGO_ENABLED=1 $(GO) test -race -timeout 20m ./...

lint: vuln            ## gofmt, vet, staticcheck, govulncheck
	@test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }
	$(GO) vet ./...
	$(TOOL) staticcheck ./...

vuln:                 ## known vulnerabilities; skips with a word where their database cannot be reached
	.ci/vulncheck.sh $(TOOL) govulncheck ./...

fuzz: build           ## each fuzz target for FUZZTIME
	.ci/fuzz.sh $(FUZZTIME)

bench:                ## print the figures; half an hour, on a machine that does nothing else
	$(GO) run -C tools ./bench

soak:                 ## ten minutes at 1,000 events a second: memory and latency stay flat
	$(GO) run -C tools ./bench -only soak

torture: build        ## kill the daemon 10,000 times, cut its power and step its clock, for an hour or so; prints what came of it
	.ci/torture.sh

desktop-test: build   ## the daemon against a real notification server
	.ci/desktop-test.sh bin/quotad

systemd-test: build   ## the service under a real systemd user manager (as root)
	.ci/systemd-test.sh bin/quotad

install: build        ## ~/.local/bin/quotad, and the service of your user; again to upgrade
	install -D -m 755 bin/quotad $(BIN).new && mv -f $(BIN).new $(BIN)
	@case ":$$PATH:" in *":$(PREFIX)/bin:"*) ;; *) echo 'note: put $(PREFIX)/bin on your PATH' ;; esac
	$(if $(DESTDIR),,$(BIN) service install)

uninstall:            ## take both away; your data stays
	$(if $(DESTDIR),,-$(BIN) service uninstall)
	rm -f $(BIN)

clean:
	rm -rf bin
