package inventory

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"
)

// call is what a client asked, and got what it was told.
type call struct {
	what string // hold, release, commit, read
	// hold is which of the client's; units what it holds.
	hold  uuid.UUID
	units int64
}

type told struct {
	status    int
	available int64
}

// shelf is what one product is, by the words of a person: so many on hand, and who has some on hold.
type shelf struct {
	onHand, reserved int64
	// open is how many each open hold has.
	open map[uuid.UUID]int64
	// ended are holds that were released (0) or sold (their units).
	ended map[uuid.UUID]int64
}

func (s shelf) with(change func(*shelf)) shelf {
	out := shelf{s.onHand, s.reserved, map[uuid.UUID]int64{}, map[uuid.UUID]int64{}}
	for id, n := range s.open {
		out.open[id] = n
	}
	for id, n := range s.ended {
		out.ended[id] = n
	}
	change(&out)
	return out
}

// shelfModel says which answers can follow each other, if each request has its effect at one moment between being sent and answered.
func shelfModel(onHand int64) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return shelf{onHand: onHand} },
		Step: func(state, input, output any) (bool, any) {
			s, in, out := state.(shelf), input.(call), output.(told)
			free := s.onHand - s.reserved
			switch in.what {
			case "read":
				return out.available == free, s
			case "hold":
				if in.units > free {
					return out.status == 409, s
				}
				return out.status == 201, s.with(func(n *shelf) { n.reserved += in.units; n.open[in.hold] = in.units })
			case "release":
				return releases(s, in, out)
			}
			return commits(s, in, out)
		},
		Equal: func(a, b any) bool { return fmt.Sprint(a) == fmt.Sprint(b) },
		DescribeOperation: func(input, output any) string {
			return fmt.Sprintf("%+v → %+v", input, output)
		},
	}
}

func releases(s shelf, in call, out told) (bool, any) {
	if units, open := s.open[in.hold]; open {
		return out.status == 200, s.with(func(n *shelf) { n.reserved -= units; delete(n.open, in.hold); n.ended[in.hold] = 0 })
	}
	return out.status == map[bool]int{true: 409, false: 200}[s.ended[in.hold] > 0], s
}

// commits is only asked for holds that are open or sold: one that was released gets what is free, which is another rule's test.
func commits(s shelf, in call, out told) (bool, any) {
	if units, open := s.open[in.hold]; open {
		return out.status == 200, s.with(func(n *shelf) {
			n.reserved, n.onHand = n.reserved-units, n.onHand-units
			delete(n.open, in.hold)
			n.ended[in.hold] = units
		})
	}
	return out.status == 200 && s.ended[in.hold] > 0, s
}

// customer is one of those who ask at the same time, and notes what they were told and when.
type customer struct {
	shop   *shop
	number int
	ids    *sync.Map // of the model's hold: the service's
	who    string
	began  time.Time
	ops    []porcupine.Operation
	mine   []uuid.UUID
	sold   map[uuid.UUID]bool
}

func (c *customer) note(in call, ask func() told) told {
	from := time.Since(c.began).Nanoseconds()
	out := ask()
	c.ops = append(c.ops, porcupine.Operation{ClientId: c.number, Input: in, Call: from, Output: out, Return: time.Since(c.began).Nanoseconds()})
	return out
}

func (c *customer) shopping(steps int) {
	replica := func() int { return rand.IntN(len(c.shop.replicas)) }
	for range steps {
		switch n := rand.IntN(10); {
		case n < 4 || len(c.mine) == 0:
			id, units := uuid.New(), int64(1+rand.IntN(3))
			out := c.note(call{"hold", id, units}, func() told {
				a := c.shop.ask(replica(), c.who, "POST", holdsRoot, basket(id, "A", units))
				c.ids.Store(id, a.ID)
				return told{status: a.status}
			})
			if out.status == 201 {
				c.mine = append(c.mine, id)
			}
		case n < 7:
			c.note(call{what: "read"}, func() told { return told{available: c.shop.ask(replica(), "", "GET", root+"/stock/A", "").Available} })
		default:
			c.end(c.mine[rand.IntN(len(c.mine))], n == 9, replica())
		}
	}
}

