#!/usr/bin/awk -f
# SPDX-License-Identifier: GPL-2.0
#
# Fold what perf script prints, as flame graph scripts do: one line for each distinct
# stack, roots first, with the number of samples, or of periods if -v period= says how much
# one of them weighs. What is the kernel's ends with "_[k]"; a function without a name is
# called after its file.

function fold_sample()
{
	if (comm != "")
		count[comm stack] += period ? weight / period : 1
	comm = stack = ""
}

/^#/ { next }

/^$/ { fold_sample(); next }

# comm pid/tid [cpu] time: period event: (the CPU is not there if perf has not recorded it)
/^[^\t]/ {
	match($0, / +[0-9]+\/[0-9]+ +(\[[0-9]+\] +)?[0-9.]+: +[0-9]+ [^ ]+: *$/)
	comm = substr($0, 1, RSTART - 1)
	weight = $(NF - 1)
	next
}

# address symbol+offset (module)
{
	line = $0
	sub(/^\t[0-9a-f]+ /, "", line)
	at = match(line, / \([^ ]*\)$/)
	name = substr(line, 1, at - 1)
	module = substr(line, at + 2, length(line) - at - 2)
	sub(/\+0x[0-9a-f]+$/, "", name)
	if (name == "[unknown]") {
		name = module
		sub(/.*\//, "", name)
		if (name !~ /^\[/)
			name = "[" name "]"
	}
	gsub(/;/, ":", name)
	if (module ~ /^\[/ && module != "[anon]" && module != "[unknown]" && module != "[vdso]")
		name = name "_[k]"
	stack = ";" name stack
}

END {
	fold_sample()
	for (s in count)
		print s, count[s]
}
