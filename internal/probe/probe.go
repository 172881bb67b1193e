package probe

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// enough is how many good rounds, one after the other, prove that the Gateways follow: a
	// Gateway has several proxies, and one of them may lag.
	enough = 3
	// soon and later are the times between two rounds, before and after patience ran out.
	soon     = 250 * time.Millisecond
	later    = 5 * time.Second
	patience = time.Minute
	// deadline is how long one answer is waited for.
	deadline = time.Second
)

// Question asks whether customers reach the release since the switch.
type Question struct {
	Shop    types.NamespacedName
	Switch  time.Time
	Release string
	// Entrances that customers may come by; all of them must answer from the release.
	Entrances []Entrance
}

// Entrance is one way to the shop.
type Entrance struct {
	// URL to ask, and Host that it is asked for; "": that of the URL.
	URL, Host string
}

// Answer is what is known so far.
type Answer struct {
	// Since is when the first of enough good rounds ended; zero: it is not proven yet.
	Since time.Time
	// Said is what the last round met, in a sentence that is the same on every retry.
	Said string
	// Again is the time after which to ask again; 0: no need.
	Again time.Duration
}

// Asker asks one entrance for the release that answers there.
type Asker interface {
	Ask(context.Context, Entrance) (release string, err error)
}

// Prober makes a round each time that it is asked, in the background: a Gateway that does not
// answer must not hold up the pass of another shop. What it finds out is kept in
// memory only; losing it means asking again.
type Prober struct {
	Asker Asker
	Now   func() time.Time

	mu    sync.Mutex
	shops map[types.NamespacedName]*findings
}

type findings struct {
	since   time.Time // the switch
	release string
	good    int
	first   time.Time
	said    string
	running bool
}

// Known returns since when customers are known to reach the release by the switch; zero: they are not.
func (p *Prober) Known(shop types.NamespacedName, since time.Time, release string) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f := p.shops[shop]; f.of(since, release) && f.good >= enough {
		return f.first
	}
	return time.Time{}
}

func (f *findings) of(since time.Time, release string) bool {
	return f != nil && f.since.Equal(since) && f.release == release
}

// Ask begins a round, unless one is under way, and returns what is known without waiting for it.
func (p *Prober) Ask(q Question) Answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.findings(q)
	if f.good >= enough {
		return Answer{Since: f.first}
	}
	if !f.running {
		f.running = true
		go p.round(q, f)
	}
	again := soon
	if p.Now().Sub(q.Switch) > patience {
		again = later
	}
	return Answer{Said: f.said, Again: again}
}

// Forget drops what is known of a shop.
func (p *Prober) Forget(shop types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.shops, shop)
}

func (p *Prober) findings(q Question) *findings {
	if p.shops == nil {
		p.shops = map[types.NamespacedName]*findings{}
	}
	if f := p.shops[q.Shop]; f.of(q.Switch, q.Release) {
		return f
	}
	f := &findings{since: q.Switch, release: q.Release, said: "it is being asked which release answers"}
	p.shops[q.Shop] = f
	return f
}

func (p *Prober) round(q Question, f *findings) {
	said := p.look(q)
	p.mu.Lock()
	defer p.mu.Unlock()
	f.running, f.said = false, said
	switch {
	case said != "":
		f.good = 0
	case f.good == 0:
		f.good, f.first = 1, p.Now()
	default:
		f.good++
	}
	if said == "" {
		f.said = "it is being asked again, to be sure"
	}
}

// look asks every entrance; "": all of them answer from the release.
func (p *Prober) look(q Question) string {
	for _, e := range q.Entrances {
		ctx, cancel := context.WithTimeout(context.Background(), deadline)
		release, err := p.Asker.Ask(ctx, e)
		cancel()
		switch {
		case err != nil:
			return err.Error()
		case release != q.Release:
			return fmt.Sprintf("%s still answers from release %s", e.URL, release)
		}
	}
	return ""
}
