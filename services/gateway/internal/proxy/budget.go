package proxy

import "sync/atomic"

// Budget bounds the memory that the held bodies of all requests take together.
type Budget struct{ left atomic.Int64 }

// NewBudget returns a budget of so many bytes.
func NewBudget(bytes int64) *Budget {
	b := &Budget{}
	b.left.Store(bytes)
	return b
}

// take tells whether so much was left. A nil Budget has no bound.
func (b *Budget) take(n int64) bool {
	if b == nil {
		return true
	}
	if b.left.Add(-n) < 0 {
		b.left.Add(n)
		return false
	}
	return true
}

func (b *Budget) give(n int64) {
	if b != nil {
		b.left.Add(n)
	}
}

// Left returns how many bytes are not taken.
func (b *Budget) Left() int64 { return b.left.Load() }
