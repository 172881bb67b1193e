// Package cluster is an API server in memory, for harnesses that make thousands of runs.
//
// It keeps what the operator relies on: server-side apply by the schemas of Kubernetes with
// an owner for each field, resourceVersions and UIDs as preconditions, generations, the
// status as a part of its own, finalizers, dry runs, label selectors, and caches that see a write when
// they are told to. controller-runtime's fake client does the same in 5.8 ms an apply; this
// one in 0.2 ms (measured 2026-11-26), which is a run of a release in a second or in 30 ms.
//
// What it leaves out: defaulting and validation by schemas (test/cel and test/envtest ask a
// real API server), graceful deletion (the actors play it), watches that break.
package cluster
