//go:build tools

// Package source pins the release of Flux's source-controller that the proof of GitOps runs.
package source

import _ "github.com/fluxcd/source-controller"
