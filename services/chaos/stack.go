package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/shop"
)

// grace is how long a process may take to end: terminationGracePeriodSeconds.
const grace = 30 * time.Second

// stack is one release of the shop: its services, and its workers, which run while it serves.
type stack struct {
	name     string
	services []*process
	workers  []*process
	// ports are where the services listen, by name.
	ports map[string]int
	// metrics are where those tell of themselves that are not in Go.
	metrics map[string]int
}

// worker is the name of a service's second ShopService.
func worker(name string) string { return name + "-worker" }

// works tells whether a service has a worker.
func works(name string) bool {
	_, err := os.Stat(filepath.Join("services", name, "shop", "worker.yaml"))
	return err == nil
}

// newStack makes a stack that does not run yet.
func (w *world) newStack(name string) *stack {
	s := &stack{name: name, ports: map[string]int{}, metrics: map[string]int{}}
	for _, m := range w.members {
		s.ports[m.Name] = w.port()
		if m.New == nil {
			s.metrics[m.Name] = w.port()
		}
	}
	for _, m := range w.members {
		s.services = append(s.services, w.newProcess(s, m, m.Name, s.ports[m.Name], "serve"))
		if works(m.Name) {
			s.workers = append(s.workers, w.newProcess(s, m, worker(m.Name), w.port(), "work"))
		}
	}
	return s
}

func (w *world) newProcess(s *stack, m shop.Member, name string, port int, command string) *process {
	return &process{
		name: s.name + "/" + name, program: m.Name, command: w.foreign[m.Name].program, args: []string{command}, port: port, failed: w.endedByItself,
		log: filepath.Join(w.dir, s.name+"-"+name+".log"), probe: fmt.Sprintf("http://127.0.0.1:%d/readyz", port),
	}
}

// release names what the stack's processes are of from their next start on.
func (w *world) release(s *stack, release string) {
	for _, p := range slices.Concat(s.services, s.workers) {
		e := map[string]string{
			"SHOP": shopName, "SHOP_RELEASE": release, "PORT": fmt.Sprint(p.port), "METRICS_PORT": "0", "DRAIN_DELAY": "200ms", "DRAIN_LIMIT": "10s", "DB_POOL_MAX": "4",
			"SHOP_JWKS": w.jwks, "SHOP_SERVICE_KEY": w.keys[p.program], "EVENTS_URL": w.eventsURL(), "DATABASE_URL": w.databaseURL[p.program], "LOG_LEVEL": "warn",
			"PAYMENTS_WEBHOOK_URL": w.front.url + "/api/payments/webhooks", "PSP_WEBHOOK_SECRET": "whsec_chaos", "PSP_MOOD": moods[w.mood],
			// Who sells: without it nothing is invoiced.
			"SELLER_NAME": "Emporium Chaos GmbH", "SELLER_STREET": "Weg 1", "SELLER_POSTCODE": "10115", "SELLER_CITY": "Berlin", "SELLER_COUNTRY": "DE", "SELLER_VAT_NUMBER": "DE136695976",
			"GOMAXPROCS": "2", "PYTHONDONTWRITEBYTECODE": "1", "HOME": w.dir, "TMPDIR": os.TempDir(), "PATH": os.Getenv("PATH"), programVariable: p.program,
		}
		if port, told := s.metrics[p.program]; told && p.args[0] == "serve" {
			e["METRICS_PORT"] = fmt.Sprint(port)
		}
		for name, port := range s.ports {
			e[app.URLVariable(name)] = fmt.Sprintf("http://127.0.0.1:%d", port)
		}
		p.mu.Lock()
		p.env = nil
		for _, name := range slices.Sorted(maps.Keys(e)) {
			p.env = append(p.env, name+"="+e[name])
		}
		p.mu.Unlock()
	}
}

// start runs processes, and waits until they are ready.
func start(ctx context.Context, all []*process) error {
	for _, p := range all {
		if err := p.start(); err != nil {
			return fmt.Errorf("starting %s: %w", p.name, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for _, p := range all {
		if err := p.ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

// stopAll ends processes, all at once.
func stopAll(all []*process) {
	var each sync.WaitGroup
	for _, p := range all {
		each.Go(func() { p.stop(grace) })
	}
	each.Wait()
}

// stopNow kills processes for good.
func stopNow(all []*process) {
	for _, p := range all {
		p.mu.Lock()
		p.stopped = true
		p.mu.Unlock()
		p.kill()
	}
}
