# The commands for development. Each target builds its prerequisites.

TARGET := wasm32-wasip2
CARGO ?= cargo
# A newer compiler has other lints, so only the version in Cargo.toml makes them errors.
RUST := $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
STRICT := $(if $(findstring rustc $(RUST).,$(shell rustc --version)),-D warnings)
# One set of features for all that is measured and verified, so that it is compiled once.
RELEASE := --release --workspace --features tests/traces

.PHONY: demo test quick lint guest foreign verify week bench soak chart dist target build lean

## demo: the exporter on two simulated NetBackup servers, at http://127.0.0.1:9440/metrics
demo: target
	@echo "Building the exporter, its guest and a NetBackup simulator: about 7 minutes on 2 cores the first time."
	@echo "Then open http://127.0.0.1:9440/ and http://127.0.0.1:9440/metrics; Ctrl-C stops it."
	@# Cargo would begin the guest last; at the same time it costs no waiting.
	@$(CARGO) build --quiet --locked --lib --package guest --profile guest-dev --target $(TARGET) --target-dir target/components & \
	$(CARGO) build --bin nbu_exporter; wait
	$(CARGO) run --quiet --bin nbu_exporter -- demo

## test: everything, on loopback only. Many tests wait for a deadline, so three times as
## many run as there are cores
test: build
	RUST_TEST_THREADS=$$((3 * $$(nproc))) $(CARGO) test --workspace

## week: the simulated weeks at full rate, with 200 kills, and 10,000 restarts on
## a faulty disk; takes minutes
week: build
	SEEDS=12 $(CARGO) test --workspace --test it -- exact:: parallel_pager::
	$(CARGO) test --workspace --test it -- --ignored --nocapture --test-threads=1 week::
	$(CARGO) test --workspace --lib -- --ignored process_simulation::

## verify: the tests that are too slow for `test`: the weeks, a thousand sites in one
## process, the panels of the dashboards, 10,000 restarts on a faulty disk, traces; optimised like a release
verify: target guest lean foreign
	$(CARGO) build $(RELEASE) --bins
	$(CARGO) test $(RELEASE) --test it -- traces::
	$(CARGO) test $(RELEASE) --test it -- --ignored --nocapture --test-threads=1
	$(CARGO) test $(RELEASE) --lib -- --ignored process_simulation:: bundle::
	target/release/nbu_exporter guest test target/guest.wasm
	@for guest in target/foreign/*.wasm; do test ! -f $$guest || \
	target/release/nbu_exporter guest test $$guest || exit 1; done
	@for language in javascript python; do test -f target/foreign/$$language.wasm || \
	echo "SKIPPED: the example guest in $$language"; done
	@deploy/helm/check.sh

## guest: the guest for WebAssembly, optimised as released, in target/guest.wasm
guest: target
	$(CARGO) build --locked --lib --package guest --profile guest --target $(TARGET) --target-dir target/components
	cp target/components/$(TARGET)/guest/guest.wasm target/guest.wasm

## foreign: the example guests in JavaScript and Python, with their tests, in
## target/foreign; skipped where npm or pip does not answer
foreign:
	@guest/examples/foreign.sh

## lint: formatting, clippy, documentation and the rules of Prometheus, as CI runs them;
## spelling and licences where codespell and cargo-deny are installed
lint: target
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- $(STRICT)
	RUSTDOCFLAGS="$(STRICT)" $(CARGO) doc --workspace --no-deps --quiet
	@if command -v promtool >/dev/null; then \
	promtool check rules deploy/prometheus/rules.yml && \
	printf '%s\n' deploy/prometheus/tests/*.yml | xargs -n 1 -P $$(nproc) promtool test rules; \
	else echo "SKIPPED: the tests of deploy/prometheus/rules.yml need promtool"; fi
	@if command -v codespell >/dev/null; then codespell; \
	else echo "SKIPPED: the check of spelling needs codespell"; fi
	@if command -v cargo-deny >/dev/null; then $(CARGO) deny check bans licenses sources; \
	else echo "SKIPPED: deny.toml needs cargo-deny"; fi
	@test -n "$(STRICT)" || echo "SKIPPED: warnings as errors need Rust $(RUST)"

## quick: formatting, clippy and unit tests
quick: target
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- $(STRICT)
	$(CARGO) test --workspace --lib

## bench: measurements on this machine, as a table; BENCH="render scrapes" selects some
bench: target
	$(CARGO) build $(RELEASE) --bins --bench figures --bench soak
	$(CARGO) bench --workspace --features tests/traces --bench figures -- $(BENCH)

## soak: swaps and reloads during scrapes for SECONDS, or until SWAPS; as root. PAUSE
## is the number of milliseconds between two scrapes of a client
SECONDS ?= 300
SWAPS ?=
PAUSE ?=
soak: target
	$(CARGO) build $(RELEASE) --bins --bench figures --bench soak
	SECONDS=$(SECONDS) SWAPS=$(SWAPS) PAUSE=$(PAUSE) $(CARGO) bench --workspace --features tests/traces --bench soak

## chart: the Helm chart, validated with six files of values; CRDS is a folder with the
## definitions of the Prometheus operator
chart:
	@deploy/helm/check.sh

## dist: packages, an image, the chart and checksums in target/dist; skips what needs a
## tool that is missing, and says so in its last line
dist: lean
	$(CARGO) build $(RELEASE) --locked --bin nbu_exporter
	@deploy/packages/dist.sh

build: target
	$(CARGO) build --workspace --bins --tests

# Installed binaries do not include the simulator. They can send traces. Their dependencies
# are those of a build for verification, which links the same path again afterwards.
lean: target
	$(CARGO) build --release --locked --no-default-features --features traces --bin nbu_exporter
	install -D target/release/nbu_exporter target/lean/nbu_exporter
	! target/lean/nbu_exporter demo

# Without rustup, the distribution must provide the target; the build reports if it is missing.
target:
	@command -v rustup >/dev/null && (rustup target list --installed | grep -qx $(TARGET) || rustup target add $(TARGET)) || true
