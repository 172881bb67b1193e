package conform

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

func eventRules() []Rule {
	local := []Mode{Local}
	return []Rule{
		{ID: "V-01", Title: "A change puts its events into the outbox in its own commit; a refusal or a replay puts none", Level: Must, Modes: local, check: eventsOncePerCommit},
		{ID: "V-02", Title: "Every event is a CloudEvent by the schema, of the service's own", Level: Must, Modes: local, check: envelopes},
		{ID: "V-03", Title: "An event that comes again has no second effect", Level: Must},
		{ID: "V-04", Title: "Members of an event that are not known are ignored", Level: Must},
		{ID: "V-05", Title: "An event of a type that is not known is acknowledged and left alone", Level: Must},
	}
}

// outbox are the envelopes that stand in the service's outbox.
func (c *Case) outbox(ctx context.Context) ([]string, error) {
	if c.db == nil || !c.Settings.Outbox {
		return nil, skip("it publishes no event")
	}
	conn, err := c.db.Connect(ctx)
	if err != nil {
		return nil, unseen("%v", err)
	}
	defer conn.Close(ctx) //nolint:errcheck // it was read only
	rows, err := conn.Query(ctx, "SELECT event::text FROM "+pgx.Identifier{c.Settings.Schema, "outbox"}.Sanitize()+" ORDER BY seq")
	if err != nil {
		return nil, fmt.Errorf("reading the outbox: %w", err)
	}
	events, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("reading the outbox: %w", err)
	}
	c.sees()
	return events, nil
}

func eventsOncePerCommit(ctx context.Context, c *Case) error {
	before, err := c.outbox(ctx)
	if err != nil {
		return err
	}
	key, _, err := c.madeOnce(ctx)
	if err != nil {
		return err
	}
	made, err := c.outbox(ctx)
	if err != nil {
		return err
	}
	if len(made) == len(before) {
		return errors.New("what create made is told by no event")
	}
	c.post(ctx, key)                                                                                  // a replay
	c.post(ctx, newID(), c.Settings.Create.sends(c.Settings.Create.spoiled()), with("Accept", "*/*")) // a refusal
	after, err := c.outbox(ctx)
	if err == nil && len(after) != len(made) {
		return fmt.Errorf("a replay and a refusal put %d events into the outbox", len(after)-len(made))
	}
	return err
}

func envelopes(ctx context.Context, c *Case) error {
	if _, _, err := c.madeOnce(ctx); err != nil && c.Settings.Outbox {
		return err
	}
	all, err := c.outbox(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return unseen("there is no event: see V-01")
	}
	for _, event := range all {
		if err := validateBy("event", []byte(event)); err != nil {
			c.evidence = []Exchange{{Request: "an event of the outbox", Response: event}}
			return err
		}
		if source := fmt.Sprint(members([]byte(event))["source"]); source != c.Settings.Service {
			return fmt.Errorf("an event's source is %q", source)
		}
	}
	return nil
}
