# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Completion of profbuf for bash. What there is to complete, profbuf says itself.

_profbuf()
{
	local arguments=("${COMP_WORDS[1]}") current=${COMP_WORDS[COMP_CWORD]} prefix= words word

	# Readline ends a word at =, and completes what is behind it, unless it was told otherwise.
	for word in "${COMP_WORDS[@]:2:COMP_CWORD-1}"; do
		if [[ $COMP_WORDBREAKS == *=* &&
			(${arguments[-1]} == --*= || ($word == "=" && ${arguments[-1]} == --*)) ]]; then
			arguments[-1]+=$word
		else
			arguments+=("$word")
		fi
	done
	if [[ $current == --*=* ]]; then
		prefix=${current%%=*}=
		current=${current#*=}
	elif [[ $current == "=" && ${arguments[-1]} == --*= ]]; then
		current=
	fi

	COMPREPLY=()
	mapfile -t words < <("${COMP_WORDS[0]}" --complete "${arguments[@]}" 2>/dev/null)
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
	COMPREPLY=("${COMPREPLY[@]/#/"$prefix"}")
}

complete -F _profbuf profbuf
