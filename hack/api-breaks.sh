#!/bin/bash
# Tells what in the services' openapi.json would break a client of an earlier commit.
#   hack/api-breaks.sh [COMMIT]   the newest tag before this commit, or main where there is none
# It ends with 1 when something would. A service that the commit has not is new, and breaks nobody.
set -euo pipefail
cd "$(dirname "$0")/.."
oasdiff=github.com/oasdiff/oasdiff@v1.37.0

base="${1:-$(git describe --tags --abbrev=0 HEAD^ 2>/dev/null || echo main)}"
git rev-parse --verify -q "$base^{commit}" >/dev/null || { echo "there is no commit $base to compare with" >&2; exit 2; }
before="$(mktemp)"; trap 'rm -f "$before"' EXIT
broken=0
for document in services/*/openapi.json; do
	if ! git cat-file -e "$base:$document" 2>/dev/null; then echo "$document: new since $base"; continue; fi
	git show "$base:$document" >"$before"
	echo "$document since $base:"
	go run "$oasdiff" breaking --fail-on ERR "$before" "$document" || broken=1
done
exit $broken
