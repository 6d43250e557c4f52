# SPDX-License-Identifier: GPL-2.0
#
# The layout of a C file without what clang-format does otherwise than the
# kernel: a statement, list or macro that is broken over several lines becomes
# one, and blanks within a line become one. What is left is what must be the
# same before and after it: the indentation of every statement, what stands on a
# line of its own, empty lines, and where there are blanks at all.

function put(text)
{
	# Empty operands, which it does not know.
	gsub(/:: :/, ":::", text)
	gsub(/\? :/, "?:", text)
	gsub(/; \)/, ";)", text)
	# A member of what a broken call returns.
	gsub(/\) \./, ").", text)
	# Both are usual.
	gsub(/\* const/, "*const", text)
	print text
}

function flush()
{
	if (pending != "")
		put(indent pending)
	pending = ""
}

# Whether a statement, label, block or comment ends here.
function ends(text)
{
	sub(/ ?\/\*.*\*\/$/, "", text)
	return text == "" || text ~ /[;{}]$/ || text ~ /^(case .*|default|[a-z_]+):$/ ||
		text ~ /^\/\//
}

{
	match($0, /^[ \t]*/)
	lead = substr($0, 1, RLENGTH)
	text = substr($0, RLENGTH + 1)
}

# Nothing is moved in a comment of several lines.
comment || (text ~ /^\/\*/ && text !~ /\*\//) {
	flush()
	print
	comment = text !~ /\*\//
	next
}

{
	gsub(/[ \t]+/, " ", text)
	sub(/ $/, "", text)
}

macro != "" || text ~ /^#/ {
	goes_on = sub(/ ?\\$/, "", text)
	macro = macro (macro == "" ? lead : " ") text
	if (!goes_on) {
		put(macro)
		macro = ""
	}
	next
}

text == "" {
	flush()
	print ""
	next
}

{
	if (pending == "") {
		indent = lead
		pending = text
	} else {
		# Where a line is broken there may be a blank or none.
		if (pending !~ /[[(]$/ && text !~ /^[])]/)
			pending = pending " "
		pending = pending text
	}
	if (ends(text))
		flush()
}

END { flush() }
