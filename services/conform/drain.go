package conform

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

func drainRules() []Rule {
	local := []Mode{Local}
	return []Rule{
		{ID: "D-01", Title: "After SIGTERM /readyz fails at once, while the service still listens", Level: Must, Modes: local, timed: true, check: drained(func(d *drain) error { return d.unready })},
		{ID: "D-02", Title: "What was in flight at SIGTERM is finished", Level: Must, Modes: local, timed: true, check: drained(func(d *drain) error { return d.flight })},
		{ID: "D-03", Title: "What still comes during DRAIN_DELAY is answered with Connection: close", Level: Must, Modes: local, timed: true, check: drained(func(d *drain) error { return d.late })},
		{ID: "D-04", Title: "SIGTERM under load fails no request", Level: Must, Modes: local, timed: true, check: drained(func(d *drain) error { return d.load })},
		{ID: "D-05", Title: "The process ends with code 0", Level: Must, Modes: local, timed: true, check: drained(func(d *drain) error { return d.code })},
		{ID: "D-06", Title: "The process ends when its work is done", Level: Must, Modes: local, timed: true, check: drained(func(d *drain) error { return d.time })},
	}
}

// held is for how long a request is in flight after SIGTERM: longer than the drain delay,
// or a service that drops it at the end of the delay would pass.
func (t Times) held() time.Duration { return t.Drain * 5 / 4 }

// slower are the times of another try on a slow machine: a drain delay of twice the length, as
// long as a service may not refuse to go on with what is held over it.
func (t Times) slower() Times {
	t.Drain = max(t.Drain, min(t.Drain*2, t.Deadline*3/5))
	return t
}

// drain is one SIGTERM under load and what was seen of it. Its rules share it:
// a process ends once.
type drain struct {
	broken                                  error // it could not be looked at
	unready, flight, late, load, code, time error
	evidence                                []Exchange
	// stood is how long the machine stood still meanwhile.
	stood time.Duration
}

func drained(of func(*drain) error) func(context.Context, *Case) error {
	return func(ctx context.Context, c *Case) error {
		if c.drain == nil {
			before := c.pulse.stood()
			c.drain = c.runDrain(ctx)
			c.drain.stood = c.pulse.stood() - before
		}
		c.stood = c.drain.stood
		if c.drain.broken != nil {
			return unseen("%v", c.drain.broken)
		}
		c.sees()
		c.evidence = c.drain.evidence
		return of(c.drain)
	}
}

func (c *Case) runDrain(ctx context.Context) *drain {
	d := &drain{}
	path, t, err := c.something(ctx)
	if err != nil {
		path, t = "/contract", nil
	}
	load := c.beginLoad(ctx, path, t)
	load.warm()
	own := &Case{world: c.world} // what is in flight lands while others look
	flight, err := own.takeOff(ctx)
	if err != nil {
		d.broken = errors.Join(err, load.end())
		return d
	}
	p, began := c.proc, time.Now()
	p.signal(syscall.SIGTERM)
	home := make(chan error, 1)
	go func() { home <- landed(flight, c.Times.held()) }()
	d.unready = c.turnsUnready(ctx, began)
	d.late = c.lateRequest(ctx, path, t)
	if rest := c.Times.Drain/2 - time.Since(began); rest > 0 {
		time.Sleep(rest) // load goes on while proxies have not heard of it yet
	}
	d.load = load.end()
	d.flight = <-home
	d.time, d.code = c.endsInTime(p, time.Now())
	d.evidence = append(c.evidence, own.evidence...)
	return d
}

// landed is what came of the request in flight, which is brought home after a time.
func landed(flight func(time.Duration) error, in time.Duration) error {
	if flight == nil {
		return skip("it has no request that could be held in flight")
	}
	return flight(in)
}

