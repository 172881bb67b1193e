package conform

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

func upstreamRules() []Rule {
	local := []Mode{Local}
	return []Rule{
		{ID: "U-01", Title: "A service asks only what the provider describes", Level: Must, Modes: local, timed: true, check: asksWhatIsDescribed},
		{ID: "U-02", Title: "503 when an upstream fails, never 500", Level: Must, Modes: local, timed: true, check: upstreamFails},
		{ID: "U-03", Title: "What an upstream's newer release adds is ignored", Level: Must, Modes: local, timed: true, check: upstreamGrows},
		{ID: "U-04", Title: "X-Shop-Sources also names who was asked", Level: Must, Modes: local, timed: true, check: sourcesAreMerged},
		{ID: "S-01", Title: "503 within X-Shop-Deadline", Level: Must, Modes: local, timed: true, check: deadlineIsKept},
		{ID: "S-02", Title: "503 within 5 s where no deadline is named", Level: Must, Modes: local, timed: true, check: deadlineOfItsOwn},
		{ID: "S-03", Title: "The deadline is passed on, less what is used up", Level: Must, Modes: local, timed: true, check: deadlineIsPassedOn},
	}
}

func asksWhatIsDescribed(ctx context.Context, c *Case) error {
	if _, _, err := c.asking(ctx, mood{}); err != nil {
		return err
	}
	for _, u := range c.ups {
		if strange := u.strange(); len(strange) > 0 {
			return errors.New(strings.Join(strange[:1], "; "))
		}
	}
	return nil
}

// unavailable wants 503; pages may also do without the part.
func (c *Case) unavailable(a *Answer) error {
	if len(c.Settings.Pages) > 0 && a.is(200) {
		return nil
	}
	return a.want(503) // Retry-After is E-17's
}

func upstreamFails(ctx context.Context, c *Case) error {
	for _, status := range []int{500, 503, 429, 418} {
		a, all, err := c.asking(ctx, mood{status: status})
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return unseen("it did not ask")
		}
		if err := c.unavailable(a); err != nil {
			return fmt.Errorf("an upstream answers %d: %w", status, err)
		}
	}
	return nil
}

func upstreamGrows(ctx context.Context, c *Case) error {
	usual, _, err := c.asking(ctx, mood{})
	if err != nil {
		return err
	}
	if usual.Status/100 != 2 {
		return unseen("the request does not work: %d %s", usual.Status, clip(usual.Body))
	}
	a, _, err := c.asking(ctx, mood{grown: true})
	if err != nil {
		return err
	}
	return a.want(200, 201, 204)
}

func sourcesAreMerged(ctx context.Context, c *Case) error {
	a, all, err := c.asking(ctx, mood{})
	if err != nil {
		return err
	}
	if len(all) == 0 || a.Err != nil {
		return unseen("it did not ask")
	}
	sources := "," + strings.ReplaceAll(strings.Join(a.Header.Values("X-Shop-Sources"), ","), " ", "") + ","
	for _, u := range c.ups {
		if len(u.requests()) > 0 && !strings.Contains(sources, ","+u.name+"="+release+",") {
			return fmt.Errorf("X-Shop-Sources is %q, and %s was asked", strings.Trim(sources, ","), u.name)
		}
	}
	return nil
}

func deadlineIsKept(ctx context.Context, c *Case) error {
	const limit = 300 * time.Millisecond
	return c.within(ctx, limit+c.Times.Slack, with("X-Shop-Deadline", strconv.Itoa(int(limit.Milliseconds()))))
}

func deadlineOfItsOwn(ctx context.Context, c *Case) error {
	return c.within(ctx, c.Times.Deadline+c.Times.Slack)
}

// within wants a 503 in time, while upstreams say nothing.
func (c *Case) within(ctx context.Context, limit time.Duration, options ...option) error {
	a, all, err := c.asking(ctx, mood{hang: true}, options...)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return unseen("it did not ask")
	}
	if a.took > limit {
		return fmt.Errorf("it took %s, %s were left", a.took.Round(10*time.Millisecond), limit)
	}
	return c.unavailable(a)
}

func deadlineIsPassedOn(ctx context.Context, c *Case) error {
	const limit = 2500
	_, all, err := c.asking(ctx, mood{}, with("X-Shop-Deadline", strconv.Itoa(limit)))
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return unseen("it did not ask")
	}
	for _, r := range all {
		left, err := strconv.Atoi(r.header.Get("X-Shop-Deadline"))
		if err != nil || left <= 0 || left > limit {
			return fmt.Errorf("%s %s was asked with X-Shop-Deadline %q, %d ms were left", r.method, r.path, r.header.Get("X-Shop-Deadline"), limit)
		}
	}
	return nil
}
