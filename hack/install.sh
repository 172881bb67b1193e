#!/bin/bash
# Installs what the tests take from the machine: PostgreSQL 15 for the services, a C compiler for Go's race detector.
# Arguments name more programs, chromium among them. Where it may not install, it says what to install.
set -euo pipefail

# package is what Debian calls the package of a program.
package() {
	case $1 in
	node) echo nodejs ;;
	# Without its recommendations it has no font but one.
	chromium) echo chromium fonts-liberation ;;
	# What the Dockerfiles of services in Python take.
	python) echo python3 python3-httptools python3-prometheus-client python3-psycopg2 python3-uvloop ;;
	# What hack/javatest.sh takes; the Dockerfile takes a newer JDK, of the next Debian.
	java) echo openjdk-17-jdk-headless libpostgresql-jdbc-java ;;
	*) echo "$1" ;;
	esac
}

missing=()
# Debian keeps the server's programs out of PATH.
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || missing+=(postgresql-15)
command -v gcc >/dev/null || command -v clang >/dev/null || missing+=(gcc libc6-dev)
for name in "$@"; do
	if [ "$name" = python ]; then
		# shellcheck disable=SC2207 # names of packages are words
		[ -z "$(hack/pythontest.sh missing)" ] || missing+=($(package "$name"))
		continue
	elif [ "$name" = java ]; then
		# shellcheck disable=SC2207 # names of packages are words
		[ -z "$(hack/javatest.sh missing)" ] || missing+=($(package "$name"))
		continue
	fi
	# shellcheck disable=SC2207 # names of packages are words
	[ -x "/usr/sbin/$name" ] || command -v "$name" >/dev/null || missing+=($(package "$name"))
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ ! -e /etc/debian_version ] || [ "$(id -u)" != 0 ]; then
	echo "installing what the tests need: please install what Debian calls: ${missing[*]}" >&2
	exit 1
fi
echo "installing ${missing[*]}"
# RUNLEVEL: no package starts a server of its own.
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
# The package would start a server of its own; the tests start theirs.
own=/etc/postgresql-common/createcluster.d/emporium.conf
mkdir -p "${own%/*}"
echo 'create_main_cluster = false' >"$own"
trap 'rm -f "$own"' EXIT
# Who else installs something is waited for.
apt() { apt-get -o DPkg::Lock::Timeout=600 "$@"; }
# Package lists are fetched only when those at hand do not do.
apt install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1 || {
	apt update -qq
	apt install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}
