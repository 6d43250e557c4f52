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

# Type information needs the vmlinux, and a signature the key, that header packages leave out.
kbuild = $(MAKE) --no-print-directory -C $(KDIR) M=$(CURDIR) \
	$(if $(wildcard $(KDIR)/vmlinux),,CONFIG_DEBUG_INFO_BTF_MODULES=) \
	$(if $(wildcard $(KDIR)/certs/signing_key.pem),,CONFIG_MODULE_SIG_ALL=)

# Not a word where there is nothing to do.
sub = $(MAKE) --no-print-directory $(if $(filter 1,$(V)),,-s)

# All processors, unless a -j on the command line has already said how many.
parallel = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: all
all: modules userspace replay ## build the module, libprofbuf and the profbuf command

.PHONY: modules
modules: kdir-check ## build profbuf.ko (KDIR=: for another kernel than the running one)
	+$(Q)$(kbuild) $(parallel) modules

.PHONY: userspace
userspace: cc-check ## build libprofbuf and the profbuf command
	+$(Q)$(sub) -C userspace $(parallel)

.PHONY: replay
replay: cc-check
	+$(Q)$(sub) -C tests/ring replay

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
# Proof. These do all their set-up themselves.
#
TESTS ?=
KERNELS ?=

.PHONY: check
check: ## run all tests (TESTS="ring/* lint/*": only those)
	@tests/setup browser build lint ring userspace vm
	$(Q)$(MAKE) --no-print-directory all || { echo "0 passed, 1 failed"; exit 1; }
	@tests/check $(TESTS)

.PHONY: check-long
check-long: export PROFBUF_LONG := 1
check-long: check ## the same with the long runs of fuzzers and torture tests

.PHONY: check-kernels
check-kernels: ## test the module on every kernel of tests/vm/kernels (KERNELS="6.12 7-rt": on those)
	@tests/setup build userspace vm
	$(Q)$(MAKE) --no-print-directory userspace || { echo "0 passed, 1 failed"; exit 1; }
	@tests/check-kernels $(KERNELS)

.PHONY: check-debug
check-debug: ## run tests in a kernel with KASAN, lockdep and the like (builds it: that takes long)
	@tests/setup build debug vm
	@tests/debug/kernel >/dev/null || { echo "0 passed, 1 failed"; exit 1; }
	@tests/check --tests tests/debug --results tests/results/debug --timeout 7200 $(TESTS)

.PHONY: demo
demo: ## profile a real kernel in a virtual machine and show what it did
	@tests/setup build userspace vm
	$(Q)$(MAKE) --no-print-directory userspace
	@tests/demo/run

.PHONY: picture
picture: demo ## take the picture in README.md anew
	@tests/userspace/browser/screenshot demo-output/perl.svg userspace/view/flamegraph.png

.PHONY: vm
vm: ## open a shell in a virtual machine
	@tests/setup build vm
	@tests/vm/run --interactive

.PHONY: bench
bench: ## print what sampling, recording, reports and exports cost, next to perf and memcpy
	@tests/setup bench build userspace vm
	@tests/bench/run

.PHONY: litmus
litmus: ## have herd7 judge the memory order of the ring by the kernel's model
	@tests/setup ring
	@tests/litmus/run

.PHONY: fuzz-long
fuzz-long: ## fuzz the ring for ten minutes with each fuzzer
	@tests/setup build ring
	$(Q)$(MAKE) --no-print-directory -C tests/ring/fuzz long

.PHONY: lint
lint: ## checkpatch, sparse, W=1, kernel-doc, clang-format, shellcheck and more
	@tests/setup build lint
	@tests/lint/run

#
# This machine
#
PARAMS ?=
# "sudo make load" must not leave files in the tree that only root can build again.
as_owner := $(if $(SUDO_USER),sudo -u $(SUDO_USER))

.PHONY: load
load: ## build and load the module into this kernel (PARAMS="name=value ...")
	@module/load --check
	$(Q)$(as_owner) $(MAKE) --no-print-directory modules
	@module/load ./profbuf.ko $(PARAMS)

.PHONY: unload
unload: ## remove the module from this kernel
	@module/load --unload

