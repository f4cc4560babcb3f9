# Every target works from a clean clone. What is current is skipped; `make help` lists what there is.
SHELL := /bin/sh
VENV := $(CURDIR)/build/venv
export VIRTUAL_ENV := $(VENV)
export PATH := $(VENV)/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export PIPENV_VERBOSITY := -1
export CHECKPOINT_DISABLE := 1
# Hundreds of processes start: none compiles Stardock anew, though the caller may not want bytecode.
unexport PYTHONDONTWRITEBYTECODE
FILE ?= examples/quickstart/cluster.yaml
TESTS ?= tests
CORES ?= 0.5
# More are slower on two cores: docs/decisions/0010-tests.md.
WORKERS ?= 2

SIDE_BY_SIDE := $(MAKE) --no-print-directory --jobs 2

.PHONY: help setup lab-setup test-setup demo demo-down test suite test-terraform test-slow test-slowly test-nodes test-long test-dozen test-conformance test-cis test-vm check lint types lock docs dist bench clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## what a user needs: Python, cdktf-cli, provider bindings (from the ordinary registry)
	@tools/setup python node bindings

lab-setup: ## the same, with system packages and Go-built tools: all that demo and test need
	@tools/setup lab

demo: lab-setup ## a cluster from examples/quickstart in the lab: real cdktf deploy, real machines, real Ansible, pods
	@tools/setup nodes
	@tools/demo $(FILE)

demo-down: ## ends the demo and leaves nothing
	@tools/demo --down $(FILE)

test: ## all tests but VMs, real nodes and long ones
	@$(SIDE_BY_SIDE) lab-setup test-setup
	@$(SIDE_BY_SIDE) --keep-going lint suite types

suite: # while it waits for boots and elections, there is time for linters
	@STARDOCK_LOCK=write pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder -m "not vm and not nodes and not conformance and not cis and not long" $(TESTS)

test-terraform: lab-setup test-setup ## the contract tests once more, all of them under terraform, which must be on PATH
	@STARDOCK_LOCK=write STARDOCK_TEST_ENGINE=terraform pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder tests/contract

test-slow: lab-setup ## VMs in QEMU as PVE runs them: each kernel, firmware and chipset, a cluster (no hardware help: half an hour)
	@tools/setup vm
	@pytest -m vm tests/vm

test-slowly: lab-setup test-setup ## the lab's tests, one worker, under a quota of CORES=0.5 (an hour or more); TESTS=... for some
	@STARDOCK_LOCK=write tools/slowly $(CORES) pytest $(if $(filter tests,$(TESTS)),tests/lab,$(TESTS))

test-nodes: lab-setup ## machines that are nodes for real: pods, Services, drains (five minutes)
	@tools/setup conformance
	@STARDOCK_LOCK=write pytest -m "nodes and not long" tests/lab tests/conformance

test-long: lab-setup test-setup ## clusters that fail while they are made, that grow, the VIP on servers, the six of the golden files, fifteen nodes, add-ons themselves, a registry and a proxy (an hour)
	@tools/setup addons registry
	@STARDOCK_LOCK=write pytest -m long tests/lab tests/contract

test-dozen: lab-setup ## a dozen of Kubernetes' conformance tests, on a cluster whose nodes are real (four minutes)
	@tools/setup conformance
	@STARDOCK_LOCK=write pytest -m dozen tests/conformance

test-conformance: lab-setup ## Kubernetes' own conformance tests against a cluster in the lab (an hour and more); writes what docs/proof.md says
	@tools/setup conformance
	@STARDOCK_LOCK=write pytest -m conformance tests/conformance

test-cis: lab-setup ## the published CIS benchmark of RKE2 against a cluster with `profile: cis` (five minutes); writes what docs/proof.md says
	@tools/setup cis
	@STARDOCK_LOCK=write pytest -m cis tests/conformance

test-vm: lab-setup ## the VM that CI boots: Debian's generic kernel on q35
	@tools/setup vm
	@STARDOCK_LOCK=write pytest -m ci_vm tests/vm

test-setup: # servers that keep a state; what builds and describes VMs, which unit tests ask, too
	@tools/setup tests vm

check: lab-setup ## the inner loop (minutes): lint, types, unit and synth tests; not the contract, lab and VM tests
	@$(SIDE_BY_SIDE) --keep-going lint types
	@STARDOCK_LOCK=write pytest -q -n $(WORKERS) tests/unit tests/synth

lint:
	@nice ruff check --quiet . && nice ruff format --quiet --check . && nice tools/check-files

types:
	@nice mypy --no-error-summary

lock: ## renews Pipfile.lock and package-lock.json, without registry addresses
	@tools/setup python
	@tools/lock-dependencies
	@npm install --package-lock-only --no-audit --no-fund

docs: ## the generated parts of docs/
	@tools/setup python
	@runner schema --format markdown >docs/cluster-yaml.md
	@python -m tests.proof

dist: setup ## sdist and wheel in dist/: what `pipx install` takes
	@tools/dist

bench: lab-setup ## the figures of bench/README.md
	@python -m bench

clean: demo-down ## takes away all that was built in the checkout (the tool cache stays)
	@rm -rf build dist imports node_modules cdktf.out
