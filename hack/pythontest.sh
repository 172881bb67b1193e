#!/bin/bash
# Runs the tests of the services in Python, with Debian's python3 and its packages (Depends: of the Dockerfile), a PostgreSQL of this machine, and the NATS
# server of go.mod. "pythontest.sh missing" only says what is not there; further arguments go to unittest: hack/pythontest.sh -k snapshot
set -euo pipefail
cd "$(dirname "$0")/.."
python=/usr/bin/python3

missing() {
	if ! $python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
		echo "there is no /usr/bin/python3 of version 3.11; go run ./hack/images -stage test recommendations tests it in its image"
	elif ! $python -c 'import httptools, prometheus_client, psycopg2, uvloop' 2>/dev/null; then
		echo "python3 lacks packages: apt-get install python3-httptools python3-prometheus-client python3-psycopg2 python3-uvloop"
	fi
}

why=$(missing)
if [ "${1:-}" = missing ]; then
	echo "$why"
	exit
elif [ -n "$why" ]; then
	echo "testing the services in Python: $why" >&2
	exit 1
fi
# Debian 12's NATS has no consumer of several subjects.
mkdir -p bin
go build -o bin/nats-server github.com/nats-io/nats-server/v2
export NATS_SERVER=$PWD/bin/nats-server PYTHONDONTWRITEBYTECODE=1
for tests in services/*/test/test_*.py; do echo "${tests%/*}"; done | sort -u | while read -r folder; do
	if [ "${1:-}" = faults ]; then
		(cd "${folder%/test}" && $python -m test.faults "${@:2}" </dev/null)
		continue
	fi
	(cd "${folder%/test}" && $python -m unittest discover -q -s test -t . "$@" </dev/null)
done
