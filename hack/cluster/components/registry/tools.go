//go:build tools

// Package registry pins the registry of images that the cluster can run.
package registry

import _ "github.com/distribution/distribution/v3/cmd/registry"
