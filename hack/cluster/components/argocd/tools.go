//go:build tools

// Package argocd pins the release of Argo CD that the proof of GitOps runs.
package argocd

import _ "github.com/argoproj/argo-cd/v3/cmd"
