# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the shell suites of this directory have in common: results as TAP, one for each function
# whose name begins with "test_".

# Fail the test that is run, with an explanation.
fail()
{
	echo "$*"
	return 1
}

# expect STATUS COMMAND...: run it. Its output is in $out, its errors are in $err.
expect()
{
	local wanted=$1 status=0

	shift
	"$@" >"$scratch/out" 2>"$scratch/err" || status=$?
	out=$(tr -d '\0' <"$scratch/out")
	err=$(<"$scratch/err")
	((status == wanted)) || fail "'$*' ended with $status, not $wanted; errors: $err"
}

has()
{
	[[ $1 == *"$2"* ]] || fail "no '$2' in: ${1:0:2000}"
}

has_not()
{
	[[ $1 != *"$2"* ]] || fail "'$2' in: ${1:0:2000}"
}

same()
{
	[[ $1 == "$2" ]] || fail "'$1' is not '$2'"
}

# Each in a shell of its own, where the first command that fails ends it.
run_tests()
{
	local tests number=0 failed=0 test status

	mapfile -t tests < <(declare -F | sed -n 's/^declare -f \(test_.*\)$/\1/p')
	scratch=$(mktemp -d)
	trap 'rm -rf "$scratch"' EXIT
	echo "TAP version 13"
	echo "1..${#tests[@]}"
	for test in "${tests[@]}"; do
		number=$((number + 1))
		set +e
		(
			set -e
			"$test"
		) >"$scratch/notes" 2>&1
		status=$?
		set -e
		if ((status == 0)); then
			echo "ok $number - ${test#test_}"
		else
			echo "not ok $number - ${test#test_}"
			sed 's/^/# /' "$scratch/notes"
			failed=1
		fi
	done
	return $failed
}
