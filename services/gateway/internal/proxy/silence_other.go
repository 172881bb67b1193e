//go:build !linux

package proxy

import "time"

// limitSilence does nothing: only Linux has TCP_USER_TIMEOUT, and the front door runs there.
func limitSilence(uintptr, time.Duration) error { return nil }
