//go:build tools

// Package kustomize pins the release of Flux's kustomize-controller that the proof of GitOps runs.
package kustomize

import _ "github.com/fluxcd/kustomize-controller"
