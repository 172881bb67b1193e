package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/emporium-shop/emporium/services/internal/pause"
)

// firstTry and slowest are the pauses between tries to warm up.
const firstTry, slowest = 100 * time.Millisecond, 2 * time.Second

// warmUp tries until the service is warm. One that owns data begins when its
// schema is there.
func (p *Process) warmUp(ctx context.Context) {
	for wait := firstTry; ; wait = min(2*wait, slowest) {
		err := p.tryToWarm(ctx)
		p.warm.Store(&err)
		if err == nil {
			p.kit.Log.Info("started")
			return
		}
		if !pause.For(ctx, wait) {
			return
		}
	}
}

func (p *Process) tryToWarm(ctx context.Context) error {
	if db := p.kit.DB; db != nil {
		if err := db.Seen().Ready(p.kit.Now()); err != nil {
			return err
		}
	}
	if p.parts.Warm == nil || p.options.Work {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := guarded(ctx, p.parts.Warm); err != nil {
		return fmt.Errorf("warming up: %w", err)
	}
	return nil
}

// started tells whether the service was warm once.
func (p *Process) started(context.Context) error { return *p.warm.Load() }

// Stop drains and ends the process; ctx may cut that short. It returns nil when
// every request was answered and every worker ended.
func (p *Process) Stop(ctx context.Context) error {
	p.stopping.Do(func() { p.stopErr = p.drain(ctx) })
	return p.stopErr
}

func (p *Process) drain(ctx context.Context) error {
	cfg := p.kit.Config
	p.kit.Log.Info("draining", "delay", cfg.DrainDelay.String(), "limit", cfg.DrainLimit.String())
	p.server.Drain()
	if !p.options.Work { // nobody sends requests to one that works
		pause.For(ctx, cfg.DrainDelay)
	}
	limit, cancel := context.WithTimeout(ctx, cfg.DrainLimit)
	defer cancel()
	var errs []error
	if err := p.front.Shutdown(limit); err != nil {
		errs = append(errs, fmt.Errorf("draining: %w", err), p.front.Close())
	}
	// After the requests: one that was answered may have left work to do.
	p.endWork()
	if !waited(limit, p.workers.Wait) {
		errs = append(errs, errors.New("a worker did not end in time"))
	}
	if !waited(limit, p.group.wait.Wait) {
		errs = append(errs, errors.New("a goroutine did not end in time"))
	}
	p.close()
	return errors.Join(errs...)
}

// close ends what lives as long as the process.
func (p *Process) close() {
	p.endWork()
	p.endBackground()
	if p.back != nil {
		_ = p.back.Close() // the process ends: nobody to tell
	}
	p.watchers.Wait()
	if p.kit != nil {
		p.kit.closeBus()
	}
	if p.kit != nil && p.kit.DB != nil {
		p.kit.DB.Close()
	}
}

// waited tells whether something ended before its context.
func waited(ctx context.Context, wait func()) bool {
	done := make(chan struct{})
	go func() { defer close(done); wait() }()
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}
