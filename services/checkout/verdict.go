package checkout

// Verdict is what became of a saga, for services that keep something for it.
type Verdict string

// The verdicts. Undone is told as soon as it is decided that there will be no order: whoever keeps something may let it go.
const (
	VerdictRunning Verdict = "running"
	VerdictPlaced  Verdict = "placed"
	VerdictUndone  Verdict = "undone"
)

// Verdict is what became of the saga.
func (s Saga) Verdict() Verdict {
	switch s.State {
	case Placed:
		return VerdictPlaced
	case Back, Gone:
		return VerdictUndone
	}
	return VerdictRunning
}
