package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"
)

// load is one way in which customers come: so many, each as soon as he is answered; or so many a second, whatever became of those before.
type load struct {
	clients int
	rate    float64
}

func (p plan) loads() []load {
	all := []load{{clients: p.clients}}
	if p.rate > 0 {
		all = append(all, load{rate: p.rate})
	}
	return all
}

func (l load) String() string {
	if l.rate > 0 {
		return fmt.Sprintf("%.0f/s begin", l.rate)
	}
	return fmt.Sprintf("%d customers", l.clients)
}

// mostWaiting bounds the orders that are under way: a shop that is so far behind has failed.
const mostWaiting = 400

// tally is what customers were told.
type tally struct {
	mu     sync.Mutex
	took   []time.Duration
	failed int
}

func (t *tally) note(took time.Duration, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil {
		t.took = append(t.took, took)
		return
	}
	if t.failed++; t.failed <= 3 {
		fmt.Fprintln(os.Stderr, "bench-orders:", err)
	}
}

// come lets customers come for a while, and waits for the last of them.
func (s *shop) come(ctx context.Context, l load, d time.Duration) (*tally, time.Duration) {
	t := &tally{}
	transport := &http.Transport{MaxIdleConnsPerHost: mostWaiting}
	defer transport.CloseIdleConnections()
	began := time.Now()
	ctx, cancel := context.WithDeadline(ctx, began.Add(d+30*time.Second))
	defer cancel()
	var all sync.WaitGroup
	if l.rate > 0 {
		s.open(ctx, l.rate, d, transport, t, &all)
	}
	for range l.clients {
		all.Go(func() {
			c := &customer{s, transport}
			for time.Since(began) < d && ctx.Err() == nil {
				t.note(c.order(ctx))
			}
		})
	}
	all.Wait()
	return t, time.Since(began)
}

// open begins orders by the clock.
func (s *shop) open(ctx context.Context, rate float64, d time.Duration, transport *http.Transport, t *tally, all *sync.WaitGroup) {
	began, places := time.Now(), make(chan struct{}, mostWaiting)
	for n := range int(rate * d.Seconds()) {
		select {
		case <-time.After(time.Until(began.Add(time.Duration(float64(n) / rate * float64(time.Second))))):
		case <-ctx.Done():
			return
		}
		select {
		case places <- struct{}{}:
		default:
			t.note(0, fmt.Errorf("%d orders are under way: no more begins", mostWaiting))
			continue
		}
		all.Go(func() {
			defer func() { <-places }()
			c := &customer{s, transport}
			t.note(c.order(ctx))
		})
	}
}
