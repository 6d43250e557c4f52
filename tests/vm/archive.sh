# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The package archive, suite by suite; for scripts that have common.sh. Each has apt's lists for itself in the cache, so
# that no suite is in another's way and the machine's own apt stays as it is. Where
# the archive is, though, that apt is asked.

# A new kernel comes every few days.
LISTS_MINUTES=$((24 * 60))

# use_suite SUITE: the one that the rest is about. Hold the lock suite-SUITE.
use_suite()
{
	suite=$1
	suite_dir=$cache/suites/$suite
	mkdir -p "$suite_dir"/{lists,archives}/partial
	: >"$suite_dir/installed"
	apt_options=(
		-o Dir::Etc::SourceList="$suite_dir/sources.list"
		-o Dir::Etc::SourceParts=/dev/null
		-o Dir::State="$suite_dir"
		-o Dir::State::Lists="$suite_dir/lists"
		-o Dir::State::Status="$suite_dir/installed"
		-o Dir::Cache="$suite_dir"
		-o Dir::Cache::Archives="$suite_dir/archives"
		-o Acquire::Languages=none
		-o APT::Architectures=amd64
		# The sandbox's user cannot write to a cache in somebody's home.
		-o APT::Sandbox::User="$(id -un)"
	)
}

apt_cache()
{
	LC_ALL=C apt-cache "${apt_options[@]}" "$@"
}

# What it says, which is much, goes to a file; apt_problem tells the gist of it.
apt_get()
{
	LC_ALL=C apt-get -q -y "${apt_options[@]}" "$@" >"$suite_dir/log" 2>&1 </dev/null
}

apt_problem()
{
	grep -m 1 '^E: ' "$suite_dir/log" || tail -n 1 "$suite_dir/log"
}

write_sources()
{
	local label uri main='' security=''

	# shellcheck disable=SC2016 # apt expands these
	while IFS='|' read -r label uri; do
		case $label in
		Debian) main=${main:-$uri} ;;
		Debian-Security) security=${security:-$uri} ;;
		esac
	done < <(apt-get indextargets --format '$(LABEL)|$(REPO_URI)' \
			'Created-By: Packages' 'Component: main')
	[[ $main ]] ||
		die "apt knows of no Debian archive: run apt-get update, or give the path of a bzImage"
	# The Release file of sid may expire before there is another.
	{
		echo "deb [check-valid-until=no] $main $suite main"
		[[ ! $security || $suite == sid ]] ||
			echo "deb [check-valid-until=no] $security $suite-security main"
	} >"$suite_dir/sources.list"
}

# is_recent FILE: it was made when the lists were, or would be, new enough
is_recent()
{
	[[ $(find "$1" -mmin "-$LISTS_MINUTES" 2>/dev/null) ]]
}

# Fails only if there are no lists at all.
refresh_lists()
{
	local stamp=$suite_dir/refreshed

	write_sources
	if apt_get -o APT::Update::Error-Mode=any update; then
		touch "$stamp"
		return
	fi
	[[ -e $stamp ]] ||
		die "cannot get the package lists of $suite: $(apt_problem)"
	echo "$program: going on with old package lists of $suite: $(apt_problem)" >&2
}

# with_lists COMMAND...: with new lists, if it fails with old ones: what they name may
# have been replaced in the archive.
with_lists()
{
	if is_recent "$suite_dir/refreshed"; then
		! "$@" || return 0
	fi
	refresh_lists
	"$@"
}

# record PACKAGE: what the archive says of it; nothing if it is not there
record()
{
	apt_cache show --no-all-versions "$1" 2>/dev/null || true
}

# From the value of a Depends field the names, of alternatives the first.
dependencies()
{
	tr ',' '\n' | sed 's/^ *//; s/[ :(|].*//; /^$/d'
}

# download DIR PACKAGE=VERSION...: once more if it is cut off
download()
{
	(cd "$1" && shift && { apt_get download "$@" || apt_get download "$@"; })
}

# Files of a package, also where the system they are for has /usr merged, and is not.
unpack()
{
	dpkg-deb --fsys-tarfile "$1" |
		tar -x -C "$2" --keep-directory-symlink --no-same-owner
}
