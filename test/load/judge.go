package load

import (
	"fmt"
	"slices"
	"time"
)

// Placed is an order as the shop's staff sees it.
type Placed struct {
	ID, State string
	// Email is read of orders that no customer was told of; empty for others.
	Email    string
	PlacedAt time.Time
}

// Found is what the shop says afterwards, when it is quiet.
type Found struct {
	Orders []Placed
	// Stock is how many of each product could be ordered before the load. Products that never run out are not in it.
	Stock map[string]int
	// Books is what the comparison of the books says; nil where the shop has none.
	Books *Books
}

// Books is what the shop's books say of themselves.
type Books struct {
	Balanced bool
	// ComparedAt is when they were compared last, and Pending how many checkouts are compared again when they have ended.
	ComparedAt time.Time
	Pending    int
	// ChargedTwice counts the checkouts that were charged more than once.
	ChargedTwice int
	// Said are its findings, for people.
	Said []string
}

// Verdict compares what customers remember with what there is.
type Verdict struct {
	// Orders were confirmed to their customers; OrdersAcross of them began on one release and ended on another.
	Orders       int `json:"orders"`
	OrdersAcross int `json:"ordersAcross"`
	// OrdersLost were confirmed and are not there, or cancelled though nobody asked for that.
	OrdersLost int `json:"ordersLost"`
	// OrdersUnasked are there though their customer was told that there is none.
	OrdersUnasked int `json:"ordersUnasked"`
	// Oversold are units that were confirmed beyond the stock.
	Oversold int `json:"oversold"`
	// ChargedTwice are orders beyond the first for one key, and those of which the books say so.
	ChargedTwice int `json:"chargedTwice"`
	// InDoubt purchases have no answer. They may have an order or not, and OrdersInDoubt of them have one.
	InDoubt       int `json:"inDoubt"`
	OrdersInDoubt int `json:"ordersInDoubt"`
	// BooksBalanced is nil where the shop has no books.
	BooksBalanced *bool `json:"booksBalanced,omitempty"`
	// Examples name the first of what is wrong, for people.
	Examples []string `json:"-"`
}

// Judge is the oracle.
func Judge(purchases []Purchase, found Found) Verdict {
	j := judgement{byKey: map[string]Purchase{}, had: map[string]string{}, sold: map[string]int{}}
	confirmed := map[string]Purchase{}
	for _, p := range purchases {
		j.byKey[p.Key] = p
		switch p.Outcome {
		case Confirmed:
			confirmed[p.Order] = p
			j.sold[p.SKU]++
			j.Orders++
			j.had[p.Key] = p.Order
			if p.Across() {
				j.OrdersAcross++
			}
		case InDoubt:
			j.InDoubt++
		}
	}
	j.oneOrder(purchases)
	j.kept(confirmed, found.Orders)
	for _, o := range found.Orders {
		if _, told := confirmed[o.ID]; !told {
			j.untold(o)
		}
	}
	j.stock(found.Stock)
	j.books(found.Books)
	return j.Verdict
}

type judgement struct {
	Verdict
	byKey map[string]Purchase
	// had is the order that a key has.
	had map[string]string
	// sold counts the units of every order, whether its customer knows of it or not.
	sold map[string]int
}

// oneOrder finds orders that two customers were given: one of them has none.
func (j *judgement) oneOrder(purchases []Purchase) {
	of := map[string]string{}
	for _, p := range purchases {
		if p.Outcome != Confirmed {
			continue
		}
		if other := of[p.Order]; other != "" && other != p.Key {
			j.OrdersLost++
			j.example("order %s was confirmed to the keys %s and %s", p.Order, other, p.Key)
		}
		of[p.Order] = p.Key
	}
}

func (j *judgement) kept(confirmed map[string]Purchase, orders []Placed) {
	states := map[string]string{}
	for _, o := range orders {
		states[o.ID] = o.State
	}
	for id, p := range confirmed {
		switch state := states[id]; state {
		case "":
			j.OrdersLost++
			j.example("order %s (key %s) was confirmed at %s, and is not there", id, p.Key, p.Done.UTC().Format(time.TimeOnly))
		case "cancelled":
			j.OrdersLost++
			j.example("order %s (key %s) was confirmed, and is cancelled though nobody asked for that", id, p.Key)
		}
	}
}

// untold judges an order that nobody was told of. Other people's are no business of ours.
func (j *judgement) untold(o Placed) {
	key := keyOf(o.Email)
	p, ours := j.byKey[key]
	if !ours {
		return
	}
	if first := j.had[key]; first != "" {
		j.ChargedTwice++
		j.example("key %s has the orders %s and %s", key, first, o.ID)
		return
	}
	j.had[key] = o.ID
	if o.State == "cancelled" {
		return
	}
	j.sold[p.SKU]++
	if p.Outcome == InDoubt {
		j.OrdersInDoubt++
		return
	}
	j.OrdersUnasked++
	j.example("key %s was told %s, and has order %s", key, p.Why, o.ID)
}

func (j *judgement) stock(before map[string]int) {
	for sku, units := range j.sold {
		if had, counted := before[sku]; counted && units > had {
			j.Oversold += units - had
			j.example("%d of %s were sold, of %d", units, sku, had)
		}
	}
}

func (j *judgement) books(b *Books) {
	if b == nil {
		return
	}
	j.BooksBalanced = &b.Balanced
	j.ChargedTwice += b.ChargedTwice
	for _, finding := range b.Said {
		j.example("books: %s", finding)
	}
}

func (j *judgement) example(format string, args ...any) {
	if len(j.Examples) < examples {
		j.Examples = append(j.Examples, fmt.Sprintf(format, args...))
		slices.Sort(j.Examples) // the order of maps is none
	}
}

// Broken names what must not be. Books that nobody keeps break nothing.
func (v Verdict) Broken() (names []string) {
	for _, c := range []struct {
		name string
		is   bool
	}{
		{"ordersLost", v.OrdersLost > 0}, {"ordersUnasked", v.OrdersUnasked > 0}, {"oversold", v.Oversold > 0}, {"chargedTwice", v.ChargedTwice > 0},
		{"booksBalanced", v.BooksBalanced != nil && !*v.BooksBalanced},
	} {
		if c.is {
			names = append(names, c.name)
		}
	}
	return names
}
