#!/bin/bash
# Runs the steps of `make test` one after the other: each names itself and its time, and what is left out is said with its
# reason, at its place and at the end. Compiling is ordered so that later steps find what earlier ones built in Go's cache.
set -euo pipefail
cd "$(dirname "$0")/.."

left_out=()
times=()

step() {
	local name=$1 began=$SECONDS
	printf '\n=== make %s\n' "$name"
	if ! make "$name"; then
		printf '\n=== make %s: FAILED after %d s\n' "$name" $((SECONDS - began))
		exit 1
	fi
	times+=("$(printf '%5d s  %s' $((SECONDS - began)) "$name")")
	printf '=== make %s: passed in %d s\n' "$name" $((SECONDS - began))
}

leave_out() {
	left_out+=("$1: $2")
	printf '\n=== make %s: LEFT OUT: %s\n' "$1" "$2"
}

linux() { [ "$(uname -s)" = Linux ]; }
root() { [ "$(id -u)" = 0 ]; }
# A cluster that the user named needs nothing of this machine.
other_cluster() { [ -n "${KUBECONFIG:-}" ] && [ "$KUBECONFIG" != "$PWD/.cluster/kubeconfig" ]; }

step verify
step vet
step unit
if [ ! -d test/cel ] && [ ! -d test/envtest ]; then
	leave_out envtest "there is no test/cel and no test/envtest"
elif linux; then
	step envtest
else
	leave_out envtest "kube-apiserver and etcd are built for Linux only"
fi
if linux; then
	step gitops
else
	leave_out gitops "kube-apiserver and etcd are built for Linux only"
fi
step test-services
step chaos-shop-short
step outage-short # what it leaves out, for want of a language, it says itself
step test-first-order
no_node=$(hack/nodetest.sh missing)
if [ -z "$no_node" ]; then
	step test-node
else
	leave_out test-node "$no_node"
fi
[ -z "$(hack/pythontest.sh missing)" ] || hack/install.sh python || true # what it could not install is said below
no_python=$(hack/pythontest.sh missing)
if [ -z "$no_python" ]; then
	step test-python
else
	leave_out test-python "$no_python"
fi
[ -z "$(hack/javatest.sh missing)" ] || hack/install.sh java || true # what it could not install is said below
no_java=$(hack/javatest.sh missing)
if [ -z "$no_java" ]; then
	step test-java
else
	leave_out test-java "$no_java"
fi
if command -v chromium >/dev/null && command -v npm >/dev/null; then
	step pages
else
	leave_out pages "there is no chromium or no npm on this machine, which make pages would install; run it when pages change"
fi
if [ ! -d test/e2e ]; then
	leave_out e2e-smoke "there is no test/e2e"
elif other_cluster || { linux && root; }; then
	step e2e-smoke
else
	leave_out e2e-smoke "a cluster on this machine needs Linux and root; or name one of your own with KUBECONFIG and REGISTRY"
fi

leave_out e2e-chaos "it takes half an hour; run it before a release of the operator"

printf '\n=== all passed in %d s\n' "$SECONDS"
printf '%s\n' "${times[@]}"
if [ ${#left_out[@]} -gt 0 ]; then
	printf 'LEFT OUT  %s\n' "${left_out[@]}"
fi
