package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/pause"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

const (
	// batch is how many events are published at a time.
	batch = 100
	// soon is after how long a relay looks again that may not sleep, because a
	// transaction is not committed yet.
	soon = 10 * time.Millisecond
	// nap is how long it sleeps at most.
	nap = 5 * time.Second
	// again is after how long it tries again what failed.
	again = 500 * time.Millisecond
	// keep is how long published events are kept, sweepEvery how often older ones are
	// deleted, and sweepBatch how many at a time.
	keep       = 24 * time.Hour
	sweepEvery = time.Minute
	sweepBatch = 500
)

// Relay returns a worker that publishes the events of a schema, in the order in
// which they were put, until its context ends. One of all replicas does so, on a
// connection of its own; the others wait for their turn.
func Relay(db *postgres.DB, bus func() (events.Bus, error)) func(context.Context) error {
	r := &relay{db: db, bus: bus, schema: db.Schema().Name}
	return r.run
}

type relay struct {
	db     *postgres.DB
	bus    func() (events.Bus, error)
	schema string
	swept  time.Time
}

// run begins again whenever PostgreSQL or NATS is away, and says so once.
func (r *relay) run(ctx context.Context) error {
	for told := false; ctx.Err() == nil; {
		worked, err := r.session(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if told = told && !worked; !told {
			slog.WarnContext(ctx, "publishing events again soon", "schema", r.schema, "error", err)
		}
		told = true
		pause.For(ctx, again)
	}
	return nil
}

// session publishes until something fails, and tells whether anything was well before.
func (r *relay) session(ctx context.Context) (worked bool, err error) {
	bus, err := r.bus()
	if err != nil {
		return false, err
	}
	conn, err := r.db.Connect(ctx, "outbox")
	if err != nil {
		return false, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // gives the turn back
	if _, err := conn.Exec(ctx, `LISTEN `+pgx.Identifier{channel(r.schema)}.Sanitize()); err != nil {
		return false, fmt.Errorf("listening for events: %w", err)
	}
	if err := postgres.Turn(ctx, conn, turn(r.schema)); err != nil {
		return false, err
	}
	for ; ; worked = true {
		if err := r.step(ctx, conn, bus); err != nil {
			return worked, err
		}
	}
}

// turn is the relay's: no name that a single worker of a service may have ("<service>/<worker>"), for that would wait for itself.
func turn(schema string) string { return schema + "/events/relay" }

// step publishes what there is, and waits for more.
func (r *relay) step(ctx context.Context, conn *pgx.Conn, bus events.Bus) error {
	if err := drain(ctx, conn, bus, r.schema); err != nil {
		return err
	}
	if err := r.sweep(ctx, conn); err != nil {
		return err
	}
	var quiet bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, idle(r.schema)).Scan(&quiet); err != nil {
		return fmt.Errorf("going to sleep: %w", err)
	}
	if !quiet {
		pause.For(ctx, soon)
		return ctx.Err()
	}
	// What was committed before we had the lock woke nobody.
	if err := drain(ctx, conn, bus, r.schema); err != nil {
		return err
	}
	return r.nap(ctx, conn)
}

// nap waits to be woken.
func (r *relay) nap(ctx context.Context, conn *pgx.Conn) error {
	limited, cancel := context.WithTimeout(ctx, nap)
	defer cancel()
	_, err := conn.WaitForNotification(limited)
	if err != nil && (limited.Err() == nil || conn.IsClosed()) {
		return fmt.Errorf("waiting for events: %w", err)
	}
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_unlock($1)`, idle(r.schema)); err != nil {
		return fmt.Errorf("waking up: %w", err)
	}
	return nil
}

// drain publishes until nothing is left.
func drain(ctx context.Context, conn *pgx.Conn, bus events.Bus, schema string) error {
	for {
		seqs, all, err := waiting(ctx, conn, schema)
		if err != nil || len(all) == 0 {
			return err
		}
		if err := bus.Publish(ctx, all); err != nil {
			return err
		}
		// A death here publishes them again.
		if _, err := conn.Exec(ctx, `UPDATE `+table(schema)+` SET published = clock_timestamp() WHERE seq = ANY($1)`, seqs); err != nil {
			return fmt.Errorf("marking events as published: %w", err)
		}
		for _, e := range all {
			events.Published.WithLabelValues(string(e.Type)).Inc()
		}
		if len(all) < batch {
			return nil
		}
	}
}

// waiting are the next events. One that was put earlier and is committed later
// comes with a later batch.
func waiting(ctx context.Context, conn *pgx.Conn, schema string) (seqs []int64, all []events.Event, err error) {
	rows, err := conn.Query(ctx, `SELECT seq, event FROM `+table(schema)+` WHERE published IS NULL ORDER BY seq LIMIT $1`, batch)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the outbox: %w", err)
	}
	var seq int64
	var text []byte
	_, err = pgx.ForEachRow(rows, []any{&seq, &text}, func() error {
		var e events.Event
		if err := json.Unmarshal(text, &e); err != nil {
			return fmt.Errorf("row %d: %w", seq, err)
		}
		seqs, all = append(seqs, seq), append(all, e)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading the outbox: %w", err)
	}
	return seqs, all, nil
}

// sweep deletes what was published long ago. The oldest rows are the first ones,
// so it looks at no others.
func (r *relay) sweep(ctx context.Context, conn *pgx.Conn) error {
	if time.Since(r.swept) < sweepEvery {
		return nil
	}
	for {
		n, err := conn.Exec(ctx, `DELETE FROM `+table(r.schema)+` WHERE seq IN (
			SELECT seq FROM (SELECT seq, published FROM `+table(r.schema)+` ORDER BY seq LIMIT $1) AS oldest
			WHERE published < now() - $2 * interval '1 microsecond')`, sweepBatch, keep.Microseconds())
		if err != nil {
			return fmt.Errorf("sweeping the outbox: %w", err)
		}
		if n.RowsAffected() < sweepBatch {
			r.swept = time.Now()
			return nil
		}
	}
}
