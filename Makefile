# SPDX-License-Identifier: GPL-2.0
#
# "make help" lists what there is to make.

# What the recipes below are given by hand or by a packager.
PREFIX ?= /usr/local
DESTDIR ?=
V ?= 0

export V PREFIX DESTDIR

Q := $(if $(filter 1,$(V)),,@)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.NOTPARALLEL:

#
# Kernel headers: KDIR=, else those of the running kernel, else the newest that
# are installed. In "sort -V" a "~" makes a PREEMPT_RT kernel the second choice.
#
running := $(shell uname -r)
newest := for dir in /lib/modules/*/build /usr/src/linux-headers-*; do \
		[ -e "$$dir/Module.symvers" ] || continue; \
		release=$${dir\#\#*/linux-headers-}; \
		release=$${release\#/lib/modules/}; \
		printf '%s %s\n' "$${release%/build}" "$$dir"; \
	done | sed 's/-rt/~rt/' | sort -V | tail -n 1 | cut -d ' ' -f 2

ifeq ($(origin KDIR),undefined)
KDIR := $(or $(patsubst %/Makefile,%,$(wildcard /lib/modules/$(running)/build/Makefile)),$(shell $(newest)))
endif

kbuild = $(MAKE) --no-print-directory -C $(KDIR) M=$(CURDIR) \
	$(if $(wildcard $(KDIR)/vmlinux),,CONFIG_DEBUG_INFO_BTF_MODULES=)

# A directory's own Makefile, once it is there.
sub = $(if $(wildcard $(1)/Makefile),$(Q)$(MAKE) --no-print-directory -C $(1) $(2))

.PHONY: all
all: modules userspace replay ## build the module, libprofbuf and the profbuf command

.PHONY: modules
modules: kdir-check ## build profbuf.ko (KDIR=: for another kernel than the running one)
	$(Q)$(kbuild) modules

.PHONY: userspace
userspace: cc-check ## build libprofbuf and the profbuf command
	$(call sub,userspace,all)

.PHONY: replay
replay: cc-check
	$(call sub,tests/ring,replay)

.PHONY: cc-check
cc-check:
	@command -v $(firstword $(CC)) >/dev/null || { \
		echo "make: no C compiler ($(CC)). To install all that a build needs: tests/setup build userspace" >&2; \
		exit 1; }

.PHONY: kdir-check
kdir-check: cc-check
	@if [ -z "$(KDIR)" ]; then \
		echo "make: no kernel headers, neither for the running kernel ($(running)) nor for another." >&2; \
		echo "      For the running one: apt install linux-headers-$(running)" >&2; \
		echo "      For the kernel of this release: tests/setup build" >&2; \
		echo "      Or name a built kernel tree: make KDIR=..." >&2; \
		exit 1; \
	elif [ ! -e "$(KDIR)/Makefile" ]; then \
		echo "make: KDIR=$(KDIR) is no kernel build directory (it has no Makefile)." >&2; \
		exit 1; \
	fi

.PHONY: kdir
kdir: kdir-check
	@echo "$(KDIR)"

#
# Proof
#
TESTS ?=
groups := build userspace ring lint vm

.PHONY: setup
setup: ## install every package that demo and check need (they do it themselves)
	@tests/setup $(groups)

.PHONY: check
check: setup ## run all tests (TESTS="ring/* lint/*": only those)
	$(Q)$(MAKE) --no-print-directory all
	@tests/check $(TESTS)

.PHONY: check-long
check-long: export PROFBUF_LONG := 1
check-long: check ## the same with the long runs of fuzzers and torture tests

.PHONY: demo
demo: setup ## profile a real kernel in a virtual machine and show what it did
	@tests/demo/run

.PHONY: bench
bench: all ## print what a record costs, next to a memcpy of the same bytes
	@tests/bench/run

.PHONY: vm
vm: setup ## open a shell in a virtual machine
	@tests/vm/run --interactive

.PHONY: lint
lint: ## checkpatch, sparse, W=1, kernel-doc, clang-format, shellcheck and more
	@tests/setup build lint
	@tests/lint/run

#
# This machine
#
PARAMS ?=
# "sudo make load" must not leave files in the tree that only root can rebuild.
as_owner = $(if $(SUDO_USER),sudo -u $(SUDO_USER))

.PHONY: load
load: ## build and load the module into this kernel (PARAMS="name=value ...")
	@module/load --check-root
	$(Q)$(as_owner) $(MAKE) --no-print-directory modules
	@module/load ./profbuf.ko $(PARAMS)

.PHONY: unload
unload: ## remove the module from this kernel
	@module/load --unload

.PHONY: clean
clean: ## remove what was built
	$(Q)rm -f profbuf.ko profbuf.o profbuf.mod profbuf.mod.c profbuf.mod.o \
		module/*.o module/.*.cmd .*.cmd .module-common.o \
		Module.symvers modules.order
	$(Q)rm -rf tests/results
	$(call sub,userspace,clean)
	$(call sub,tests/ring,clean)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  V=1 shows every command, KDIR= builds for that kernel, DESTDIR= and PREFIX=$(PREFIX) are for install."
