# What a person does with this repository. Each target is a thin line to a real tool.

# Static release binaries: they run on any Linux of this architecture, in an empty container too.
HOST := $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
BUILD_PROFILE ?= release
BINARIES = target/$(HOST)/$(BUILD_PROFILE)
TOOLS := $(CURDIR)/target/tools
PEERS ?=

.PHONY: run secrets certs test test-rules test-alerts test-compose test-bad-times test-docker test-faults test-host test-host-packages packages test-packages test-ec2 reproducible book lint fmt bench fuzz build

# The whole stack on this machine, until Ctrl-C. What is shipped takes several times as long to build.
run: BUILD_PROFILE := quick
run:
	deploy/prepare.sh run
	$(MAKE) --no-print-directory build BUILD_PROFILE=$(BUILD_PROFILE)
	exec $(BINARIES)/lab up --prometheus-dir target/tools/bin --alertmanager-dir target/tools/bin

# A target is named so that crt-static holds for the programs and not for build scripts and macros. Their addresses are fixed, as
# those of Go's programs are: nothing is to be relocated at each start, and no page of memory is a copy for that alone.
RELEASE_FLAGS := -C target-feature=+crt-static -C link-args=-static -C link-args=-no-pie
CARGO_HOME ?= $(HOME)/.cargo
# The profile says so, too, and is not heard for a program with an optimization of its own.
RELEASE_FLAGS += -C strip=symbols
# Where this is and who builds it is in no program: the same source gives the same bytes anywhere.
RELEASE_FLAGS += --remap-path-prefix=$(CURDIR)=/source --remap-path-prefix=$(CARGO_HOME)=/cargo
# What is shipped is built apart from lab: together, exporters would have the features of libraries that lab wants, and be some
# 400 KiB larger for nothing.
# What build scripts write is not left to chance: the C file says how. All is downloaded before, without it.
SAME_RANDOM := $(TOOLS)/same_random.so
BUILD := LD_PRELOAD=$(SAME_RANDOM) RUSTFLAGS="$(RELEASE_FLAGS)" cargo build --profile $(BUILD_PROFILE) --locked --offline --target $(HOST)
build: $(SAME_RANDOM)
	cargo fetch --quiet --locked --target $(HOST)
ifeq ($(BUILD_PROFILE),release)
	$(BUILD) -p node-exporter -p container-exporter -p blackbox-exporter -p redis-exporter -p demo-app
	$(BUILD) -p lab
else
	$(BUILD)
endif

$(SAME_RANDOM): deploy/packages/same_random.c
	mkdir -p $(@D)
	cc -shared -fPIC -O2 -Wall -o $@ $<

# Random passwords for `docker compose up`, and the group of Docker's socket. What is there already stays.
secrets:
	deploy/secrets.sh

# Certificates for exporters and for Prometheus: make certs HOSTS="web-1.example.com,10.0.0.5 db-1.example.com"
HOSTS ?=
certs:
	deploy/tls/certs $(HOSTS)

# One selection for all that is tested: with another, the features of libraries would be others, and all be compiled again; so
# programs are built as the tests' own, too.
TESTED := --workspace --all-features --locked
BUILD_TESTED := cargo test $(TESTED) --lib --bins --tests --no-run
test: export PATH := $(TOOLS)/bin:$(TOOLS)/venv/bin:$(PATH)
test: export PROMETHEUS_DIR := $(TOOLS)/bin
test: export GRAFANA_SCHEMA := $(TOOLS)/grafana-schema
test: export PEERS := $(PEERS)
test:
	deploy/prepare.sh test
	$(BUILD_TESTED)
	cargo test $(TESTED) --doc
	cargo test $(TESTED) --lib --bins --tests

# The rules and the routes alone: promtool's checks and unit tests, vmalert-tool's, every number moved, amtool's and amlint's.
test-rules: export PATH := $(TOOLS)/bin:$(TOOLS)/venv/bin:$(PATH)
test-rules: export PROMETHEUS_DIR := $(TOOLS)/bin
test-rules: export PEERS := $(PEERS)
test-rules:
	deploy/prepare.sh test
	cargo test $(TESTED) --test rules --test alertmanager -- --nocapture

