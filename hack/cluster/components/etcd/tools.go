//go:build tools

// Package etcd pins the etcd release that hack/cluster builds and runs.
package etcd

import _ "go.etcd.io/etcd/server/v3"
