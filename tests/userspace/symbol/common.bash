# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # used by the suites
#
# What the suites symbol*.test have in common. They run in a scratch directory.

dir=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
tests=$dir/../..

"$tests/setup" build userspace >&2
# Suites run at the same time.
flock "$dir/Makefile" make -s -C "$dir" >&2

workload=$dir/workload.c
scratch=$(mktemp -d)
# Not below /tmp, where processes in namespaces get something of their own.
inside=$(mktemp -d /var/tmp/profbuf.XXXXXX)
declare -A pid=()
pids=()
finish()
{
	((${#pids[@]} == 0)) || kill "${pids[@]}" 2>/dev/null || true
	rm -rf "$scratch" "$inside"
}
trap finish EXIT
cd "$scratch"
export LC_ALL=C.UTF-8 HOME=$scratch UBSAN_OPTIONS=print_stacktrace=1
unset DEBUGINFOD_URLS

echo "TAP version 13"
number=0
failed=0

# check TEXT COMMAND...: the command must succeed. What it prints explains why it did not.
check()
{
	local status

	set +e
	(
		set -e
		"${@:2}"
	) >"$scratch/notes" 2>&1
	status=$?
	set -e
	number=$((number + 1))
	if ((status == 0)); then
		echo "ok $number - $1"
		return
	fi
	echo "not ok $number - $1"
	sed 's/^/# /' "$scratch/notes"
	failed=1
}

skip()
{
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

# The sanitizers of older compilers expect an address space that is randomized less.
fixed=()
if setarch -R true 2>/dev/null; then
	fixed=(setarch -R)
fi

resolve()
{
	"${fixed[@]}" "$dir/resolve-sanitized" "$@"
}

# expect WANTED GOT
expect()
{
	[[ $2 == "$1" ]] && return
	printf 'wanted: %s\ngot:    %s\n' "$1" "$2"
	return 1
}

# What resolve says of each address: the names of its functions, innermost first.
names()
{
	resolve "$@" | awk -F '\t' '
		/^unnamed: / { print "-" }
		/^frame: / { sub("^frame: ", ""); all = all $1; if ($NF == "inlined") all = all " < ";
			else { print all; all = "" } }'
}

# The same: file:line of each function.
lines()
{
	resolve "$@" | awk -F '\t' '
		/^unnamed: / { print "-" }
		/^frame: / { sub(".*/", "", $3); all = all $3; if ($NF == "inlined") all = all " < ";
			else { print all; all = "" } }'
}

# problem PATH ARGUMENT...: number and words of what is wrong with a module.
problem()
{
	resolve "${@:2}" modules | awk -F '\t' -v path="$1" '
		$1 == "module: " path && $4 { print $3 " " $6 }'
}

# line FILE MARK: number of the line that is marked so.
line()
{
	awk -v mark="line: $2" 'index($0, mark) { print NR }' "$dir/$1"
}

# Reads all of its input, as "grep -q" does not: what writes it must not fail.
has()
{
	grep "$@" >/dev/null
}

mkfifo stdin
exec 9<>stdin

# start NAME COMMAND...: run it until the end of this test, and wait until it is ready.
start()
{
	local name=$1 i

	"${@:2}" <stdin >"$name.out" 2>&1 9>&- &
	pids+=($!)
	pid[$name]=$!
	for ((i = 0; i < 600; i++)); do
		[[ -e $name.out ]] && has '^ready' "$name.out" && return
		sleep 0.1
	done
	echo "# $name did not get ready:" "$(<"$name.out")"
	return 1
}

# at NAME PLACE: an address that the process printed.
at()
{
	awk -v place="$2" '$1 == place { print $2 }' "$1.out"
}

# recorded NAME FILE: the mapping argument for an executable mapping of a process, as a
# recording has it.
recorded()
{
	resolve process="${pid[$1]}" mappings="${pid[$1]}" | awk -F '[\t ]' -v pid="${pid[$1]}" -v path="$2" '
		$6 == path { split($2, range, "-");
			print "mapping=" pid "," range[1] "," range[2] "," $3 "," $4 "," $5 "," path }'
}

build_id()
{
	readelf -n "$1" | awk '/Build ID/ { print $3 }'
}

# To be called last.
end()
{
	echo "1..$number"
	exit "$failed"
}
