# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the scripts of this directory share.

shopt -s inherit_errexit

# depmod, modprobe and their like are not on the path of an ordinary user.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

vm=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
cache=$(readlink -m "${PROFBUF_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/profbuf}/vm")
program=tests/vm/${0##*/}

# The runner's own failures; a status of its own, since COMMAND may use 1 and 2.
FAILED=122

die()
{
	printf "$program: %s\n" "$@" >&2
	exit "$FAILED"
}

need()
{
	local program missing=()

	for program; do
		type "$program" >/dev/null 2>&1 || missing+=("$program")
	done
	((${#missing[@]} == 0)) ||
		die "not found: ${missing[*]}" "install what is missing with: tests/setup vm build"
}

# Between lock NAME and unlock no other process is. One lock at a time.
lock()
{
	mkdir -p "$cache/locks"
	exec {lock_fd}>"$cache/locks/$1"
	flock "$lock_fd"
}

unlock()
{
	exec {lock_fd}>&-
}

# keep DIR: it is in use. Of what is beside it in the cache, that goes which has not
# been for two weeks.
keep()
{
	touch "$1"
	find "${1%/*}" -mindepth 1 -maxdepth 1 -mtime +14 -exec rm -rf {} + 2>/dev/null || true
}

# Show what a command printed only if it fails.
quietly()
{
	local log status=0

	log=$(mktemp)
	"$@" >"$log" 2>&1 </dev/null || status=$?
	((status == 0)) || sed "s|^|$program: |" "$log" >&2
	rm -f "$log"
	return "$status"
}

digest()
{
	sha256sum | cut -c 1-16
}
