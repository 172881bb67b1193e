package conform

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
)

func conditionalRules() []Rule {
	running, local := []Mode{Remote, Local}, []Mode{Local}
	return []Rule{
		{ID: "C-01", Title: "A thing has a strong ETag, and 304 for who has it", Level: Must, Modes: running, check: notModified},
		{ID: "C-02", Title: "304 has ETag, Cache-Control and Vary of the 200, no Content-Type and no body", Level: Must, Modes: running, check: notModifiedKeepsHeaders},
		{ID: "C-03", Title: "If-None-Match compares weakly, takes a list and *", Level: Must, Modes: running, check: weakComparison},
		{ID: "C-04", Title: "428: a change without If-Match", Level: Must, Modes: local, check: preconditionRequired},
		{ID: "C-05", Title: "412: a change of another version, and nothing is changed", Level: Must, Modes: local, check: staleChange},
		{ID: "C-06", Title: "412: a weak tag never matches If-Match", Level: Must, Modes: local, check: weakChange},
		{ID: "C-07", Title: "Of two who change one version at once, one wins and one gets 412", Level: Must, Modes: local, check: twoWriters},
		{ID: "C-08", Title: "The answer to a change has the ETag of the next GET", Level: Must, Modes: local, check: changeTellsTheVersion},
		{ID: "C-09", Title: "If-Match: * matches what is there, and a list any of its tags", Level: Must, Modes: local, check: starMatches},
		{ID: "C-10", Title: "404: a change of what is not there, before 412", Level: Must, Modes: local, check: changeOfNothing},
	}
}

// tagged reads a thing that has an ETag.
func (c *Case) tagged(ctx context.Context) (path string, t *thing, a *Answer, err error) {
	path, t, err = c.readable(ctx)
	if err != nil {
		return "", nil, nil, err
	}
	a = c.ask(ctx, "GET", path, about(t))
	return path, t, a, a.want(200)
}

func notModified(ctx context.Context, c *Case) error {
	path, t, a, err := c.tagged(ctx)
	if err != nil {
		return err
	}
	tag := a.Header.Get("ETag")
	if !strings.HasPrefix(tag, `"`) || !strings.HasSuffix(tag, `"`) || len(tag) < 3 {
		return fmt.Errorf("ETag is %q, not a strong one in quotes", tag)
	}
	if err := c.ask(ctx, "GET", path, about(t), with("If-None-Match", tag)).want(304); err != nil {
		return err
	}
	return c.ask(ctx, "GET", path, about(t), with("If-None-Match", `"conform"`)).want(200)
}

// unchanged asks again with the ETag, or says why that cannot be looked at.
func (c *Case) unchanged(ctx context.Context, method string) (full, short *Answer, err error) {
	path, t, full, err := c.tagged(ctx)
	if err != nil {
		return nil, nil, err
	}
	short = c.ask(ctx, method, path, about(t), with("If-None-Match", full.Header.Get("ETag")))
	if short.Status != 304 {
		return nil, nil, unseen("there is no 304: see C-01")
	}
	return full, short, nil
}

func notModifiedKeepsHeaders(ctx context.Context, c *Case) error {
	for _, method := range []string{"GET", "HEAD"} {
		full, short, err := c.unchanged(ctx, method)
		if err != nil {
			return err
		}
		for _, name := range []string{"ETag", "Cache-Control", "Vary"} {
			if f, s := full.Header.Get(name), short.Header.Get(name); f != s {
				return fmt.Errorf("%s: %s is %q in the 200 and %q in the 304, which a cache then keeps", method, name, f, s)
			}
		}
		if kind := short.Header.Get("Content-Type"); kind != "" || len(short.Body) > 0 {
			return fmt.Errorf("%s: the 304 has Content-Type %q and %d bytes", method, kind, len(short.Body))
		}
	}
	return nil
}

func weakComparison(ctx context.Context, c *Case) error {
	path, t, a, err := c.tagged(ctx)
	if err != nil {
		return err
	}
	tag := a.Header.Get("ETag")
	if c.ask(ctx, "GET", path, about(t), with("If-None-Match", tag)).Status != 304 {
		return unseen("there is no 304: see C-01")
	}
	for _, value := range []string{"W/" + tag, `"conform", ` + tag, "*"} {
		if err := c.ask(ctx, "GET", path, about(t), with("If-None-Match", value)).want(304); err != nil {
			return fmt.Errorf("If-None-Match: %s: %w", value, err)
		}
	}
	return nil
}

func preconditionRequired(ctx context.Context, c *Case) error {
	v, err := c.versioned(ctx)
	if err != nil {
		return err
	}
	return c.change(ctx, v, v.write.Body).wantProblem(428)
}

