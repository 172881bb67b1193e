#!/bin/bash
# Tells what in the services' openapi.json would break a client of an earlier commit, and which migrations of that commit are
# others now: a database that has run one never runs it again, so what is changed in it would be missing there.
#   hack/api-breaks.sh [COMMIT]   the newest tag before this commit; where there is none, the commit at which this branch left
#                                 main, and on main itself the commit before
# hack/api-breaks.ignore holds what it takes for a break and is none: scopes of the scheme `service` name services that may ask, so one more
# breaks nobody; in OAuth all scopes of a list are needed.
# It ends with 1 when something would. A service that the commit has not is new, and breaks nobody; one that is gone breaks all.
set -euo pipefail
cd "$(dirname "$0")/.."
oasdiff=github.com/oasdiff/oasdiff@v1.37.0

last() {
	git describe --tags --abbrev=0 HEAD^ 2>/dev/null && return
	local left
	left="$(git merge-base main HEAD 2>/dev/null || true)"
	if [ -n "$left" ] && [ "$left" != "$(git rev-parse HEAD)" ]; then echo "$left"; else git rev-parse HEAD^; fi
}

if [ $# = 0 ] && ! git rev-parse -q --verify HEAD^ >/dev/null; then
	echo "comparing descriptions: LEFT OUT: this clone holds no earlier commit; name one, or clone without --depth"
	exit 0
fi
base="${1:-$(last)}"
git rev-parse --verify -q "$base^{commit}" >/dev/null || { echo "there is no commit $base to compare with" >&2; exit 2; }
before="$(mktemp)"; trap 'rm -f "$before"' EXIT
broken=0 compared=0
while read -r document; do
	if [ ! -e "$document" ]; then echo "$document: gone since $base"; broken=1; continue; fi
	git show "$base:$document" >"$before"
	compared=$((compared + 1))
	cmp -s "$before" "$document" && continue
	echo "$document since $base:"
	go run "$oasdiff" breaking --fail-on ERR --err-ignore hack/api-breaks.ignore "$before" "$document" || broken=1
done < <(git ls-tree -r --name-only "$base" services | grep -E '^services/[^/]+/openapi\.json$')
echo "compared $compared descriptions with those of $base"
while read -r migration; do
	git show "$base:$migration" | cmp -s - "$migration" && continue
	echo "$migration: not what it was in $base: put it back, and write the change as a new migration"
	broken=1
done < <(git ls-tree -r --name-only "$base" services | grep -E '^services/[^/]+/migrations/[0-9].*\.sql$')
exit $broken
