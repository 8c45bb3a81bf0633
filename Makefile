# What people type. Each target brings what it needs.

TARGET := wasm32-wasip2
CARGO ?= cargo

.PHONY: demo test week verify lint bench soak target build

## demo: the exporter on two simulated NetBackup servers, at http://127.0.0.1:9440/metrics
demo: target
	$(CARGO) run --bin nbu_exporter -- demo

## test: everything, on loopback only
test: build
	$(CARGO) test --workspace

## week: the simulated weeks at their full rate, with 200 kills, and 10,000 lives on
## a disk that fails: minutes
week: build
	$(CARGO) test --workspace --test it -- --ignored --nocapture --test-threads=1 week::
	$(CARGO) test --workspace --lib -- --ignored life::

## verify: everything that is too slow for `test`: the weeks, and a thousand sites in
## one process. Optimized, as operators run it
verify: target
	$(CARGO) build --release --workspace --bins
	$(CARGO) test --release --workspace --test it -- --ignored --nocapture --test-threads=1

## lint: formatting and clippy, as CI runs them
lint: target
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

## bench: figures of this machine, as a table; some of them with BENCH="render scrapes"
bench: target
	$(CARGO) build --release --workspace --bins --bench figures --bench soak
	$(CARGO) bench --workspace --bench figures -- $(BENCH)

## soak: swaps and reloads under scrapes for SECONDS, or until SWAPS; as root. PAUSE
## are the milliseconds between two scrapes of a client
SECONDS ?= 300
SWAPS ?=
PAUSE ?=
soak: target
	$(CARGO) build --release --workspace --bins --bench figures --bench soak
	SECONDS=$(SECONDS) SWAPS=$(SWAPS) PAUSE=$(PAUSE) $(CARGO) bench --workspace --bench soak

build: target
	$(CARGO) build --workspace --all-targets

# Without rustup the target comes with the distribution; the build says so if not.
target:
	@command -v rustup >/dev/null && (rustup target list --installed | grep -qx $(TARGET) || rustup target add $(TARGET)) || true
