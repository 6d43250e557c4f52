# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For suites that run in virtual machines, on one kernel after the other. What the
# machines report becomes one TAP, whose plan comes last: suite_end prints it.
# PROFBUF_KERNELS names other kernels to run on.

suite_vm=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
suite_count=0
suite_failed=0

# suite_kernels KERNEL...: leave in $kernels those, or the ones that are asked for
suite_kernels()
{
	read -ra kernels <<<"${PROFBUF_KERNELS:-$*}"
}

# suite_result STATUS TEXT
suite_result()
{
	local verdict=ok

	if (($1)); then
		verdict='not ok'
		suite_failed=1
	fi
	echo "$verdict $((++suite_count)) - $2"
}

# suite_module KERNEL [DIR]: build the modules (of the tree in DIR) and leave the path of
# profbuf.ko in $module; those of tests/kernel are in that directory beside it.
# Where that fails, so does one test, which says why.
suite_module()
{
	local kernel=$1 output tree=()

	(($# < 2)) || tree=(--tree "$2")
	if output=$("$suite_vm/build-module" "${tree[@]}" "$kernel" 2>&1); then
		module=$(grep '/profbuf\.ko$' <<<"$output")
		return
	fi
	sed '$d; s/^/# /' <<<"$output"
	suite_result 1 "$(tail -n 1 <<<"$output") ($kernel)"
	return 1
}

# suite_tap NAME COMMAND...: pass on the TAP that COMMAND prints, numbered on. What its
# plan promises and it does not report has failed.
suite_tap()
{
	local name=$1 plan=0 count=0 failed=0 status=0 line
	shift

	while IFS= read -r line; do
		line=${line%$'\r'}
		if [[ $line =~ ^1\.\.([0-9]+) ]]; then
			plan=${BASH_REMATCH[1]}
		elif [[ $line =~ ^(not )?ok( +[0-9]+)?( +- )?(.*)$ ]]; then
			count=$((count + 1))
			[[ ! ${BASH_REMATCH[1]} ]] || failed=1
			suite_result "$([[ ! ${BASH_REMATCH[1]} ]]; echo $?)" "${BASH_REMATCH[4]} ($name)"
		elif [[ $line != "TAP version "* ]]; then
			echo "$line"
		fi
	done < <("$@")
	wait $! || status=$?
	((count || plan)) || plan=1
	while ((count < plan)); do
		count=$((count + 1))
		failed=1
		suite_result 1 "it did not come to this test: exit status $status ($name)"
	done
	((status == 0 || failed)) || suite_result 1 "exit status $status ($name)"
}

suite_end()
{
	echo "1..$suite_count"
	exit "$suite_failed"
}
