//go:build tools

// Package metricsserver pins the metrics-server release that hack/cluster builds and runs.
package metricsserver

import _ "sigs.k8s.io/metrics-server/cmd/metrics-server"