// end releases a hold or sells it; at times twice, and from two replicas.
func (c *customer) end(hold uuid.UUID, sell bool, replica int) {
	sold, tried := c.sold[hold]
	sell = sell && (!tried || sold) // one that was released is not sold: see commits
	what, body := "release", ""
	if sell {
		what, body = "commit", order(uuid.NewSHA1(hold, []byte("order")))
	}
	id, _ := c.ids.Load(hold)
	c.note(call{what: what, hold: hold}, func() told {
		return told{status: c.shop.ask(replica, c.who, "POST", holdsRoot+"/"+id.(string)+"/"+what, body).status}
	})
	if !tried {
		c.sold[hold] = sell
	}
}

// Of many who hold, give back, buy and look at the same time, over two replicas, each sees what it would see if they came one after
// the other, in an order that fits the clock.
func TestHoldsAreLinearizable(t *testing.T) {
	for round := range 6 {
		s := serve(t, 2)
		const onHand, customers, steps = 12, 6, 20
		s.receive("A", onHand)
		var all sync.WaitGroup
		list := make([]*customer, customers)
		began, ids, who := time.Now(), &sync.Map{}, s.checkouts()
		for n := range list {
			list[n] = &customer{shop: s, number: n, ids: ids, who: who, began: began, sold: map[uuid.UUID]bool{}}
			all.Go(func() { list[n].shopping(steps) })
		}
		all.Wait()
		var history []porcupine.Operation
		for _, c := range list {
			history = append(history, c.ops...)
		}
		if got := porcupine.CheckOperationsTimeout(shelfModel(onHand), history, time.Minute); got != porcupine.Ok {
			t.Errorf("round %d: %d operations are not linearizable: %s", round, len(history), got)
		}
		balanced(t, s.db)
	}
}

// The model can say no: a history in which the last unit is held twice, and one in which a read sees the past.
func TestTheModelSeesWhatIsNotLinearizable(t *testing.T) {
	a, b := uuid.New(), uuid.New()
	op := func(client int, in call, from int64, out told, to int64) porcupine.Operation {
		return porcupine.Operation{ClientId: client, Input: in, Call: from, Output: out, Return: to}
	}
	for name, c := range map[string]struct {
		history []porcupine.Operation
		want    bool
	}{
		"one wins":       {[]porcupine.Operation{op(0, call{"hold", a, 1}, 0, told{status: 201}, 10), op(1, call{"hold", b, 1}, 0, told{status: 409}, 10)}, true},
		"both win":       {[]porcupine.Operation{op(0, call{"hold", a, 1}, 0, told{status: 201}, 10), op(1, call{"hold", b, 1}, 0, told{status: 201}, 10)}, false},
		"nobody wins":    {[]porcupine.Operation{op(0, call{"hold", a, 1}, 0, told{status: 409}, 10), op(1, call{"hold", b, 1}, 0, told{status: 409}, 10)}, false},
		"a stale read":   {[]porcupine.Operation{op(0, call{"hold", a, 1}, 0, told{status: 201}, 10), op(1, call{what: "read"}, 20, told{available: 1}, 30)}, false},
		"a read beside":  {[]porcupine.Operation{op(0, call{"hold", a, 1}, 0, told{status: 201}, 10), op(1, call{what: "read"}, 5, told{available: 1}, 30)}, true},
		"released twice": {[]porcupine.Operation{op(0, call{"hold", a, 1}, 0, told{status: 201}, 10), op(0, call{what: "release", hold: a}, 11, told{status: 200}, 12), op(0, call{what: "release", hold: a}, 13, told{status: 200}, 14), op(1, call{what: "read"}, 20, told{available: 2}, 30)}, false},
	} {
		if got := porcupine.CheckOperations(shelfModel(1), c.history); got != c.want {
			t.Errorf("%s: linearizable %t", name, got)
		}
	}
}
