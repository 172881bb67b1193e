package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// lookEvery is how often the schema is looked at.
	lookEvery = 2 * time.Second
	// patience is how long a database may be silent before a replica is not ready:
	// longer than a restart takes. Until then requests are answered 503 and come
	// again; without ready replicas customers would not get even that.
	patience = 30 * time.Second
)

var errUnseen = errors.New("the database was not looked at yet")

// Seen is what the last looks at the database found.
type Seen struct {
	// At is when a look was answered last; zero when none was yet.
	At time.Time
	// Fits is nil when the schema fitted this release then.
	Fits error
	// Err is why the last look was not answered, Since when that began.
	Err   error
	Since time.Time
}

// Ready tells whether a replica may be asked: at once not, when the schema does
// not fit; after 30 s, when the database does not answer.
func (s Seen) Ready(now time.Time) error {
	switch {
	case s.At.IsZero() && s.Err != nil:
		return s.Err
	case s.At.IsZero():
		return errUnseen
	case s.Fits != nil:
		return s.Fits
	case s.Err != nil && now.Sub(s.Since) > patience:
		return fmt.Errorf("silent for %s: %w", now.Sub(s.Since).Truncate(time.Second), s.Err)
	}
	return nil
}

// noted is what is seen after a look at now that ended with err.
func (s Seen) noted(now time.Time, err error) Seen {
	var fits unfit
	switch {
	case err == nil || errors.As(err, &fits):
		return Seen{At: now, Fits: err}
	case s.Err == nil:
		s.Since = now
	}
	s.Err = err
	return s
}

// watched is the state of Watch.
type watched struct {
	every  time.Duration
	mu     sync.Mutex
	seen   Seen
	listen map[string][]func(payload string)
}

// Seen tells what Watch saw last. It asks nobody.
func (db *DB) Seen() Seen {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.seen
}

// Listen calls do with each notification of a channel (NOTIFY), one after
// another, and with "" after each time that the connection was made anew: what
// was told in between is lost. Call it before Watch.
func (db *DB) Listen(channel string, do func(payload string)) {
	if db.listen == nil {
		db.listen = map[string][]func(string){}
	}
	db.listen[channel] = append(db.listen[channel], do)
}

// Watch looks at the schema every two seconds, on a connection of its own, until
// the context ends.
func (db *DB) Watch(ctx context.Context) {
	for ctx.Err() == nil {
		err := db.watch(ctx)
		if ctx.Err() != nil {
			return
		}
		db.note(err)
		select {
		case <-ctx.Done():
		case <-time.After(db.every):
		}
	}
}

// watch does so until its connection breaks.
func (db *DB) watch(ctx context.Context) error {
	conn, err := db.Connect(ctx, "watch")
	if err != nil {
		return asUnfit(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for channel, all := range db.listen {
		if _, err := conn.Exec(ctx, `LISTEN `+pgx.Identifier{channel}.Sanitize()); err != nil {
			return fmt.Errorf("listening to %s: %w", channel, err)
		}
		for _, do := range all {
			do("")
		}
	}
	for {
		if err := db.look(ctx, conn); err != nil {
			return err
		}
		if err := db.wait(ctx, conn); err != nil {
			return err
		}
	}
}

// look notes the verdict, and returns an error when the connection is of no use any more.
func (db *DB) look(ctx context.Context, conn *pgx.Conn) error {
	limited, cancel := context.WithTimeout(ctx, db.every)
	defer cancel()
	err := db.schema.check(limited, conn, db.needs)
	var fits unfit
	if err != nil && !errors.As(err, &fits) {
		return err
	}
	db.note(err)
	return nil
}

// wait hands notifications on until it is time for the next look.
func (db *DB) wait(ctx context.Context, conn *pgx.Conn) error {
	limited, cancel := context.WithTimeout(ctx, db.every)
	defer cancel()
	for {
		n, err := conn.WaitForNotification(limited)
		switch {
		case limited.Err() != nil && !conn.IsClosed():
			return ctx.Err()
		case err != nil:
			return fmt.Errorf("waiting for the next look: %w", err)
		}
		for _, do := range db.listen[n.Channel] {
			do(n.Payload)
		}
	}
}

func (db *DB) note(err error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.seen = db.seen.noted(time.Now(), err)
}