# The table of all alerts: unit-tested, no number moves unnoticed, made to happen on a stack of its own, told, told to be over. Some
# minutes; as root, with containers.
test-alerts: export PATH := $(TOOLS)/bin:$(TOOLS)/venv/bin:$(PATH)
test-alerts: export PROMETHEUS_DIR := $(TOOLS)/bin
test-alerts:
	deploy/prepare.sh alerts
	$(BUILD_TESTED)
	$(MAKE) --no-print-directory $(MUTANTS)
	cargo test $(AS_ROOT) $(TESTED) --test alerts -- --include-ignored --nocapture

# What moving each number of the rules does. `make test` finds it out, too.
MUTANTS := target/tmp/mutants.json
$(MUTANTS): $(wildcard prometheus/rules/*.yml prometheus/rules/tests/*.yml)
	cargo test $(TESTED) --test rules every_moved_number -- --nocapture

# container-exporter beside a real dockerd of its own, which goes away again; any other dockerd is left alone. Some minutes.
# Only root may start one; as another user, the tests alone run by sudo.
AS_ROOT := $(if $(filter-out 0,$(shell id -u)),--config 'target."cfg(all())".runner="sudo -E"')
test-docker:
	deploy/prepare.sh docker
	cargo test $(AS_ROOT) $(TESTED) --test docker -- --ignored --test-threads=1 --nocapture --skip host::

# deploy/compose.yaml, and its variant of Debian's programs in a dockerd of its own. Some minutes, most of them the first time.
test-compose: export BUILD_PROFILE := $(BUILD_PROFILE)
test-compose:
	deploy/prepare.sh compose
	$(MAKE) --no-print-directory build
	cargo test $(AS_ROOT) $(TESTED) --test compose -- --include-ignored --test-threads=1 --nocapture --skip in_bad_times

# The same stack when containers are killed, networks cut, disks full, Docker starts anew; and alerts made to happen on it.
test-bad-times: export BUILD_PROFILE := $(BUILD_PROFILE)
test-bad-times:
	deploy/prepare.sh compose
	$(MAKE) --no-print-directory build
	cargo test $(AS_ROOT) $(TESTED) --test compose -- --include-ignored --test-threads=1 --nocapture in_bad_times

# The programs in bad times: hangs, vanishing files, rude and many clients, 100,000 scrapes, a root with nothing in it. Some
# minutes; as root, all of it.
test-faults:
	deploy/prepare.sh faults
	$(MAKE) --no-print-directory build
	NODE_EXPORTER=$(CURDIR)/$(BINARIES)/node-exporter \
		cargo test $(TESTED) --test faults -- --ignored --test-threads=1 --nocapture
	PATH="$(TOOLS)/bin:$$PATH" REDIS_EXPORTER=$(CURDIR)/$(BINARIES)/redis-exporter \
		cargo test $(AS_ROOT) $(TESTED) --test empty_root -- --ignored

# node-exporter on a real systemd, D-Bus, logind and cgroup v2, in a virtual machine, beside upstream's program where PATH
# or PEERS=DIR has one; and container-exporter beside Docker there. Some minutes each, and two more the first time.
test-host: export PEERS := $(PEERS)
test-host: export NODE_EXPORTER := $(CURDIR)/$(BINARIES)/node-exporter
test-host: export CONTAINER_EXPORTER := $(CURDIR)/$(BINARIES)/container-exporter
test-host:
	deploy/prepare.sh host
	$(MAKE) --no-print-directory build
	cargo test --package node-exporter --locked --test host -- --ignored --nocapture
	cargo test --package container-exporter --locked --test docker -- --ignored --nocapture host::
	$(MAKE) --no-print-directory test-host-packages

# The packages there: installed, killed, upgraded, rebooted and purged; and asked by a Prometheus here, which finds the machine by
# EC2's language.
test-host-packages: export PATH := $(TOOLS)/bin:$(PATH)
test-host-packages: packages
	deploy/prepare.sh host
	deploy/prepare.sh ec2
	PACKAGES=$(CURDIR)/$(DIST) cargo test --package lab --locked --test host -- --ignored --nocapture

# .deb, .rpm, tarballs, images and their checksums in target/packages/dist.
DIST := target/packages/dist
packages: export PILOTLIGHT_REVISION := $(shell git rev-parse --short=12 HEAD 2>/dev/null)
packages:
	deploy/prepare.sh packages
	$(MAKE) --no-print-directory build
	deploy/packages/build $(HOST) $(DIST)

# What is in the packages; then they are installed, upgraded, removed and purged in a root of Debian's. As root.
test-packages: packages
	PACKAGES=$(CURDIR)/$(DIST) cargo test $(AS_ROOT) $(TESTED) --test packages -- --include-ignored --nocapture

# Builds everything once more from a copy of the last commit in another folder: every byte must be the same. As long as two builds.
reproducible: packages
	deploy/packages/reproduce $(HOST) $(DIST)

# deploy/ec2: the script, the templates, and hosts that Prometheus finds on a server that speaks EC2's language.
test-ec2: export PATH := $(TOOLS)/bin:$(PATH)
test-ec2:
	deploy/prepare.sh ec2
	cargo test $(TESTED) --test ec2 -- --include-ignored

# docs/ and the pages of the root, as a book in target/book whose links all lead somewhere. It begins with index.html.
book: export PATH := $(TOOLS)/venv/bin:$(PATH)
book:
	deploy/prepare.sh book
	cargo run --quiet --locked -p book -- stage target/book-source
	rm -rf target/book
	mdbook build target/book-source --dest-dir $(CURDIR)/target/book
	cargo run --quiet --locked -p book -- check target/book

lint:
	deploy/prepare.sh lint
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
	cargo check --quiet --locked --manifest-path fuzz/Cargo.toml --target-dir target --bins
	shellcheck deploy/prepare.sh deploy/secrets.sh deploy/alertmanager/configure deploy/debian-packages deploy/debian-images grafana/schema/check fuzz/run .ci/run crates/private-host/run \
		deploy/packages/build deploy/packages/reproduce deploy/ec2/install.sh deploy/tls/certs \
		crates/node-exporter/tests/guest/usr/local/lib/pilot/observe \
		crates/container-exporter/tests/guest/usr/local/lib/pilot/observe \
		crates/lab/tests/guest/usr/local/lib/pilot/observe \
		crates/book/tests/commands/driver.sh

fmt:
	cargo fmt --all

# Our encoder beside the prometheus crate's; then what an exporter costs beside upstream's program, from PATH or PEERS=DIR,
# and how that grows. As root, all of it; make bench BENCH_FLAGS=--strict fails when a target is missed.
BENCH_FLAGS ?=
bench:
	deploy/prepare.sh bench
	cargo bench --package exposition
	$(MAKE) --no-print-directory build
	PATH="$(if $(PEERS),$(PEERS):)$$PATH" $(BINARIES)/lab bench $(BENCH_FLAGS)
	PATH="$(if $(PEERS),$(PEERS):)$$PATH" $(BINARIES)/lab bench --exporter container $(BENCH_FLAGS)
	PATH="$(if $(PEERS),$(PEERS):)$$PATH" $(BINARIES)/lab bench --exporter blackbox $(BENCH_FLAGS)
	PATH="$(if $(PEERS),$(PEERS):)$(TOOLS)/bin:$$PATH" $(BINARIES)/lab bench --exporter redis $(BENCH_FLAGS)
	PATH="$(if $(PEERS),$(PEERS):)$(TOOLS)/bin:$$PATH" $(BINARIES)/lab bench --exporter all $(BENCH_FLAGS)
	PATH="$(TOOLS)/bin:$$PATH" $(BINARIES)/lab bench dashboards $(BENCH_FLAGS)

# Ten minutes for each target instead of one: make fuzz FUZZ_SECONDS=600
FUZZ_SECONDS ?= 60
fuzz:
	deploy/prepare.sh fuzz
	cargo test --quiet --manifest-path fuzz/Cargo.toml --test targets
	fuzz/run $(FUZZ_SECONDS)
