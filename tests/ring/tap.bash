# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For suites made of several programs: one TAP report of all they say.

tap_number=0
tap_failed=0

# tap_result COMMAND...: is it true? The last word is what that shows.
tap_result()
{
	local what=${*: -1}

	tap_number=$((tap_number + 1))
	if "${@:1:$#-1}"; then
		echo "ok $tap_number - $what"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_number - $what"
	fi
}

# tap_run LABEL COMMAND...: the results of a program that prints TAP. If it ends before
# its plan is fulfilled, or fails otherwise than by its results, that is one more result.
tap_run()
{
	local label=$1 planned=0 results=0 before=$tap_failed status=0 line output
	shift

	output=$(mktemp)
	"$@" >"$output" 2>&1 || status=$?
	while IFS= read -r line; do
		case $line in
		"ok "*) tap_result true "$label: ${line#ok * - }" ;;
		"not ok "*) tap_result false "$label: ${line#not ok * - }" ;;
		1..*) planned=${line#1..} ;;
		*) echo "# ${line#\# }" ;;
		esac
		[[ $line == "ok "* || $line == "not ok "* ]] && results=$((results + 1))
	done <"$output"
	rm -f "$output"

	((results == planned && planned > 0)) ||
		tap_result false "$label: $results results of $planned planned, exit status $status"
	((status == 0 || tap_failed > before)) ||
		tap_result false "$label: exit status $status though no test failed"
}

# The plan, and the exit status.
tap_end()
{
	echo "1..$tap_number"
	((tap_failed == 0))
}
