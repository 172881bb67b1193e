package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Mix is how many of a hundred customers do what. List and Find are programs: they ask for JSON, where Browse and Search look at
// pages. Who orders fills a cart first.
type Mix struct{ Browse, Search, List, Find, Cart, Order int }

// Everyday is what customers do on a day without a sale.
var Everyday = Mix{Browse: 70, Search: 15, Cart: 10, Order: 5}

// ParseMix reads "browse=70,search=15,cart=10,order=5"; what is not named is none.
func ParseMix(text string) (m Mix, err error) {
	places := map[string]*int{browse: &m.Browse, search: &m.Search, list20: &m.List, find: &m.Find, cart: &m.Cart, order: &m.Order}
	for part := range strings.SplitSeq(text, ",") {
		name, number, _ := strings.Cut(strings.TrimSpace(part), "=")
		place := places[name]
		if place == nil {
			return m, fmt.Errorf("a mix is of browse, search, list, find, cart and order, not of %q: browse=70,search=15,cart=10,order=5", name)
		}
		if *place, err = strconv.Atoi(number); err != nil || *place < 0 {
			return m, fmt.Errorf("%s=%q is no share: write a number of 0 or more", name, number)
		}
	}
	if m.sum() == 0 || m.sum() > 1000 {
		return m, fmt.Errorf("the shares of a mix add up to %d, which must be 1 to 1000", m.sum())
	}
	return m, nil
}

func (m Mix) sum() int { return m.Browse + m.Search + m.List + m.Find + m.Cart + m.Order }

// wheel spreads the kinds of visits evenly: orders do not come in bursts that the rate does not say. It is the smooth weighted
// round robin that nginx has.
func (m Mix) wheel() (wheel []string) {
	names, shares, current := []string{browse, search, list20, find, cart, order}, []int{m.Browse, m.Search, m.List, m.Find, m.Cart, m.Order}, make([]int, 6)
	for range m.sum() {
		best := 0
		for i := range names {
			current[i] += shares[i]
			if current[i] > current[best] {
				best = i
			}
		}
		current[best] -= m.sum()
		wheel = append(wheel, names[best])
	}
	return wheel
}

// The kinds of visits.
const browse, search, list20, find, cart, order = "browse", "search", "list", "find", "cart", "order"

// Visits say what customers do.
type Visits struct {
	Mix Mix
	// Flash is the one product that all who fill a cart or order want. Empty: each another one.
	Flash string
	// Patience is how long a customer repeats an order by its key while nobody can say what became of it [60s].
	Patience time.Duration
	// Card is the provider's token that is paid with [tok_visa].
	Card string

	turns []string
}

// begun is a copy with its defaults, which no other run shares; nil where each arrival is one request.
func (v *Visits) begun(t Target) (*Visits, error) {
	if v == nil {
		return nil, nil // that is no error
	}
	if len(t.SKUs) == 0 {
		return nil, errors.New("customers need SKUs that the shop has")
	}
	own := *v
	if own.turns = v.Mix.wheel(); len(own.turns) == 0 {
		return nil, errors.New("the mix is empty")
	}
	own.Patience, own.Card = orElse(v.Patience, time.Minute), orElse(v.Card, "tok_visa")
	return &own, nil
}

// customer goes through the shop step by step. due is when the next step should begin: the visit by its schedule, a later
// step when the one before was answered.
type customer struct {
	g   *Generator
	n   int
	due time.Time
}

// errRefused says that the shop answered something else than a step needs to go on.
var errRefused = errors.New("refused")

// visit lets customer number n do what is his turn.
func (g *Generator) visit(ctx context.Context, n int, intended time.Time) {
	c := &customer{g, n, intended}
	v := g.options.Visits
	switch kind := v.turns[n%len(v.turns)]; kind {
	case browse:
		c.browse(ctx)
	case search, list20, find:
		c.read(ctx, kind)
	case cart:
		if id, err := c.fill(ctx); err == nil {
			_, _ = c.ask(ctx, "readCart", spec{method: http.MethodGet, path: "/api/cart/" + id}) // it is recorded
		}
	case order:
		c.buy(ctx, intended)
	}
}

// pick takes turns, as sku does. A prime step keeps it apart from the turns of the wheel.
func pick(from []string, n int, otherwise string) string {
	if len(from) == 0 {
		return otherwise
	}
	return from[n*7919%len(from)]
}

// wants is what the customer puts into the cart.
func (c *customer) wants() string {
	if flash := c.g.options.Visits.Flash; flash != "" {
		return flash
	}
	return pick(c.g.options.Target.SKUs, c.n, "")
}

// ask does one step and records it. The error is that there is no answer.
func (c *customer) ask(ctx context.Context, kind string, s spec) (answer, error) {
	r := Record{Path: s.path, Kind: kind, Intended: c.due, Start: time.Now()}
	got, err := c.g.exchange(ctx, s, c.n, &r)
	r.End, r.Err = time.Now(), err
	c.due = r.End
	c.g.keep(r)
	return got, err
}

// make asks for something new, and reads what was made.
func (c *customer) make(ctx context.Context, kind, path string, body, made any) (http.Header, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	got, err := c.ask(ctx, kind, spec{method: http.MethodPost, path: path, body: string(text), key: uuid.NewString()})
	if err == nil && got.status != http.StatusCreated {
		err = errRefused
	}
	if err == nil {
		err = json.Unmarshal(got.body, made)
	}
	return got.header, err
}

// fill makes a cart with one product in it.
func (c *customer) fill(ctx context.Context) (id string, err error) {
	var made struct{ ID string }
	header, err := c.make(ctx, "makeCart", "/api/cart", struct{}{}, &made)
	if err != nil {
		return "", err
	}
	put := spec{method: http.MethodPut, path: "/api/cart/" + made.ID + "/items/" + url.PathEscape(c.wants()), body: `{"quantity":1}`, match: header.Get("ETag")}
	got, err := c.ask(ctx, "fillCart", put)
	if err == nil && got.status != http.StatusOK {
		err = errRefused
	}
	return made.ID, err
}
