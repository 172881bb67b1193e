package inventory

import (
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// soldOut is the kind of a hold that wants more than there is.
const soldOut fault.Kind = "sold-out"

// Ledger is the stock of some products, read under a lock, and what happens to it:
// every way in which stock changes is a method here. A method that refuses has
// changed nothing.
type Ledger struct {
	stock map[string]Stock
	// read is the stock as it was read.
	read map[string]Stock
	// Movements are those that happened since.
	Movements []Movement
}

// NewLedger is a ledger of the stock that was read.
func NewLedger(rows []Stock) *Ledger {
	l := &Ledger{stock: make(map[string]Stock, len(rows))}
	for _, s := range rows {
		l.stock[s.SKU] = s
	}
	l.read = maps.Clone(l.stock)
	return l
}

// Changed is the stock that is not as it was read, in the order of SKUs.
func (l *Ledger) Changed() (changed []Stock) {
	for _, sku := range slices.Sorted(maps.Keys(l.stock)) {
		if s := l.stock[sku]; s != l.read[sku] {
			changed = append(changed, s)
		}
	}
	return changed
}

// Available is how many of a product can be had; none of one that nobody knows.
func (l *Ledger) Available(sku string) int64 {
	s := l.stock[sku]
	if s.Piece != "" {
		return max(0, l.stock[s.Piece].free()) / s.Pieces
	}
	return max(0, s.free())
}

// Hold reserves all of what is wanted, or nothing: then it is a conflict that names
// every line of a product that is not there often enough. Lines of one product, and
// cartons with their pieces, count together.
func (l *Ledger) Hold(wants []Want) ([]Line, error) {
	lines := l.lines(wants)
	need := map[string]int64{}
	for _, line := range lines {
		need[line.Taken] += line.Units
	}
	if err := l.enough(wants, need); err != nil {
		return nil, err
	}
	for sku, n := range need {
		s := l.stock[sku]
		s.Reserved += n
		l.stock[sku] = s
	}
	return lines, nil
}

// lines are what is wanted by product, in the order in which they are first named.
func (l *Ledger) lines(wants []Want) (lines []Line) {
	at := map[string]int{}
	for _, w := range wants {
		n, there := at[w.SKU]
		if !there {
			n = len(lines)
			at[w.SKU] = n
			lines = append(lines, Line{SKU: w.SKU, Taken: l.taken(w.SKU)})
		}
		lines[n].Quantity += w.Quantity
		lines[n].Units += w.Quantity * max(1, l.stock[w.SKU].Pieces)
	}
	return lines
}

// taken is whose stock a product takes.
func (l *Ledger) taken(sku string) string {
	if piece := l.stock[sku].Piece; piece != "" {
		return piece
	}
	return sku
}

// enough is nil when all that is needed is there.
func (l *Ledger) enough(wants []Want, need map[string]int64) error {
	var sold *fault.Fault
	for n, w := range wants {
		sku := l.taken(w.SKU)
		s, known := l.stock[sku]
		if known && (s.Unlimited || need[sku] <= s.free()) {
			continue
		}
		if sold == nil {
			sold = fault.Conflict(soldOut, "Not all of it is there; errors tells which lines.")
		}
		left := l.Available(w.SKU)
		sold = sold.And(fmt.Sprintf("#/lines/%d", n), fmt.Sprintf("There are %d left.", left))
	}
	if sold == nil { // a nil *Fault in an error is none
		return nil
	}
	return sold
}

// Release gives back what lines reserved.
func (l *Ledger) Release(lines []Line) {
	for _, line := range lines {
		l.set(line.Taken, func(s *Stock) { s.Reserved -= line.Units })
	}
}

// Sell takes what lines reserved off the shelf. What is not there any more is
// missing from the lines that it returns: whoever comes first gets it.
func (l *Ledger) Sell(hold uuid.UUID, lines []Line) []Line {
	return l.sell(hold, lines, func(s *Stock, units int64) (there int64) {
		s.Reserved -= units
		return s.OnHand
	})
}

// Take sells what is not reserved any more, as far as nobody else holds it.
func (l *Ledger) Take(hold uuid.UUID, lines []Line) []Line {
	return l.sell(hold, lines, func(s *Stock, _ int64) (there int64) { return s.free() })
}

func (l *Ledger) sell(hold uuid.UUID, lines []Line, from func(s *Stock, units int64) (there int64)) []Line {
	lines = slices.Clone(lines)
	sold := map[string]int64{}
	for n := range lines {
		line := &lines[n]
		l.set(line.Taken, func(s *Stock) {
			units := line.Units
			there := from(s, units)
			if !s.Unlimited {
				units = min(units, max(0, there))
			}
			s.OnHand -= units
			sold[line.Taken] += units
			line.Missing = line.Units - units
		})
	}
	l.note(hold, Sold, sold, -1)
	return lines
}

// Restock puts back what lines sold, and what was missing then does not come into being.
// A product that is not kept any more is left out.
func (l *Ledger) Restock(hold uuid.UUID, lines []Line) {
	back := map[string]int64{}
	for _, line := range lines {
		l.set(line.Taken, func(s *Stock) {
			s.OnHand += line.Units - line.Missing
			back[line.Taken] += line.Units - line.Missing
		})
	}
	l.note(hold, Restocked, back, 1)
}

// Move is what staff do. The shelf is counted as it is: what is reserved and not
// there any more is Short, and refused is only to take what is not on hand.
func (l *Ledger) Move(m Movement) error {
	s := l.stock[m.SKU]
	switch {
	case s.Piece != "":
		return fault.Invalid("#/sku", "It is a carton: move its pieces.")
	case !s.Unlimited && s.OnHand+m.Quantity < 0:
		return fault.Conflict(fault.ConflictKind, fmt.Sprintf("There are only %d on hand.", s.OnHand))
	}
	s.OnHand += m.Quantity
	s.SKU = m.SKU
	l.stock[m.SKU] = s.shorted()
	l.Movements = append(l.Movements, m)
	return nil
}

// set changes the stock of a product, if it is kept.
func (l *Ledger) set(sku string, change func(*Stock)) {
	if s, known := l.stock[sku]; known {
		change(&s)
		l.stock[sku] = s.shorted()
	}
}

// note writes down what was sold or came back, once for each product.
func (l *Ledger) note(hold uuid.UUID, why Cause, units map[string]int64, sign int64) {
	for _, sku := range slices.Sorted(maps.Keys(units)) {
		if n := units[sku]; n > 0 {
			l.Movements = append(l.Movements, Movement{SKU: sku, Quantity: sign * n, Cause: why, Hold: hold})
		}
	}
}

// Limit is the product as one that is made when it is ordered, or as one that there
// is so much of.
func (s Stock) Limit(unlimited bool) (Stock, error) {
	switch {
	case s.Piece != "":
		return s, fault.Invalid("#/unlimited", "It is a carton: that is said of its piece.")
	case !unlimited && s.OnHand < 0:
		return s, fault.Conflict(fault.ConflictKind, "More were sold than there were: count it first.")
	}
	s.Unlimited = unlimited
	return s.shorted(), nil
}

// carton tells what is wrong with how a new product is kept.
func (s Stock) carton() error {
	switch {
	case (s.Piece == "") != (s.Pieces == 0):
		return fault.Invalid("#/pieces", "A carton says of what it is, and how many are in it.")
	case s.Piece != "" && s.Piece == s.SKU:
		return fault.Invalid("#/piece", "A carton is not in itself.")
	case s.Piece != "" && s.Unlimited:
		return fault.Invalid("#/unlimited", "That is said of its piece.")
	}
	return nil
}
