//go:build tools

// Package buildkit pins the BuildKit release that hack/images builds Dockerfiles with.
package buildkit

import (
	_ "github.com/moby/buildkit/cmd/buildctl"
	_ "github.com/moby/buildkit/cmd/buildkitd"
)
