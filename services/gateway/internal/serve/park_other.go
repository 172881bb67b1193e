//go:build !linux

package serve

import "errors"

// parking is for Linux, where the front door's image runs. Elsewhere idle connections
// stay with net/http.
type parking struct{}

func newParking(func(*conn)) (*parking, error) {
	return nil, errors.New("idle connections are parked on Linux only")
}

func (*parking) park(*conn) bool  { return false }
func (*parking) leave(*conn) bool { return false }
func (*parking) close()           {}
