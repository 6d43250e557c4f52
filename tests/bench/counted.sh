# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# For benchmarks that count instructions in a virtual machine: the same on each machine.
# The caller has set $scratch, a directory.

tests=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/..

# build_module TREE KERNEL: leave it in profbuf.ko
build_module()
{
	"$tests/vm/build-module" --tree "$1" "$2" >"$scratch/built" 2>"$scratch/errors" || {
		cat "$scratch/errors" >&2
		return 1
	}
	cp "$(grep '/profbuf\.ko$' "$scratch/built")" "$scratch/profbuf.ko"
}

# counted KERNEL PROGRAM ARGUMENT...: run it where the time stamp counter counts instructions
counted()
{
	# shellcheck disable=SC2016 # the inner shell expands these
	"$tests/vm/run" --kernel "$1" --accel count -- sh -c 'insmod "$1" && shift && "$@"' sh \
		"$scratch/profbuf.ko" "${@:2}"
}

# changed FILE EXPRESSION: make a copy of the module in $scratch/changed, with FILE changed by sed
changed()
{
	rm -rf "$scratch/changed"
	mkdir "$scratch/changed"
	cp -r "$tests/../Kbuild" "$tests/../module" "$tests/../uapi" "$scratch/changed"
	sed -i "$2" "$scratch/changed/$1"
	! cmp -s "$tests/../$1" "$scratch/changed/$1" || {
		echo "tests/bench: there is nothing to be changed in $1: $2" >&2
		return 1
	}
}
