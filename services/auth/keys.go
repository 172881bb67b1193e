package auth

import (
	"slices"
	"time"
)

// Key is one that tokens are signed with, and checked with.
type Key struct {
	ID string
	// Private is a JSON Web Key.
	Private string
	// SignsFrom is when it is used for signing: until then it is published alone, so that everybody knows it.
	SignsFrom time.Time
}

// Turning says how keys turn over.
type Turning struct {
	// Every is how long a key signs.
	Every time.Duration
	// Ahead is how long a key is published before it signs: longer than anybody keeps keys without looking.
	Ahead time.Duration
	// After is how long a key is kept that does not sign any more: longer than a token of its lives.
	After time.Duration
}

// Step is what is to be done now.
type Step struct {
	// Make says that a key is to be made, which signs from SignsFrom on.
	Make      bool
	SignsFrom time.Time
	// Withdraw are the ids of keys whose tokens have all ended.
	Withdraw []string
}

// Next decides about the keys that there are. Where there is none the first one signs at once: nobody knows another.
func (t Turning) Next(now time.Time, keys []Key) (s Step) {
	if len(keys) == 0 {
		return Step{Make: true, SignsFrom: now}
	}
	keys = sorted(keys)
	last := keys[len(keys)-1]
	if end := last.SignsFrom.Add(t.Every); !now.Before(end.Add(-t.Ahead)) {
		s.Make, s.SignsFrom = true, now.Add(t.Ahead)
	}
	for n, k := range keys[:len(keys)-1] {
		if !now.Before(keys[n+1].SignsFrom.Add(t.After)) {
			s.Withdraw = append(s.Withdraw, k.ID)
		}
	}
	return s
}

// Signing is the key that signs now: the newest that may.
func Signing(now time.Time, keys []Key) (Key, bool) {
	for _, k := range slices.Backward(sorted(keys)) {
		if !now.Before(k.SignsFrom) {
			return k, true
		}
	}
	return Key{}, false
}

func sorted(keys []Key) []Key {
	keys = slices.Clone(keys)
	slices.SortStableFunc(keys, func(a, b Key) int { return a.SignsFrom.Compare(b.SignsFrom) })
	return keys
}
