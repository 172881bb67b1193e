//go:build tools

// Package coredns pins the CoreDNS release that hack/cluster builds and runs.
package coredns

import _ "github.com/coredns/coredns"