// turnsUnready asks on new connections, as the kubelet does.
func (c *Case) turnsUnready(ctx context.Context, began time.Time) error {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second}
	for {
		err := probe(ctx, client, c.URL+"/readyz")
		since := time.Since(began)
		switch {
		case err != nil && strings.Contains(err.Error(), "answered 503"):
			return nil
		case err != nil:
			return fmt.Errorf("%s after SIGTERM /readyz does not answer: %w", since.Round(time.Millisecond), err)
		case since > c.Times.Drain/2:
			return fmt.Errorf("%s after SIGTERM /readyz still answers 200", since.Round(time.Millisecond))
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (c *Case) lateRequest(ctx context.Context, path string, t *thing) error {
	a := c.ask(ctx, "GET", path, about(t))
	if err := a.want(200); err != nil {
		return fmt.Errorf("a request that comes during DRAIN_DELAY: %w", err)
	}
	if !strings.EqualFold(a.Header.Get("Connection"), "close") && !a.closes {
		return errors.New("an answer during the drain has no Connection: close")
	}
	return nil
}

// takeOff begins a request that is in flight when SIGTERM comes, and returns
// what brings it home: a write whose body comes in two pieces, or a request
// that waits for an upstream. nil: the service has neither.
func (c *Case) takeOff(ctx context.Context) (func(in time.Duration) error, error) {
	head, body, err := c.halfWrite(ctx)
	var none notApplicable
	switch {
	case err == nil:
		return c.inTwo(head+body[:1], body[1:], 200, 201)
	case !errors.As(err, &none):
		return nil, err
	case len(c.ups) > 0:
		return c.slowUpstream(ctx)
	}
	return nil, nil
}

// halfWrite is a valid write as it stands on the wire, in two parts: the head,
// and a body of at least two bytes.
func (c *Case) halfWrite(ctx context.Context) (head, body string, err error) {
	w, r := c.Settings.Create, &call{header: http.Header{}}
	switch {
	case w != nil:
		r.method, r.path, r.body = w.method(), w.path(), w.Body
		r.header.Set("Content-Type", w.mediaType())
		r.header.Set("Idempotency-Key", newID())
		r.keyed()
	case c.Settings.Change != nil && c.Settings.Change.Body != nil:
		v, err := c.versioned(ctx)
		if err != nil {
			return "", "", err
		}
		r.method, r.path, r.body, r.thing = v.write.method(), v.path, v.write.Body, v.thing
		r.header.Set("Content-Type", "application/json")
		r.header.Set("If-Match", "*")
	default:
		return "", "", skip("no write of conform.json has a body")
	}
	if len(r.body) < 2 {
		r.body = []byte("{}")
	}
	c.authorize(c.doc.find(r.method, r.path), r)
	r.header.Set("Host", "conform")
	r.header.Set("Content-Length", strconv.Itoa(len(r.body)))
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", r.method, r.path)
	if err := r.header.Write(&b); err != nil {
		return "", "", err
	}
	return b.String() + "\r\n", string(r.body), nil
}

func (c *Case) inTwo(one, two string, status ...int) (func(time.Duration) error, error) {
	conn, err := c.dial()
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write([]byte(one)); err != nil {
		return nil, fmt.Errorf("beginning a request: %w", err)
	}
	time.Sleep(50 * time.Millisecond) // the service has begun to read it
	return func(in time.Duration) error {
		defer conn.Close()
		time.Sleep(max(0, in))
		a, err := raw(conn, two, 10*time.Second)
		if err != nil {
			return fmt.Errorf("a request that was in flight at SIGTERM got no answer: %w", err)
		}
		a.sent = one + two
		c.keep(a)
		if !a.is(status...) {
			return fmt.Errorf("a request that was in flight at SIGTERM got %d", a.Status)
		}
		return nil
	}, nil
}

func (c *Case) slowUpstream(ctx context.Context) (func(time.Duration) error, error) {
	send, err := c.asker(ctx)
	if err != nil {
		return nil, nil //nolint:nilerr // no request asks an upstream: there is nothing to hold in flight
	}
	var backs []func()
	id := randomHex(16)
	for _, u := range c.ups {
		backs = append(backs, u.feel(mood{delay: c.Times.held(), trace: id}))
	}
	got := make(chan *Answer, 1)
	go func() { got <- send(quiet(), asIs(), with("Traceparent", traceparent(id))) }()
	time.Sleep(50 * time.Millisecond) // it is under way
	return func(time.Duration) error {
		a := <-got
		for _, back := range backs {
			back()
		}
		c.keep(a)
		if err := a.want(200, 201, 204); err != nil {
			return fmt.Errorf("a request that was in flight at SIGTERM: %w", err)
		}
		return nil
	}, nil
}

// endsInTime waits for the end of the process, once nothing is in flight any more.
func (c *Case) endsInTime(p *process, landed time.Time) (timely, code error) {
	const after = 5 * time.Second
	if !p.over(c.Times.Drain + after) {
		p.kill()
		return fmt.Errorf("%s after the last request was answered the process still runs", time.Since(landed).Round(time.Second)), nil
	}
	if p.code != 0 {
		code = fmt.Errorf("the process ends with code %d", p.code)
	}
	return nil, code
}

// load is requests one after the other on connections that are kept.
type load struct {
	stop   chan struct{}
	all    sync.WaitGroup
	mu     sync.Mutex
	done   int
	failed error
}

const runners = 4

func (c *Case) beginLoad(ctx context.Context, path string, t *thing) *load {
	l := &load{stop: make(chan struct{})}
	for range runners {
		l.all.Go(func() {
			for {
				select {
				case <-l.stop:
					return
				case <-time.After(20 * time.Millisecond):
				}
				l.note(c.ask(ctx, "GET", path, about(t), quiet(), asIs()))
			}
		})
	}
	return l
}

func (l *load) note(a *Answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done++
	var refused *net.OpError
	switch {
	case l.failed != nil:
	case errors.As(a.Err, &refused) && refused.Op == "dial":
		l.failed = fmt.Errorf("request %d of the load found nobody who listens", l.done)
	case a.Err != nil || a.Status != 200:
		l.failed = fmt.Errorf("request %d of the load got %s", l.done, a.outcome())
	}
}

// warm waits until every runner has a connection, or 5 s: what is that slow fails elsewhere.
func (l *load) warm() {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		l.mu.Lock()
		n := l.done
		l.mu.Unlock()
		if n >= 4*runners {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (l *load) end() error {
	close(l.stop)
	l.all.Wait()
	return l.failed
}