bindir := $(DESTDIR)$(PREFIX)/bin
includedir := $(DESTDIR)$(PREFIX)/include
libdir := $(DESTDIR)$(PREFIX)/lib
mandir := $(DESTDIR)$(PREFIX)/share/man
bashdir := $(DESTDIR)$(PREFIX)/share/bash-completion/completions
zshdir := $(DESTDIR)$(PREFIX)/share/zsh/site-functions
fishdir := $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
# udev looks nowhere below another prefix.
udevdir := $(DESTDIR)/usr/lib/udev/rules.d

pages := $(wildcard userspace/man/*.[1-8])
release = $(firstword $(shell PATH=$$PATH:/sbin:/usr/sbin modinfo -F vermagic profbuf.ko))

# Nothing is built here: it would belong to root.
.PHONY: install
install: ## install all that was built, for every user
	@for file in profbuf.ko userspace/profbuf userspace/lib/libprofbuf.so; do \
		[ -e $$file ] || { echo "make: $$file is not built yet. Before this: make" >&2; exit 1; }; \
	done
	+$(Q)$(kbuild) INSTALL_MOD_PATH="$(DESTDIR)" cmd_depmod= modules_install
	$(Q)[ -n "$(DESTDIR)" ] || PATH=$$PATH:/sbin:/usr/sbin depmod $(release)
	$(Q)install -d "$(bindir)" "$(includedir)/linux" "$(includedir)/profbuf" "$(libdir)" "$(udevdir)"
	$(Q)install userspace/profbuf "$(bindir)"
	$(Q)install -m 644 uapi/linux/profbuf.h "$(includedir)/linux"
	$(Q)install -m 644 userspace/lib/profbuf/*.h "$(includedir)/profbuf"
	$(Q)cp -P userspace/lib/libprofbuf.a userspace/lib/libprofbuf.so* "$(libdir)"
	$(Q)install -m 644 userspace/udev/60-profbuf.rules "$(udevdir)"
	$(Q)for page in $(pages); do \
		install -D -m 644 -t "$(mandir)/man$${page##*.}" $$page || exit; \
	done
	$(if $(wildcard userspace/completion/profbuf.bash),$(Q)install -D -m 644 userspace/completion/profbuf.bash "$(bashdir)/profbuf")
	$(if $(wildcard userspace/completion/profbuf.zsh),$(Q)install -D -m 644 userspace/completion/profbuf.zsh "$(zshdir)/_profbuf")
	$(if $(wildcard userspace/completion/profbuf.fish),$(Q)install -D -m 644 userspace/completion/profbuf.fish "$(fishdir)/profbuf.fish")
	$(Q)[ -n "$(DESTDIR)" ] || { PATH=$$PATH:/sbin:/usr/sbin; ldconfig; \
		! type udevadm >/dev/null 2>&1 || udevadm control --reload 2>/dev/null || :; }

.PHONY: uninstall
uninstall: ## remove what install has put there, for every kernel
	$(Q)rm -f "$(DESTDIR)"/lib/modules/*/extra/profbuf.ko "$(DESTDIR)"/lib/modules/*/updates/profbuf.ko
	$(Q)rm -f "$(bindir)/profbuf" "$(includedir)/linux/profbuf.h" "$(libdir)"/libprofbuf.a \
		"$(libdir)"/libprofbuf.so* "$(udevdir)/60-profbuf.rules" "$(bashdir)/profbuf" \
		"$(zshdir)/_profbuf" "$(fishdir)/profbuf.fish"
	$(Q)rm -rf "$(includedir)/profbuf"
	$(Q)for page in $(pages); do rm -f "$(mandir)/man$${page##*.}/$${page##*/}"; done
	$(Q)[ -n "$(DESTDIR)" ] || { PATH=$$PATH:/sbin:/usr/sbin; depmod; ldconfig; }

built_in := $(patsubst %/Makefile,%,$(wildcard userspace/Makefile tests/*/Makefile tests/*/*/Makefile))

.PHONY: clean
clean: ## remove what was built
	$(Q)rm -f profbuf.ko profbuf.o profbuf.mod profbuf.mod.c profbuf.mod.o \
		module/*.o module/.*.cmd module/.*.d .*.cmd .module-common.o \
		Module.symvers modules.order
	$(Q)rm -rf demo-output tests/results
	$(Q)set -e; for dir in $(built_in); do \
		$(sub) -C $$dir clean; \
	done

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  V=1 shows every command, KDIR= builds for that kernel, DESTDIR= and PREFIX=$(PREFIX) are for install."
