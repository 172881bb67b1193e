// Package harness runs the real reconciler, with its own watches and caches, against an API
// server in memory (internal/testing/cluster), while small actors play Kubernetes, the front
// door and people. Nothing sleeps: time is a number, and everything happens in steps.
//
// After every single write CheckAlways looks whether one of the promises of docs/reliability.md
// is broken; a test adds how the world shall look in the end. A failure prints the seed, the
// journal of writes and a diff.
package harness
