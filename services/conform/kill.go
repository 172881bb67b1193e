package conform

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

func killRules() []Rule {
	local := []Mode{Local}
	return []Rule{
		{ID: "D-07", Title: "After SIGKILL it starts again and is ready", Level: Must, Modes: local, timed: true, check: startsAfterKill},
		{ID: "I-11", Title: "Killed at any moment: one effect a key, and its answer is told", Level: Must, Modes: local, timed: true, check: killedMidway},
		{ID: "I-12", Title: "After a switch the new release gives the old one's answer", Level: Must, Modes: local, timed: true, check: replayAfterSwitch},
	}
}

func startsAfterKill(ctx context.Context, c *Case) error {
	c.proc.kill()
	c.sees()
	if err := c.launch(ctx, release); err != nil {
		return fmt.Errorf("after SIGKILL: %w", err)
	}
	if a := c.ask(ctx, "GET", "/readyz"); a.Status/100 != 2 {
		return fmt.Errorf("after SIGKILL /readyz answers %s", a.outcome())
	}
	return nil
}

// bookkeeping are tables whose rows are no effect.
var bookkeeping = []string{"migrations", "floor", "requests", "idempotency", "idempotency_keys", "outbox", "inbox", "inbox_tries", "inbox_parked", "parts"}

// rows counts the rows of the service's tables, by table.
func (c *Case) rows(ctx context.Context) (map[string]int64, error) {
	conn, err := c.db.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx) //nolint:errcheck // it was read only
	return c.countRows(ctx, conn)
}

func (c *Case) countRows(ctx context.Context, conn *pgx.Conn) (map[string]int64, error) {
	found, err := conn.Query(ctx, `SELECT table_name FROM information_schema.tables WHERE table_schema = $1 AND table_type = 'BASE TABLE'`, c.Settings.Schema)
	if err != nil {
		return nil, err
	}
	tables, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	out := map[string]int64{}
	for _, table := range tables {
		if slices.Contains(bookkeeping, table) {
			continue
		}
		var n int64
		if err := conn.QueryRow(ctx, "SELECT count(*) FROM "+pgx.Identifier{c.Settings.Schema, table}.Sanitize()).Scan(&n); err != nil {
			return nil, err
		}
		out[table] = n
	}
	return out, nil
}

// keys is how many requests are under way when the process is killed.
const keys = 12

// killedMidway counts: what one POST adds to the tables, n keys must add n times.
func killedMidway(ctx context.Context, c *Case) error {
	if err := c.hasCreate(); err != nil {
		return err
	}
	if c.db == nil {
		return skip("it owns no data")
	}
	zero, err := c.rows(ctx)
	if err != nil {
		return unseen("counting rows: %v", err)
	}
	if _, _, err := c.madeOnce(ctx, quiet()); err != nil {
		return err
	}
	one, err := c.rows(ctx)
	if err != nil {
		return unseen("counting rows: %v", err)
	}
	answers, err := c.killUnder(ctx)
	if err != nil {
		return err
	}
	if err := c.finish(ctx, answers); err != nil {
		return err
	}
	after, err := c.rows(ctx)
	if err != nil {
		return unseen("counting rows: %v", err)
	}
	for table := range after {
		each, all := one[table]-zero[table], after[table]-one[table]
		if all != each*int64(len(answers)) {
			return fmt.Errorf("a POST adds %d rows to %s; %d keys, repeated after SIGKILL, added %d", each, table, len(answers), all)
		}
	}
	return nil
}

// killUnder sends requests with a key each and kills the process among them,
// until a kill has left some without an answer.
func (c *Case) killUnder(ctx context.Context) (map[string]*Answer, error) {
	answers := map[string]*Answer{}
	for range 4 {
		lost, err := c.killOnce(ctx, answers)
		if err != nil {
			return nil, unseen("looking for the moment to kill: %v", err)
		}
		if err := c.launch(ctx, release); err != nil {
			return nil, unseen("it does not start after SIGKILL: see D-07: %v", err)
		}
		if lost > 0 {
			break
		}
	}
	return answers, nil
}

// killOnce kills when the first of the requests has put a row into the tables:
// the moment in which no process may die between effect and answer.
func (c *Case) killOnce(ctx context.Context, answers map[string]*Answer) (lost int, err error) {
	conn, err := c.db.Connect(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx) //nolint:errcheck // it was read only
	before, err := c.countRows(ctx, conn)
	if err != nil {
		return 0, err
	}
	var mu sync.Mutex
	ended := c.flood(func(key string, a *Answer) {
		mu.Lock()
		defer mu.Unlock()
		answers[key] = a
		if a.Err != nil {
			lost++
		}
	}, func(key string) *Answer { return c.post(ctx, key, quiet()) })
	for now := before; maps.Equal(now, before); {
		select {
		case <-ended:
			c.proc.kill()
			return lost, nil
		case <-time.After(time.Millisecond):
		}
		if now, err = c.countRows(ctx, conn); err != nil {
			break
		}
	}
	c.proc.kill()
	<-ended
	return lost, err
}

// flood sends requests with a key each at once; the channel is closed when all have ended.
func (c *Case) flood(note func(string, *Answer), send func(string) *Answer) <-chan struct{} {
	var all sync.WaitGroup
	for range keys {
		all.Go(func() {
			key := newID()
			note(key, send(key))
		})
	}
	ended := make(chan struct{})
	go func() {
		all.Wait()
		close(ended)
	}()
	return ended
}

// finish repeats every key until it has an answer, which must be the one that was told before.
func (c *Case) finish(ctx context.Context, answers map[string]*Answer) error {
	for key, told := range answers {
		a := c.post(ctx, key, quiet())
		for end := time.Now().Add(30 * time.Second); a.is(409) && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			a = c.post(ctx, key, quiet())
		}
		c.keep(a)
		if a.Err != nil || a.Status/100 != 2 {
			return fmt.Errorf("a key whose request was killed: want 2xx, got %s", a.outcome())
		}
		if told.Err == nil && told.Status/100 == 2 {
			if err := same(told, a); err != nil {
				return fmt.Errorf("an answer that was told before SIGKILL: %w", err)
			}
		}
	}
	return nil
}

// replayAfterSwitch starts the same program as another release on the same
// data. Another program of that release would answer the same: it only reads.
func replayAfterSwitch(ctx context.Context, c *Case) error {
	key, one, err := c.madeOnce(ctx)
	if err != nil {
		return err
	}
	if c.db == nil {
		return skip("it owns no data")
	}
	p, err := c.spawn(newer)
	if err != nil {
		return unseen("%v", err)
	}
	defer p.kill()
	if err := p.ready(ctx, c.client); err != nil {
		return unseen("a second process is not ready: %v", err)
	}
	again := c.post(ctx, key, at(p.url), quiet())
	c.keep(again)
	if sources := again.Header.Get("X-Shop-Sources"); again.Err == nil && !strings.Contains(sources, newer) {
		return errors.New("X-Shop-Sources of the new release's answer does not name it: " + sources)
	}
	return same(one, again)
}
