package conform

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/emporium-shop/emporium/services/conform/internal/scratch"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgserver"
)

func databaseRules() []Rule {
	local := []Mode{Local}
	return []Rule{
		{ID: "H-06", Title: "/livez asks nobody: 200 while PostgreSQL is away", Level: Must, Modes: local, timed: true, check: livesWithoutDatabase},
		{ID: "H-07", Title: "A short absence of PostgreSQL leaves /readyz alone", Level: Must, Modes: local, timed: true, check: staysReady},
		{ID: "H-08", Title: "While PostgreSQL is away: 503, or an answer that is right", Level: Must, Modes: local, timed: true, check: answersWithoutDatabase},
		{ID: "H-09", Title: "Once PostgreSQL is back, all is as before, without a restart", Level: Must, Modes: local, timed: true, check: recovers},
		{ID: "H-10", Title: "Not started while the schema is not there", Level: Must, Modes: local, timed: true, check: waitsForSchema},
	}
}

// away runs a look while PostgreSQL is cut off, and mends it.
func (c *Case) away(ctx context.Context, look func() error) error {
	if c.db == nil {
		return skip("it owns no data")
	}
	c.db.Proxy.Cut()
	err := look()
	if mended := c.db.Proxy.Mend(); mended != nil {
		return errors.Join(err, mended)
	}
	if back := c.comesBack(ctx); err == nil && open(back) {
		return unseen("it does not come back: see H-09")
	}
	return err
}

// comesBack waits until something that needs the database works again. Where nothing is known that
// needs it, readiness must do for the rules that follow, and decides nothing.
func (c *Case) comesBack(ctx context.Context) error {
	err := errors.New("it is not ready")
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if probe(ctx, c.client, c.URL+"/readyz") != nil {
			continue
		}
		a := c.needsData(ctx)
		switch {
		case a.Err == nil && a.Status/100 == 2:
			return nil
		case a.Err != nil && !open(a.Err):
			return a.Err // there is nothing to ask
		}
		err = fmt.Errorf("%s %s still gets %s", a.Method, a.Path, a.outcome())
	}
	c.proc.kill() // the rules that follow get a process that works
	return err
}

// needsData sends a request that cannot be answered without the database.
func (c *Case) needsData(ctx context.Context) *Answer {
	if c.Settings.Create != nil {
		return c.post(ctx, newID(), quiet(), asIs())
	}
	path, t, err := c.something(ctx)
	if err != nil {
		return &Answer{Err: err}
	}
	return c.ask(ctx, "GET", path, about(t), quiet(), asIs())
}

// alive wants /livez to answer 2xx: which is H-01's.
func (c *Case) alive(ctx context.Context) error {
	if a := c.ask(ctx, "GET", "/livez"); a.Status/100 != 2 {
		return fmt.Errorf("GET /livez: want 200, got %s", a.outcome())
	}
	return nil
}

func livesWithoutDatabase(ctx context.Context, c *Case) error {
	return c.away(ctx, func() error { return c.alive(ctx) })
}

// staysReady asks as the kubelet does: three failures in a row take a pod out.
func staysReady(ctx context.Context, c *Case) error {
	return c.away(ctx, func() error {
		began := time.Now()
		for end := began.Add(c.Times.Outage); time.Now().Before(end); time.Sleep(c.Times.Outage / 10) {
			a := c.ask(ctx, "GET", "/readyz")
			if time.Since(began) > c.Times.Outage+c.Times.Outage/2 {
				return nil // the machine stood still: that is no short absence
			}
			if a.Status/100 != 2 {
				return fmt.Errorf("PostgreSQL is away for less than %s, and /readyz answers %s", c.Times.Outage, a.outcome())
			}
		}
		return nil
	})
}

func answersWithoutDatabase(ctx context.Context, c *Case) error {
	return c.away(ctx, func() error {
		for range 3 {
			a := c.needsData(ctx)
			c.keep(a)
			c.saw(a)
			if a.Err == nil && a.Method == "GET" && a.is(200) {
				continue // from a snapshot
			}
			if a.Err != nil && !open(a.Err) {
				return a.Err // there is nothing to ask
			}
			if err := a.want(503); err != nil { // Retry-After is E-17's
				return err
			}
		}
		return nil
	})
}

func recovers(ctx context.Context, c *Case) error {
	if c.db == nil {
		return skip("it owns no data")
	}
	c.db.Proxy.Cut()
	c.needsData(ctx)
	if err := c.db.Proxy.Mend(); err != nil {
		return unseen("%v", err)
	}
	c.sees()
	return c.comesBack(ctx)
}

// waitsForSchema starts a second process on a database that has no table yet.
func waitsForSchema(ctx context.Context, c *Case) error {
	if c.db == nil {
		return skip("it owns no data")
	}
	if c.Settings.Migrate == nil {
		return skip("conform.json has no migrate: the service makes its schema itself")
	}
	empty, err := scratch.New(ctx, c.serverURL(), c.Settings.Schema)
	if err != nil {
		return unseen("%v", err)
	}
	defer empty.Drop(ctx)
	env := c.env(release)
	env["DATABASE_URL"] = empty.URL
	p, err := c.spawnWith(env)
	if err != nil {
		return unseen("%v", err)
	}
	defer p.kill()
	if err := c.awaitLive(ctx, p); err != nil {
		return err
	}
	c.sees()
	for end := time.Now().Add(1500 * time.Millisecond); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if probe(ctx, c.client, p.url+"/startupz") == nil || probe(ctx, c.client, p.url+"/readyz") == nil {
			return errors.New("it says that it is started, or ready, and its schema is not there")
		}
	}
	return nil
}

// awaitLive waits until the process listens: what it says before says nothing.
func (c *Case) awaitLive(ctx context.Context, p *process) error {
	for end := time.Now().Add(startLimit); time.Now().Before(end); {
		if probe(ctx, c.client, p.url+"/livez") == nil {
			return nil
		}
		if p.over(20 * time.Millisecond) {
			return nil // so it is not started
		}
	}
	return unseen("it does not listen")
}

func (w *world) serverURL() string {
	if w.server != nil {
		return w.server.URL("postgres", pgserver.Superuser)
	}
	return w.Postgres
}
