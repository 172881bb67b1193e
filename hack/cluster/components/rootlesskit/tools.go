//go:build tools

// Package rootlesskit pins the program that gives a BuildKit in a pod a user namespace of its own.
package rootlesskit

import _ "github.com/rootless-containers/rootlesskit/v3/cmd/rootlesskit"
