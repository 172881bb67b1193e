package conform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

func logRules() []Rule {
	local := []Mode{Local}
	return []Rule{
		{ID: "G-01", Title: "The log is one JSON object a line, with time, level and msg", Level: Must, Modes: local, check: logIsJSON},
		{ID: "P-01", Title: "No mail address, card number or token in a log, a metric or a header", Level: Must, Modes: local, check: personalData},
	}
}

func logIsJSON(_ context.Context, c *Case) error {
	all := c.log.copy()
	if len(all) == 0 {
		return unseen("it wrote nothing")
	}
	c.sees()
	for _, line := range all {
		var entry map[string]any
		if json.Unmarshal([]byte(line), &entry) != nil {
			return fmt.Errorf("a line of the log is no JSON object: %s", clipText(line, 200))
		}
		for _, name := range []string{"time", "level", "msg"} {
			if entry[name] == nil {
				return fmt.Errorf("a line of the log has no %s: %s", name, clipText(line, 200))
			}
		}
	}
	return nil
}

const (
	markerMail = "conform.marker@example.org"
	markerCard = "4111111111111111"
	marker     = "conform-secret-marker"
)

// personalData sends the markers wherever a caller can put them, and looks for
// them wherever others can read.
func personalData(ctx context.Context, c *Case) error {
	path, t, err := c.something(ctx)
	if err != nil {
		path, t = "/contract", nil
	}
	body := []byte(text(map[string]string{"email": markerMail, "card": markerCard}))
	answers := []*Answer{
		c.ask(ctx, "GET", joined(path, "email="+markerMail+"&card="+markerCard), about(t)),
		c.ask(ctx, "GET", path, about(t), with("Authorization", "Bearer "+marker)),
	}
	if w := c.Settings.Create; w != nil {
		answers = append(answers, c.post(ctx, newID(), jsonBody(body)), c.post(ctx, marker+markerMail, jsonBody(body)))
	}
	if v, err := c.versioned(ctx); err == nil {
		answers = append(answers, c.change(ctx, v, body, match(`"`+markerMail+`"`)))
	}
	for _, a := range answers {
		if found := holds(headerText(a.Header)); found != "" {
			return fmt.Errorf("a header of the answer holds %s", found)
		}
	}
	if metrics := c.ask(ctx, "GET", "/metrics", at(c.Metrics), quiet()); metrics.Err == nil {
		if found := holds(string(metrics.Body)); found != "" {
			return fmt.Errorf("a metric holds %s", found)
		}
	}
	c.ask(ctx, "GET", "/conform/"+markerMail) // now, as a path in a metric is M-03's
	for _, line := range c.log.copy() {
		if found := holds(line); found != "" {
			return errors.New("a line of the log holds " + found + ": " + clipText(line, 200))
		}
	}
	return nil
}

func holds(text string) string {
	for _, m := range []string{markerMail, markerCard, marker} {
		if strings.Contains(text, m) {
			return m
		}
	}
	return ""
}
