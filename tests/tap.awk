# SPDX-License-Identifier: GPL-2.0
#
# Judge the TAP that one suite printed. Given: status (the suite's exit status)
# and timeout (seconds, if it was killed for taking longer, else 0).
# Prints "PASSED FAILED SKIPPED", then a line for each thing that is wrong
# beside the "not ok" lines ("! what") and for each skipped test ("- reason").

function wrong(count, what)
{
	failed += count
	problems = problems "! " what "\n"
}

function skip(line)
{
	skipped++
	sub(/^.*# *[Ss][Kk][Ii][Pp][^ ]* */, "", line)
	skips = skips "- " (line == "" ? "no reason given" : line) "\n"
}

function is_skip(line)
{
	return line ~ /# *[Ss][Kk][Ii][Pp]/
}

# A serial console ends its lines so.
{ sub(/\r$/, "") }

/^1\.\.[0-9]+/ {
	if (planned != "")
		wrong(1, "a second plan: " $0)
	planned = substr($1, 4) + 0
	if (planned == 0 && is_skip($0))
		skip($0)
	else if (planned == 0)
		wrong(1, "no test planned, and no reason given")
	next
}

/^(not )?ok($|[ \t])/ {
	results++
	number = $1 == "ok" ? $2 : $3
	if (number ~ /^[0-9]+$/ && number + 0 != results) {
		wrong(1, "number " number " where " results " was due")
		results = number + 0
	}
	if ($1 == "not")
		failed++
	else if (is_skip($0))
		skip($0)
	else
		passed++
	next
}

/^Bail out!/ {
	wrong(1, $0)
	bailed = 1
}

END {
	if (timeout)
		wrong(1, "killed: it took more than " timeout " s")
	else if (bailed)
		;
	else if (planned == "")
		wrong(1, "no plan")
	else if (results + 0 < planned)
		wrong(planned - results, results + 0 " results of " planned " planned")
	else if (results > planned)
		wrong(results - planned, results " results of " planned " planned")
	if (!timeout && status != 0 && !failed)
		wrong(1, "exit status " status " though no test failed")
	if (status == 0 && failed && problems == "")
		problems = "! exit status 0 though a test failed\n"
	printf "%d %d %d\n%s%s", passed, failed, skipped, problems, skips
}
