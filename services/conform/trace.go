package conform

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

func traceRules() []Rule {
	running := []Mode{Remote, Local}
	return []Rule{
		{ID: "T-01", Title: "traceparent version 00 is joined", Level: Must, Modes: running, check: joinsTrace},
		{ID: "T-02", Title: "A later version with more behind it is joined, too", Level: Must, Modes: running, check: joinsLaterVersion},
		{ID: "T-03", Title: "A traceparent that is wrong or missing begins a new trace", Level: Must, Modes: running, check: beginsNewTrace},
		{ID: "T-04", Title: "The trace is passed on, with a span of the service's own", Level: Must, Modes: []Mode{Local}, timed: true, check: passesTraceOn},
		{ID: "T-05", Title: "tracestate is passed on", Level: Must, Modes: []Mode{Local}, timed: true, check: passesStateOn},
	}
}

var traceID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// traced sends a traceparent and returns the trace id that the refusal names.
func (c *Case) traced(ctx context.Context, header string) (string, error) {
	if header == "" {
		return c.tracedBy(ctx)
	}
	return c.tracedBy(ctx, with("Traceparent", header))
}

func (c *Case) tracedBy(ctx context.Context, options ...option) (string, error) {
	o := append([]option{without("Traceparent")}, options...)
	a := c.ask(ctx, "GET", "/conform/"+newID(), o...)
	if a.page && len(c.ups) > 0 && !a.isProblem() {
		return c.tracedByUpstream(ctx, o...)
	}
	p, err := a.problem()
	if err != nil {
		return "", unseen("an unknown path is answered without a problem: see E-01")
	}
	if p.TraceID == "" {
		return "", unseen("problems have no traceId: see E-11")
	}
	return p.TraceID, nil
}

// tracedByUpstream is the trace that an upstream is asked in: pages do not name theirs.
func (c *Case) tracedByUpstream(ctx context.Context, o ...option) (string, error) {
	_, all, err := c.asking(ctx, mood{}, o...)
	if err != nil {
		return "", err
	}
	for _, r := range all {
		if parts := strings.Split(r.header.Get("Traceparent"), "-"); len(parts) > 1 {
			return parts[1], nil
		}
	}
	return "", unseen("no upstream was asked with a trace: see T-04")
}

// joins makes a rule undecided where the service joins no trace at all.
func (c *Case) joins(ctx context.Context) error {
	id := randomHex(16)
	got, err := c.traced(ctx, traceparent(id))
	if err == nil && got != id {
		return unseen("it does not join a trace: see T-01")
	}
	return err
}

func joinsTrace(ctx context.Context, c *Case) error {
	for _, flags := range []string{"00", "01", "03"} {
		id := randomHex(16)
		got, err := c.traced(ctx, "00-"+id+"-"+randomHex(8)+"-"+flags)
		if err != nil {
			return err
		}
		if got != id {
			return fmt.Errorf("sent trace %s, the problem names %s", id, got)
		}
	}
	return nil
}

func joinsLaterVersion(ctx context.Context, c *Case) error {
	for _, form := range []string{"01-%s-%s-01-extra", "fe-%s-%s-01"} {
		id := randomHex(16)
		got, err := c.traced(ctx, fmt.Sprintf(form, id, randomHex(8)))
		if err != nil {
			return err
		}
		if got != id {
			return fmt.Errorf("sent trace %s as %q, the problem names %s", id, form[:2], got)
		}
	}
	return nil
}

func beginsNewTrace(ctx context.Context, c *Case) error {
	id := randomHex(16)
	for _, header := range []string{
		"", "conform", "00-" + strings.Repeat("0", 32) + "-" + randomHex(8) + "-01", "00-" + id + "-" + strings.Repeat("0", 16) + "-01",
		"ff-" + id + "-" + randomHex(8) + "-01", "00-" + strings.ToUpper(id[:31]) + "F-" + randomHex(8) + "-01", "00-" + id + "-" + randomHex(8) + "-01-extra",
	} {
		got, err := c.traced(ctx, header)
		if err != nil {
			return err
		}
		if !traceID.MatchString(got) || strings.Trim(got, "0") == "" || got == id {
			return fmt.Errorf("traceparent %q leads to trace %q", header, got)
		}
	}
	return nil
}

// asking makes the service ask an upstream, and returns what that was asked.
func (c *Case) asking(ctx context.Context, m mood, options ...option) (*Answer, []asked, error) {
	if len(c.ups) == 0 {
		return nil, nil, skip("it asks no service")
	}
	send, err := c.asker(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, u := range c.ups {
		defer u.feel(m)()
	}
	if m.status != 0 || m.hang { // else 503 is an answer to be asked again
		options = append(options, asIs())
	}
	a := send(options...)
	var all []asked
	for _, u := range c.ups {
		all = append(all, u.requests()...)
	}
	return a, all, nil
}

// asker is a request that makes the service ask: a page, or a write that says so.
func (c *Case) asker(ctx context.Context) (func(...option) *Answer, error) {
	w := c.Settings.Change
	switch {
	case len(c.Settings.Pages) > 0:
		return func(o ...option) *Answer { return c.ask(ctx, "GET", c.Settings.Pages[0], o...) }, nil
	case w != nil && w.Asks:
		v, err := c.versioned(ctx)
		if err != nil {
			return nil, err
		}
		tag, err := c.tag(ctx, v)
		if err != nil {
			return nil, err
		}
		return func(o ...option) *Answer { return c.change(ctx, v, w.Body, append([]option{match(tag)}, o...)...) }, nil
	case c.Settings.Create != nil && c.Settings.Create.Asks:
		return func(o ...option) *Answer { return c.post(ctx, newID(), o...) }, nil
	}
	return nil, skip("no request of conform.json asks an upstream")
}

func passesTraceOn(ctx context.Context, c *Case) error {
	if err := c.joins(ctx); err != nil {
		return err
	}
	id, span := randomHex(16), randomHex(8)
	_, all, err := c.asking(ctx, mood{}, with("Traceparent", "00-"+id+"-"+span+"-01"))
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return unseen("it did not ask")
	}
	for _, r := range all {
		parts := strings.Split(r.header.Get("Traceparent"), "-")
		if len(parts) < 4 || parts[1] != id {
			return fmt.Errorf("%s %s was asked with traceparent %q, the trace is %s", r.method, r.path, r.header.Get("Traceparent"), id)
		}
		if parts[2] == span {
			return errors.New("the caller's span is passed on as the service's own")
		}
	}
	return nil
}

func passesStateOn(ctx context.Context, c *Case) error {
	_, all, err := c.asking(ctx, mood{}, with("Tracestate", "conform=1"))
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return unseen("it did not ask")
	}
	for _, r := range all {
		if r.header.Get("Tracestate") != "conform=1" {
			return fmt.Errorf("%s %s was asked with tracestate %q", r.method, r.path, r.header.Get("Tracestate"))
		}
	}
	return nil
}
