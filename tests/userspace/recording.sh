# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What suites that record in a virtual machine have in common: $module and $profbuf are what they
# were started with. How long something takes there says nothing: conditions are waited for, and
# samples are counted as shares of those of the same program.

# shellcheck source=tests/userspace/tap.sh
. "$(dirname "${BASH_SOURCE[0]}")/tap.sh"

export LC_ALL=C.UTF-8 PAGER=cat
unset DEBUGINFOD_URLS
exec {results}>&1

# What was measured, for the log, also where the test passes.
say()
{
	printf '# %s\n' "$*" >&"$results"
}

# Of what a function has in total, per mille of the samples that the options choose.
share()
{
	"${profbuf:?}" report --json --limit 0 "${@:3}" "$2" |
		jq --arg f "$1" '([.rows[] | select(.name == $f) | .total] | add // 0) * 1000 /
			([.samples, 1] | max) | floor'
}

# Samples that began in functions whose names match.
self()
{
	"$profbuf" report --json --limit 0 "${@:3}" "$2" |
		jq --arg f "$1" '[.rows[] | select(.name | test($f)) | .self] | add // 0'
}

samples()
{
	"$profbuf" report --json "${@:2}" "$1" | jq .samples
}

# at_least NUMBER LEAST
at_least()
{
	(($1 >= $2)) || fail "$1 is less than $2"
}

# until_true COMMAND...: wait until it succeeds. The test fails where that does not come.
until_true()
{
	local end=$((SECONDS + 120))

	while ((SECONDS < end)); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.05
	done
	fail "in vain: $*"
}

# The process has begun to do what it is there for.
at_work()
{
	(($(awk '{ print $14 }' "/proc/$1/stat") >= 10))
}

# start NAME COMMAND...: have it do its work in the background, as ${pid[NAME]}, until this test
# ends.
declare -A pid
started=()
start()
{
	"${@:2}" &
	pid[$1]=$!
	started+=($!)
	trap 'kill -KILL "${started[@]}" 2>/dev/null || true' EXIT
	until_true at_work "${pid[$1]}"
}

# record ARGUMENT...: record in the background, as $recorder, with messages in $scratch/messages.
record()
{
	"$profbuf" record "$@" 2>"$scratch/messages" &
	recorder=$!
	started+=($!)
	trap 'kill -KILL "${started[@]}" 2>/dev/null || true' EXIT
	until_true is_running $recorder
}

# finish STATUS: wait for the end of the recording
finish()
{
	local status=0

	wait "$recorder" || status=$?
	err=$(<"$scratch/messages")
	same "$status" "$1"
}

# What the kernel says of the session that a process has. Other files it may close meanwhile.
session()
{
	sed -n "s/^profbuf-$2:\t//p" "/proc/$1/fdinfo/"* 2>/dev/null || true
}

is_running()
{
	[[ $(session "$1" state) == running ]]
}

# has_count PROCESS COUNTER LEAST
has_count()
{
	(($(session "$1" "$2") >= $3))
}

has_bytes()
{
	(($(stat -c %s "$1") >= $2))
}

# The process has read what was recorded up to now.
catch_up()
{
	until_true has_count "$1" records_read "$(session "$1" records)"
}

# elsewhere COMMAND...: on what looks like another machine, which was started at another time, has
# other processes, and hides its kernel's names.
elsewhere()
{
	unshare --time --monotonic 86400 --mount --pid --fork --mount-proc sh -c \
		'mount --bind /dev/null /proc/kallsyms && exec "$@"' sh "$@"
}

# run_chosen_tests [TEST...]: in a directory of their own, with the module.
run_chosen_tests()
{
	local test

	for test in $(declare -F | sed -n 's/^declare -f \(test_.*\)$/\1/p'); do
		(($# == 0)) || [[ " $* " == *" ${test#test_} "* ]] || unset -f "$test"
	done
	insmod "$module"
	work=$(mktemp -d)
	cd "$work"
	run_tests
}
