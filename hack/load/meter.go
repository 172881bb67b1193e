package main

import (
	"context"
	"os"
	"syscall"
	"time"

	"github.com/emporium-shop/emporium/test/stage"
)

// between is how often the kubelets are asked; each measures every 10 to 15 seconds.
const between = 10 * time.Second

// meter looks at the cluster's CPU now and then.
type meter struct {
	stage stage.Stage
	cores int
	looks []stage.CPULook
	begun time.Time
	own   time.Duration
	stop  context.CancelFunc
	done  chan error
}

// meterOn begins to look; nil where there is no cluster to look at.
func (o options) meterOn(ctx context.Context) (*meter, error) {
	if !o.cluster {
		return nil, nil
	}
	s, err := stage.Here(os.Stderr)
	if err != nil {
		return nil, err
	}
	m := &meter{stage: s, begun: time.Now(), own: ownCPU(), done: make(chan error, 1)}
	if m.cores, err = s.Cores(ctx); err != nil {
		return nil, err
	}
	if err := m.look(ctx); err != nil {
		return nil, err
	}
	ctx, m.stop = context.WithCancel(ctx)
	go func() { m.done <- m.run(ctx) }()
	return m, nil
}

func (m *meter) look(ctx context.Context) error {
	look, err := m.stage.CPU(ctx)
	m.looks = append(m.looks, look)
	return err
}

func (m *meter) run(ctx context.Context) error {
	tick := time.NewTicker(between)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := m.look(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// end takes the last look, and says what was used between two moments.
func (m *meter) end(ctx context.Context, from, to time.Time, requests float64) (*cpu, error) {
	if m == nil {
		return nil, nil
	}
	own := (ownCPU() - m.own).Seconds() / time.Since(m.begun).Seconds()
	m.stop()
	if err := <-m.done; err != nil {
		return nil, err
	}
	if err := m.look(ctx); err != nil {
		return nil, err
	}
	c := spentBetween(m.looks, from, to)
	c.Cores = m.cores
	c.Services = append(c.Services, spent{Service: generator, Cores: own})
	c.settle(!m.stage.Foreign, requests)
	return &c, nil
}

// ownCPU is what this process has used.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
