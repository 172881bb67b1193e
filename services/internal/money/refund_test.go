package money

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// refunds returns units one lot after the other.
func refunds(t rapid.TB, paid Money, bought int64, lots ...int64) (parts []int64) {
	t.Helper()
	before := int64(0)
	for _, more := range lots {
		part, err := paid.Refund(bought, before, more)
		if err != nil {
			t.Fatal(err)
		}
		parts, before = append(parts, part.Minor()), before+more
	}
	return parts
}

func TestC28PartialRefundsMakeTheWhole(t *testing.T) {
	for name, c := range map[string]struct {
		paid   string
		bought int64
		lots   []int64
		want   []int64
	}{
		"a, what was paid": {"179.25", 10, []int64{3, 3, 4}, []int64{5378, 5377, 7170}},
		"a, its tax":       {"29.87", 10, []int64{3, 3, 4}, []int64{896, 896, 1195}},
		"b":                {"10.00", 3, []int64{1, 1, 1}, []int64{333, 334, 333}},
		"c, its net":       {"52.00", 6188, []int64{3200, 900, 800, 300, 600, 388}, []int64{2689, 756, 673, 252, 504, 326}},
		"c, its tax":       {"9.88", 6188, []int64{3200, 900, 800, 300, 600, 388}, []int64{511, 144, 127, 48, 96, 62}},
	} {
		if got := refunds(t, eur(t, c.paid), c.bought, c.lots...); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestC29ADiscountedLineIsRefundedWhatItCost(t *testing.T) {
	if got := refunds(t, eur(t, "26.00"), 3, 1, 1, 1); !slices.Equal(got, []int64{867, 866, 867}) {
		t.Errorf("3 × 12.00 − 10.00: %v", got)
	}
	for name, c := range map[string]struct {
		lines, discount string
		weights         []int64
		left            []int64
	}{
		"10 % of 50.00 + 50.00":       {"100.00", "10.00", []int64{5000, 5000}, []int64{4500, 4500}},
		"6.00 + 4.00 − 1.00":          {"10.00", "1.00", []int64{600, 400}, []int64{540, 360}},
		"60.00 + 60.00, 20.00 off":    {"120.00", "20.00", []int64{6000, 6000}, []int64{5000, 5000}},
		"a line that was free anyway": {"10.00", "1.00", []int64{0, 1000}, []int64{0, 900}},
	} {
		shares, err := eur(t, c.discount).Allocate(c.weights...)
		if err != nil {
			t.Fatal(err)
		}
		for n, share := range shares {
			if got := refunds(t, New(c.weights[n]-share.Minor(), "EUR"), 1, 1); got[0] != c.left[n] {
				t.Errorf("%s: line %d comes back as %d, want %d", name, n, got[0], c.left[n])
			}
		}
	}
}

func TestRefundsMakeWhatWasPaidInWhateverLots(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		paid := New(rapid.Int64Range(0, 1e9).Draw(t, "paid"), "EUR")
		lots := rapid.SliceOfN(rapid.Int64Range(0, 50), 1, 8).Draw(t, "lots")
		bought := int64(1)
		for _, n := range lots {
			bought += n
		}
		total := int64(0)
		for _, part := range refunds(t, paid, bought, append(lots, 1)...) {
			if total += part; part < 0 {
				t.Fatalf("a refund of %d", part)
			}
		}
		if total != paid.Minor() {
			t.Fatalf("%d of %v came back", total, paid)
		}
	})
}

func TestMoreThanWasBoughtIsNotRefunded(t *testing.T) {
	for _, c := range [][3]int64{{3, 2, 2}, {3, -1, 1}, {3, 1, -1}, {0, 0, 1}, {math.MaxInt64, math.MaxInt64, 1}} {
		if got, err := eur(t, "10.00").Refund(c[0], c[1], c[2]); err == nil {
			t.Errorf("%v: %v", c, got)
		}
	}
}
