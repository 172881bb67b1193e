#!/bin/bash
# Fails when what is generated is not what the sources say, or when go.mod and go.sum are not tidy. Changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

generated=(api/v1alpha1 config/crd/bases)
kept=$(mktemp -d)
cp -a --parents "${generated[@]}" "$kept"
# The tree is put back as it was, whatever happens: generated files only, so that nobody's edits are lost.
restore() {
	diff -rq "$kept/api" api >/dev/null && diff -rq "$kept/config/crd/bases" config/crd/bases >/dev/null ||
		cp -a "$kept/." .
	rm -rf "$kept"
}
trap restore EXIT

make generate
if ! diff -ru "$kept/api/v1alpha1" api/v1alpha1 || ! diff -ru "$kept/config/crd/bases" config/crd/bases; then
	echo "verifying what is generated: it is not current; run: make generate" >&2
	exit 1
fi
for module in . hack/tools; do
	if ! (cd "$module" && go mod tidy -diff); then
		echo "verifying go.mod and go.sum of $module: they are not tidy; run: (cd $module && go mod tidy)" >&2
		exit 1
	fi
done
