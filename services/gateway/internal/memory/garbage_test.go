package memory

import "testing"

func TestALargeHeapHoldsLittleGarbage(t *testing.T) {
	for live, want := range map[uint64]int{0: 400, 4 << 20: 400, 12 << 20: 200, 24 << 20: 100, 90 << 20: 25, 1 << 30: 25} {
		if got := gcPercent(live); got != want {
			t.Errorf("%d MiB live: %d %%, want %d", live>>20, got, want)
		}
	}
}
