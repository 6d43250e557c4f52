# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Completion of profbuf for bash. What there is to complete, profbuf says itself.

_profbuf()
{
	local words current=${COMP_WORDS[COMP_CWORD]} word

	COMPREPLY=()
	mapfile -t words < <("${COMP_WORDS[0]}" --complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
	for word in "${words[@]}"; do
		case $word in
		:file)
			compopt -o filenames
			mapfile -t COMPREPLY < <(compgen -f -- "$current")
			;;
		:command)
			mapfile -t COMPREPLY < <(compgen -c -- "$current")
			;;
		:pid)
			mapfile -t COMPREPLY < <(compgen -W "$(cd /proc && echo [0-9]*)" -- "$current")
			;;
		*)
			COMPREPLY+=("$word")
			;;
		esac
	done
}

complete -F _profbuf profbuf
