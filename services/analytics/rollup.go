package analytics

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Grain is how long a time a roll-up is of.
type Grain string

// The grains.
const (
	Day  Grain = "day"
	Hour Grain = "hour"
)

// Slot is where a roll-up stands: a cell, of the day or hour that begins then.
type Slot struct {
	Grain Grain
	At    time.Time
	Cell
}

// Rollups are sums by slot.
type Rollups map[Slot]int64

// Books says where counts go: into the days and hours of a clock, and into no hour from before a horizon. SKUs and coupons
// are counted by day alone.
type Books struct {
	Clock   Clock
	Horizon time.Time
}

// Add adds counts so many times: -1 takes them out.
func (b Books) Add(to Rollups, counts []Count, times int64) {
	for _, c := range counts {
		to[Slot{Day, b.Clock.Day(c.At), c.Cell}] += times * c.Value
		if hour := b.Clock.Hour(c.At); c.Key == "" && !hour.Before(b.Horizon) {
			to[Slot{Hour, hour, c.Cell}] += times * c.Value
		}
	}
}

// Change is what becomes of roll-ups when fresh facts of a subject join those that were counted before.
func (b Books) Change(to Rollups, before, fresh []Fact) {
	b.Add(to, Roll(before), -1)
	b.Add(to, Roll(slices.Concat(before, fresh)), 1)
}

// Within are the roll-ups from an instant up to another.
func (r Rollups) Within(from, until time.Time) Rollups {
	out := Rollups{}
	for s, v := range r {
		if !s.At.Before(from) && s.At.Before(until) {
			out[s] = v
		}
	}
	return out
}

// Differing counts the slots in which two are not the same; a slot that is missing is 0.
func (r Rollups) Differing(other Rollups) (n int64) {
	for s, v := range r {
		if other[s] != v {
			n++
		}
	}
	for s, v := range other {
		if _, both := r[s]; !both && v != 0 {
			n++
		}
	}
	return n
}

// sorted are the slots that are not 0, in the order in which all who write them lock them.
func (r Rollups) sorted() []Slot {
	slots := slices.Collect(maps.Keys(r))
	slots = slices.DeleteFunc(slots, func(s Slot) bool { return r[s] == 0 })
	slices.SortFunc(slots, func(a, b Slot) int {
		return cmp.Or(cmp.Compare(a.Grain, b.Grain), a.At.Compare(b.At), cmp.Compare(a.Measure, b.Measure), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Currency, b.Currency))
	})
	return slots
}
