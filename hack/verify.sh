#!/bin/bash
# Fails when what is generated is not what the sources say, or when go.mod and go.sum are not tidy. Changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

generated=(api/v1alpha1 config/crd/bases config/samples config/policy docs/reference services/README.md services/shop services/*/shop)
kept=$(mktemp -d)
cp -a --parents "${generated[@]}" "$kept"
# Whether each generated folder is what it was.
same() {
	local folder differs=0
	for folder in "${generated[@]}"; do
		diff -ru "$kept/$folder" "$folder" || differs=1
	done
	return $differs
}
# The tree is put back as it was, whatever happens: generated files only, so that nobody's edits are lost.
restore() {
	same >/dev/null || cp -a "$kept/." .
	rm -rf "$kept"
}
trap restore EXIT

make generate
if ! same; then
	echo "verifying what is generated: it is not current; run: make generate" >&2
	exit 1
fi
for module in . hack/tools hack/dist test/gitops; do
	if ! (cd "$module" && go mod tidy -diff); then
		echo "verifying go.mod and go.sum of $module: they are not tidy; run: (cd $module && go mod tidy)" >&2
		exit 1
	fi
done
# The charts: that they are install.yaml, what their values do, that their pages are current. Go's cache does not look at files
# outside of a module, and these are tests of such files.
go -C hack/dist test -count=1 . ./readme
