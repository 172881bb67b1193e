package servicetest

import (
	"sync"
	"testing"
)

// Writers lets n writers change one thing that all have read, for some rounds,
// and fails the test unless one of them wins each round and every other is told
// that it changed since. read returns the version that the writers have, write
// makes one change of it and returns the status that it got.
func Writers(t testing.TB, n, rounds int, read func() string, write func(writer int, version string) int) {
	t.Helper()
	for round := range rounds {
		version := read()
		statuses := make([]int, n)
		var all sync.WaitGroup
		begin := make(chan struct{})
		for writer := range n {
			all.Go(func() {
				<-begin
				statuses[writer] = write(writer, version)
			})
		}
		close(begin)
		all.Wait()
		won, stale := 0, 0
		for _, status := range statuses {
			switch {
			case status/100 == 2:
				won++
			case status == 412:
				stale++
			}
		}
		if won != 1 || stale != n-1 {
			t.Errorf("round %d: of %d writers of one version one wins and the others get 412; got %v", round, n, statuses)
		}
	}
}
