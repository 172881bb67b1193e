#!/bin/bash
# Runs the tests of the services in Node, each with the packages of its lock file. They need node 20, npm, PostgreSQL and Go (for NATS) on this machine.
# "nodetest.sh missing" only says which of node and npm is not there.
set -euo pipefail
cd "$(dirname "$0")/.."

missing() {
	if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
		echo "there is no node 20 with npm; go run ./hack/images -stage test reviews tests it in its image"
	elif [ "$(node -p 'parseInt(process.versions.node)')" -lt 20 ]; then
		echo "node is $(node --version), not 20; go run ./hack/images -stage test reviews tests it in its image"
	fi
}

why=$(missing)
if [ "${1:-}" = missing ]; then
	echo "$why"
	exit
elif [ -n "$why" ]; then
	echo "testing the services in Node: $why" >&2
	exit 1
fi
# Debian 12's NATS has no consumer of several subjects.
mkdir -p bin
go build -o bin/nats-server github.com/nats-io/nats-server/v2
export NATS_SERVER=$PWD/bin/nats-server
for package in services/*/package.json; do
	[ -e "$package" ] || exit 0
	folder=${package%/package.json}
	# npm writes this file last: packages that are newer than the lock file are those of it.
	installed=$folder/node_modules/.package-lock.json
	if [ ! "$installed" -nt "$folder/package-lock.json" ] || [ ! "$installed" -nt "$package" ]; then
		npm --prefix "$folder" ci --ignore-scripts --no-fund --no-audit --silent
	fi
	npm --prefix "$folder" test
done