// changed makes one change, so that the tag before it is stale.
func (c *Case) changed(ctx context.Context) (v *versioned, before, now string, err error) {
	if v, err = c.versioned(ctx); err != nil {
		return nil, "", "", err
	}
	if v.write.Other == nil {
		return nil, "", "", skip("change in conform.json has no other body")
	}
	if before, err = c.tag(ctx, v); err != nil {
		return nil, "", "", err
	}
	body := v.write.Body
	for range 2 { // the first may be what it is already, then nothing changes
		a := c.change(ctx, v, body, match(before))
		if a.Err != nil || a.Status/100 != 2 {
			return nil, "", "", unseen("a change does not work: %d %s", a.Status, clip(a.Body))
		}
		if now, err = c.tag(ctx, v); err != nil || now != before {
			return v, before, now, err
		}
		body = v.write.Other
	}
	return nil, "", "", unseen("two different changes leave the ETag as it is")
}

func staleChange(ctx context.Context, c *Case) error {
	v, before, now, err := c.changed(ctx)
	if err != nil {
		return err
	}
	if err := c.change(ctx, v, v.write.Other, match(before)).wantProblem(412); err != nil {
		return err
	}
	after, err := c.tag(ctx, v)
	if err == nil && after != now {
		return fmt.Errorf("a refused change changed the ETag from %s to %s", now, after)
	}
	return err
}

func weakChange(ctx context.Context, c *Case) error {
	v, err := c.versioned(ctx)
	if err != nil {
		return err
	}
	tag, err := c.tag(ctx, v)
	if err != nil {
		return err
	}
	return c.change(ctx, v, v.write.Body, match("W/"+tag)).wantProblem(412)
}

const rounds = 5

func twoWriters(ctx context.Context, c *Case) error {
	v, err := c.versioned(ctx)
	if err != nil {
		return err
	}
	if v.write.Other == nil {
		return skip("change in conform.json has no other body")
	}
	for range rounds {
		tag, err := c.tag(ctx, v)
		if err != nil {
			return err
		}
		a, b := c.both(ctx, v, tag)
		switch {
		case a.Err != nil || b.Err != nil:
			return errors.Join(a.Err, b.Err)
		case a.is(200, 204) && b.is(200, 204):
			return errors.New("two changes of one version at once both succeeded: one is lost")
		case !(a.is(200, 204) && b.is(412)) && !(b.is(200, 204) && a.is(412)):
			return fmt.Errorf("two changes of one version at once got %d and %d, want one 412", a.Status, b.Status)
		}
	}
	return nil
}

// both sends two different changes of one version at once.
func (c *Case) both(ctx context.Context, v *versioned, tag string) (a, b *Answer) {
	var all sync.WaitGroup
	all.Go(func() { a = c.change(ctx, v, v.write.Body, match(tag), quiet()) })
	all.Go(func() { b = c.change(ctx, v, v.write.Other, match(tag), quiet()) })
	all.Wait()
	c.keep(a)
	c.keep(b)
	return a, b
}

func changeTellsTheVersion(ctx context.Context, c *Case) error {
	v, err := c.versioned(ctx)
	if err != nil {
		return err
	}
	tag, err := c.tag(ctx, v)
	if err != nil {
		return err
	}
	a := c.change(ctx, v, v.write.Body, match(tag))
	if err := a.want(200, 204); err != nil {
		return unseen("a change does not work: %v", err)
	}
	if c.Settings.Change.Of == "" && a.Method == "DELETE" {
		return skip("what is deleted has no version")
	}
	after, err := c.tag(ctx, v)
	if err != nil {
		return err
	}
	if got := a.Header.Get("ETag"); got != after {
		return fmt.Errorf("the change answers ETag %q, GET then %q", got, after)
	}
	return nil
}

func starMatches(ctx context.Context, c *Case) error {
	v, err := c.versioned(ctx)
	if err != nil {
		return err
	}
	if err := c.change(ctx, v, v.write.Body, match("*")).want(200, 204); err != nil {
		return err
	}
	tag, err := c.tag(ctx, v)
	if err != nil {
		return err
	}
	return c.change(ctx, v, v.write.Body, match(`"0-conform", `+tag)).want(200, 204)
}

// changeOfNothing changes a thing of the same form that is not there.
func changeOfNothing(ctx context.Context, c *Case) error {
	v, err := c.versioned(ctx)
	if err != nil {
		return err
	}
	missing := c.missing(v)
	if missing == "" {
		return skip("conform.json has no missing, and the id of a thing cannot be told from its path")
	}
	return c.ask(ctx, v.write.method(), missing, jsonBody(v.write.Body), about(v.thing), match(`"1-conform"`)).wantProblem(404)
}

// missing is the write's path with the thing's id replaced by one that nobody has.
func (c *Case) missing(v *versioned) string {
	if c.Settings.Missing != "" {
		return strings.Replace(v.path, v.read, c.Settings.Missing, 1)
	}
	if v.thing == nil {
		return ""
	}
	cut := strings.LastIndexByte(v.thing.path, '/')
	return strings.Replace(v.path, v.thing.path, v.thing.path[:cut+1]+newID(), 1)
}
