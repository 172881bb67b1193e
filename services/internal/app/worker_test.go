package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/telemetry"
	"github.com/emporium-shop/emporium/services/tokens"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func TestAWorkerThatFailsOrPanicsBeginsAgainWithLongerPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var began []time.Duration
		start := time.Now()
		w := Worker{Name: "w", Run: func(context.Context) error {
			began = append(began, time.Since(start))
			switch len(began) {
			case 1:
				return errors.New("no")
			case 2:
				panic("no")
			case 3:
				return errors.New("no")
			}
			return nil
		}}
		w.keep(ctx, quiet, nil)
		want := []time.Duration{0, time.Second, 3 * time.Second, 7 * time.Second}
		if len(began) != len(want) {
			t.Fatalf("began at %v", began)
		}
		for n := range want {
			if began[n] != want[n] {
				t.Errorf("began at %v, want %v", began, want)
			}
		}
	})
}

func TestAWorkerThatWorkedForLongBeginsAgainSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), 40*time.Minute)
		defer stop()
		var pauses []time.Duration
		var ended time.Time
		Worker{Name: "w", Run: func(context.Context) error {
			if !ended.IsZero() {
				pauses = append(pauses, time.Since(ended))
			}
			time.Sleep(5 * time.Minute)
			ended = time.Now()
			return errors.New("no")
		}}.keep(ctx, quiet, nil)
		for _, pause := range pauses {
			if pause > 2*firstPause {
				t.Errorf("paused for %s", pause)
			}
		}
		if len(pauses) < 5 {
			t.Errorf("pauses %v", pauses)
		}
	})
}

func TestWorkersRunWhereTheyAreMeantTo(t *testing.T) {
	for name, c := range map[string]struct {
		options       Options
		events, works bool
	}{
		"serve":         {Options{}, false, true},
		"serve, inline": {Options{Inline: true}, true, true},
		"work":          {Options{Work: true}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			var events, sweeps atomic.Bool
			p := &play{warm: func(context.Context) error { return nil }, workers: []Worker{
				{Name: "events", Run: func(context.Context) error { events.Store(true); return nil }},
				{Name: "sweep", Beside: true, Run: func(context.Context) error { sweeps.Store(true); return nil }},
			}}
			process := p.start(t, c.options)
			until(t, "ready", func() bool { return status(process.URL()+"/readyz") == 200 })
			want := 200
			if c.options.Work {
				want = 404
			}
			if got := status(process.URL() + "/things"); got != want {
				t.Errorf("a request: %d, want %d", got, want)
			}
			until(t, "the sweep", sweeps.Load)
			if err := process.Stop(context.Background()); err != nil || events.Load() != c.events {
				t.Errorf("takes events: %t, %v", events.Load(), err)
			}
		})
	}
}

func TestOfManyReplicasOneRunsASingleWorker(t *testing.T) {
	p := &play{schema: true}
	url := pgtest.URL(t, p.service().Schema)
	connect := func(ctx context.Context, purpose string) (*pgx.Conn, error) {
		return pgx.Connect(ctx, url+"&application_name="+purpose)
	}
	admin := pgtest.Admin(t, url)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var running, most, begun atomic.Int32
	w := Worker{Name: "relay", Single: true, Run: func(ctx context.Context) error {
		most.Store(max(most.Load(), running.Add(1)))
		begun.Add(1)
		defer running.Add(-1)
		<-ctx.Done()
		return ctx.Err()
	}}
	ended := make(chan struct{}, 3)
	first, stopFirst := context.WithCancel(ctx)
	go func() { w.keep(first, quiet, connect); ended <- struct{}{} }()
	until(t, "the first runs", func() bool { return begun.Load() == 1 })
	for range 2 {
		go func() { w.keep(ctx, quiet, connect); ended <- struct{}{} }()
	}
	until(t, "all wait for their turn", func() bool { return sessions(t, admin, "relay") == 3 })
	stopFirst()
	until(t, "another one takes over", func() bool { return begun.Load() == 2 })
	stop()
	for range 3 {
		<-ended
	}
	if most.Load() != 1 || begun.Load() != 2 {
		t.Errorf("%d at a time, %d in all", most.Load(), begun.Load())
	}
}

// sessions counts those that wait for the lock, or hold it.
func sessions(t *testing.T, admin *pgx.Conn, purpose string) (n int) {
	t.Helper()
	err := admin.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()`, purpose).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestASingleWorkerStopsWhenItsLockIsGone(t *testing.T) {
	p := &play{schema: true}
	url := pgtest.URL(t, p.service().Schema)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	began := make(chan struct{})
	go func() {
		stopped <- Worker{Name: "relay", Single: true, Run: func(ctx context.Context) error {
			close(began)
			<-ctx.Done()
			return ctx.Err()
		}}.once(t.Context(), func(context.Context, string) (*pgx.Conn, error) { return conn, nil })
	}()
	<-began
	admin := pgtest.Admin(t, url)
	if _, err := admin.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_try_advisory_lock%' AND pid <> pg_backend_pid()`); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-stopped:
		if err == nil {
			t.Error("the lost lock is no error")
		}
	case <-time.After(10 * time.Second):
		t.Error("it works on without its lock")
	}
}

func TestASingleWorkerNeedsADatabase(t *testing.T) {
	if err := (Worker{Name: "w", Single: true}).once(t.Context(), nil); !errors.Is(err, errSingle) {
		t.Errorf("%v", err)
	}
}

func TestWhatGoRunsMayPanicAndIsWaitedFor(t *testing.T) {
	p := &play{}
	process := p.start(t, Options{})
	leave := make(chan struct{})
	Go(process.background, "bad", func(context.Context) error { panic("no") })
	Go(process.background, "late", func(context.Context) error { <-leave; p.events.add("done"); return nil })
	Go(context.Background(), "outside of a process", func(context.Context) error { return errors.New("no") })
	time.AfterFunc(50*time.Millisecond, func() { close(leave) })
	if err := process.Stop(context.Background()); err != nil || p.events.String() != "done" {
		t.Errorf("%q, %v", p.events.String(), err)
	}
}

// A worker is another ShopService, and the same service to others: its tokens say so.
func TestAWorkerSignsAsItsService(t *testing.T) {
	key := tokens.OfSample("checkout")
	cfg := Config{Service: "checkout-worker", Shop: "acme", Release: "acme-1", ServiceKey: string(key.Private())}
	k, err := newKit(Service{Name: "checkout"}, cfg, io.Discard, telemetry.NewMetrics("1"))
	if err != nil {
		t.Fatal(err)
	}
	token, err := k.token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := access.KeysFrom(t.Context(), func(name string) string {
		return map[string]string{"SHOP_SERVICE_JWKS": string(tokens.JWKS(key))}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	if who, err := access.NewVerifier(keys, "acme", time.Now).Caller("Bearer " + token); err != nil || who.Subject != "checkout" {
		t.Errorf("%v, %v", who, err)
	}
}
