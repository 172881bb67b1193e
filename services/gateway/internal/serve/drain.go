package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// pollEvery is how often the end of upgraded connections is looked for.
const pollEvery = 20 * time.Millisecond

// Door is a server and what it listens on.
type Door struct {
	Server   *http.Server
	Listener net.Listener
}

// Drain says how to end.
type Drain struct {
	// Begin is called first: it makes the replica not ready.
	Begin func()
	// Delay is how long serving goes on after Begin.
	Delay time.Duration
	// Limit is how long what is in flight may take after that.
	Limit time.Duration
	// InFlight counts what is in flight, upgraded connections included: those
	// net/http has given away and does not wait for.
	InFlight func() int64
}

// Run serves all doors until ctx ends, and then drains. The error is nil when
// everything in flight was finished or reached the limit.
func Run(ctx context.Context, doors []Door, drain Drain, log *slog.Logger) error {
	group, end := errgroup.WithContext(ctx)
	for _, door := range doors {
		group.Go(door.serve)
	}
	group.Go(func() error {
		<-end.Done()
		drain.Begin()
		if ctx.Err() != nil { // asked to end, as against a door that broke
			<-time.After(drain.Delay)
		}
		return drain.finish(doors, log)
	})
	return group.Wait()
}

func (d Door) serve() error {
	if err := d.Server.Serve(d.Listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving on %s: %w", d.Listener.Addr(), err)
	}
	return nil
}

// finish waits for what is in flight. What is left at the limit are streams
// that would never end by themselves: they are cut.
func (d Drain) finish(doors []Door, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(context.Background(), d.Limit)
	defer cancel()
	var group errgroup.Group
	for _, door := range doors {
		group.Go(func() error {
			if err := door.Server.Shutdown(ctx); err != nil {
				log.Warn("Cutting what is still in flight", "address", door.Listener.Addr().String())
				return door.Server.Close()
			}
			return nil
		})
	}
	err := group.Wait()
	d.await(ctx)
	return err
}

func (d Drain) await(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for d.InFlight() > 0 {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
