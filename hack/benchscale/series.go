package main

import (
	"context"
	"time"
)

// measure runs one series on an API server of its own.
func (p plan) measure(ctx context.Context, o options, root string, s subject, binary, work string) (series, error) {
	out := series{Operator: s.name, Shops: p.started + p.clones, Secrets: p.secrets, Together: p.together, Operators: p.operators}
	ctx, cancel := context.WithTimeout(ctx, o.patience)
	defer cancel()
	var audit *audit
	if p.count {
		var err error
		if audit, err = newAudit(work); err != nil {
			return out, err
		}
	}
	server, err := startServer(root, s.checkout, work, audit)
	if err != nil {
		return out, err
	}
	defer server.stop()
	ctx, fail := context.WithCancelCause(ctx) // actor and watches end before the API server
	defer fail(nil)
	l := &lab{layout: layout{p.together}, processes: max(1, p.operators), fail: fail, server: server, shops: p.started, secrets: p.secrets, binary: binary, work: work, flags: s.flags}
	if err := runActor(ctx, server.kube); err != nil {
		return out, err
	}
	if l.watch, err = watchShops(ctx, server, l.layout); err != nil {
		return out, err
	}
	if err := l.start(ctx); err != nil {
		return out, err
	}
	defer func() { _ = l.halt() }() // its figures are read
	err = p.phases(ctx, l, o, func(rows []row, err error) error {
		if err == nil {
			out.Rows = append(out.Rows, rows...)
		}
		return err
	})
	return out, err
}

// phases runs them in an order in which none hinders the next: a shop that was just released
// keeps its old stack, so that the storm leaves out the first.
func (p plan) phases(ctx context.Context, l *lab, o options, keep func([]row, error) error) error {
	one := func(r row, err error) error { return keep([]row{r}, err) }
	if err := one(l.cold(ctx, 1, p.started)); err != nil {
		return err
	}
	if p.count {
		if err := keep(l.release(ctx, "2")); err != nil {
			return err
		}
		return one(l.oneService(ctx, "3"))
	}
	if p.clones > 0 {
		if err := one(l.takeOver(ctx, p)); err != nil {
			return err
		}
	}
	phases := []func() error{
		func() error { return one(l.idle(ctx, o.rest)) },
		func() error { return one(l.restart(ctx, "restart")) },
		func() error { return keep(l.release(ctx, "2")) },
	}
	if o.storm {
		phases = append(phases, func() error { return one(l.storm(ctx, "3")) })
	}
	for _, phase := range phases {
		if err := phase(); err != nil {
			return err
		}
	}
	return nil
}

// takeOver clones the first shop while the operator is away, and lets it take the clones over.
// What it writes then is what it writes after a restored backup: UIDs are other ones.
func (l *lab) takeOver(ctx context.Context, p plan) (row, error) {
	if _, err := l.quiet(ctx); err != nil {
		return row{}, err
	}
	if err := l.halt(); err != nil {
		return row{}, err
	}
	l.shops = p.started + p.clones
	if err := l.cloneShops(ctx, p.started+1, l.shops); err != nil {
		return row{}, err
	}
	if err := sleep(ctx, 5*time.Second); err != nil { // until actor and caches hold them
		return row{}, err
	}
	return l.restart(ctx, "take over clones")
}
