#!/bin/bash
# Runs the tests of the services in Node, each with the packages of its lock file. They need node 20, npm and PostgreSQL on this machine.
set -euo pipefail
cd "$(dirname "$0")/.."

for package in services/*/package.json; do
	[ -e "$package" ] || exit 0
	folder=${package%/package.json}
	if ! command -v npm >/dev/null || [ "$(node -p 'parseInt(process.versions.node)')" -lt 20 ]; then
		echo "testing $folder: LEFT OUT: there is no npm with node 20; go run ./hack/images -stage test ${folder##*/} tests it in its image"
		continue
	fi
	npm --prefix "$folder" ci --ignore-scripts --no-fund --no-audit --silent
	npm --prefix "$folder" test
done
