package conform

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

func healthRules() []Rule {
	running := []Mode{Remote, Local}
	return []Rule{
		{ID: "H-01", Title: "GET /livez answers 200", Level: Must, Modes: running, check: probeAnswers("/livez")},
		{ID: "H-02", Title: "GET /readyz answers 200 while requests are taken", Level: Must, Modes: running, check: probeAnswers("/readyz")},
		{ID: "H-03", Title: "GET /startupz answers 200 once the service is warm", Level: Must, Modes: running, check: probeAnswers("/startupz")},
		{ID: "H-04", Title: "Probes answer HEAD as GET, without a token", Level: Should, Modes: running, check: probesAnswerHead},
		{ID: "H-05", Title: "A service that lacks the address of a service it asks does not start", Level: Must, Modes: []Mode{Local}, timed: true, check: needsItsUpstreams},
	}
}

func probeAnswers(path string) func(context.Context, *Case) error {
	return func(ctx context.Context, c *Case) error {
		return c.ask(ctx, "GET", path, anonymous()).want(200)
	}
}

func probesAnswerHead(ctx context.Context, c *Case) error {
	for _, path := range []string{"/livez", "/readyz", "/startupz"} {
		if a := c.ask(ctx, "HEAD", path, anonymous()); a.Err != nil || a.Status/100 != 2 {
			return fmt.Errorf("HEAD %s: want 200, got %s", path, a.outcome())
		}
	}
	return nil
}

// needsItsUpstreams starts a process without the addresses beside the one that runs.
func needsItsUpstreams(ctx context.Context, c *Case) error {
	if len(c.ups) == 0 {
		return skip("it asks no service")
	}
	for _, variable := range slices.Sorted(maps.Keys(c.ups)) {
		env := c.env(release)
		delete(env, variable)
		p, err := c.spawnWith(env)
		if err != nil {
			return unseen("%v", err)
		}
		c.sees()
		ready, code := c.readyOrOver(ctx, p, startLimit)
		p.kill()
		switch {
		case ready:
			return fmt.Errorf("without %s it starts and is ready", variable)
		case code == 0:
			return fmt.Errorf("without %s it ends with code 0", variable)
		case code < 0:
			return fmt.Errorf("without %s it still runs after %s, and says nothing", variable, startLimit)
		}
	}
	return nil
}

// readyOrOver waits until a process is ready or has ended; code is -1 while it runs.
func (c *Case) readyOrOver(ctx context.Context, p *process, limit time.Duration) (ready bool, code int) {
	for end := time.Now().Add(limit); time.Now().Before(end); {
		if p.over(20 * time.Millisecond) {
			return false, p.code
		}
		if probe(ctx, c.client, p.url+"/readyz") == nil {
			return true, -1
		}
	}
	return false, -1
}
