package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Options bound a run of load. Zero values take the defaults in brackets.
type Options struct {
	Target Target
	// Rate is the number of requests begun a second [60].
	Rate int
	// Clients is the number of connection pools, so that more than one front-door replica is met [8].
	Clients int
	// InFlight bounds open requests; one that finds no room fails, as a customer would see it [256].
	InFlight int
	// Timeout of one request [10s], and Limit of the whole run, after which it stops by itself [15m].
	Timeout, Limit time.Duration
	// Visits let each arrival be a customer. Nil: one request of the target's.
	Visits *Visits
}

// errOverload is a failure like any other: the shop did not keep up with the rate.
var errOverload = errors.New("too many requests in flight")

// Generator sends load until it is stopped.
type Generator struct {
	options Options
	clients []*http.Client
	room    chan struct{}
	stop    context.CancelFunc
	stopped chan struct{}

	mu        sync.Mutex
	records   []Record
	purchases []Purchase
	cart      string
}

// Start begins to send load.
func Start(ctx context.Context, o Options) (*Generator, error) {
	if o.Target.URL == "" || len(o.Target.SKUs)+len(o.Target.Paths) == 0 {
		return nil, errors.New("starting load: no URL or nothing to ask for")
	}
	visits, err := o.Visits.begun(o.Target)
	if err != nil {
		return nil, fmt.Errorf("starting load: %w", err)
	}
	o.Visits = visits
	o = o.withDefaults()
	ctx, cancel := context.WithTimeout(ctx, o.Limit)
	g := &Generator{options: o, room: make(chan struct{}, o.InFlight), stop: cancel, stopped: make(chan struct{})}
	for range o.Clients {
		g.clients = append(g.clients, newClient())
	}
	go g.run(ctx)
	return g, nil
}

func (o Options) withDefaults() Options {
	o.Rate = orElse(o.Rate, 60)
	o.Clients = orElse(o.Clients, 8)
	o.InFlight = orElse(o.InFlight, 256)
	o.Timeout = orElse(o.Timeout, 10*time.Second)
	o.Limit = orElse(o.Limit, 15*time.Minute)
	return o
}

func orElse[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// newClient has a pool of its own. It follows nothing: a redirect is an answer. Idle connections outlive the gaps of the rate.
func newClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 32, IdleConnTimeout: time.Minute, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// run begins requests at their time. What is in flight at the end is finished, not cut off: that would be a failure of ours.
func (g *Generator) run(ctx context.Context) {
	defer close(g.stopped)
	var flying sync.WaitGroup
	arrivals(ctx, g.options.Rate, func(n int, intended time.Time) { g.begin(context.WithoutCancel(ctx), &flying, n, intended) })
	flying.Wait()
	for _, c := range g.clients {
		c.CloseIdleConnections()
	}
}

func (g *Generator) begin(ctx context.Context, flying *sync.WaitGroup, n int, intended time.Time) {
	select {
	case g.room <- struct{}{}:
	default:
		now := time.Now()
		g.keep(Record{Intended: intended, Start: now, End: now, Err: errOverload})
		return
	}
	flying.Go(func() {
		defer func() { <-g.room }()
		if g.options.Visits != nil {
			g.visit(ctx, n, intended)
			return
		}
		g.keep(g.send(ctx, n, intended))
	})
}

func (g *Generator) keep(r Record) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.records = append(g.records, r)
}

// Records returns what is known so far.
func (g *Generator) Records() []Record {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]Record(nil), g.records...)
}

// Stop ends the load, waits for what is in flight and returns all records.
func (g *Generator) Stop() []Record {
	g.stop()
	<-g.stopped
	return g.Records()
}

// Purchases returns those that ended so far.
func (g *Generator) Purchases() []Purchase {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]Purchase(nil), g.purchases...)
}

// Wait returns all records when the limit has passed and what was in flight is answered.
func (g *Generator) Wait() []Record {
	<-g.stopped
	return g.Records()
}
