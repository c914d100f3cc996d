# SPDX-License-Identifier: GPL-2.0-or-later
#
# make            the module (for the running kernel, else for Debian's 6.12) and libquic
# make demo       sets up, boots a stock kernel, sends a file over IPPROTO_QUIC
# make check      sets up and tests what a commit must pass; closes with "N passed, N failed"
# make check-all  every test on every kernel, as CI does
# make check-user only the tests that need no kernel (seconds)
# make lint       every gate of tests/lint
# make bench      QUIC, kTLS and TCP on the counting bed, and the ledger
# make fuzz       every fuzz target for 10 minutes
# make install    libquic, its headers and tools, the module's source for DKMS
# make clean      what was built inside the checkout; the cache stays

ROOT := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
BUILD := $(ROOT)/build
PREFIX ?= /usr/local
KDIR ?= /lib/modules/$(shell uname -r)/build

.PHONY: all module libquic setup demo check check-all check-user lint bench fuzz install clean

all: module libquic

# The running kernel's own headers where they are, Debian's stock kernel otherwise.
module:
ifneq ($(wildcard $(KDIR)/Makefile),)
	tests/vm/build-module.sh --kdir $(KDIR)
else
	tests/vm/build-module.sh stock
endif

# One at a time: several tests that run at once want it.
libquic:
	@mkdir -p $(BUILD)
	flock $(BUILD)/libquic.lock cmake -S libquic -B $(BUILD)/libquic \
		-DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_INSTALL_PREFIX=$(PREFIX) >/dev/null
	flock $(BUILD)/libquic.lock cmake --build $(BUILD)/libquic -j $$(nproc)

setup:
	tests/setup.sh all

demo: setup
	tests/vm/demo.sh

check: setup
	tests/check.sh fast

check-all: setup
	tests/check.sh all

check-user:
	tests/check.sh user

lint: setup
	tests/lint/run

bench: setup
	tests/bench/run.sh

fuzz: setup
	$(MAKE) -C tests/fuzz long

install: libquic
	cmake --install $(BUILD)/libquic

clean:
	rm -rf $(BUILD)
