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
	// A Gateway may answer everybody but the operator: it asks for a login, or cannot be reached from
	// within. Where it says that it took the route up, nobody met another release in so many rounds, and
	// so much time has passed since the switch, its word counts: a release is not kept for ever.
	silence = 12
	trusted = 5 * time.Minute
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
	silent  int       // rounds in a row in which no release answered
	word    time.Time // since when the Gateways' word counts
	said    string
	running bool
}

// Known returns since when customers are known to reach the release by the switch; zero: they are not.
func (p *Prober) Known(shop types.NamespacedName, since time.Time, release string) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f := p.shops[shop]; f.of(since, release) {
		return f.known()
	}
	return time.Time{}
}

// Word says why a switch is known by the Gateways' word alone; "": it was seen, or is not known.
func (p *Prober) Word(shop types.NamespacedName, since time.Time, release string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f := p.shops[shop]; f.of(since, release) && f.good < enough && !f.word.IsZero() {
		return f.said
	}
	return ""
}

func (f *findings) known() time.Time {
	if f.good >= enough {
		return f.first
	}
	return f.word
}

func (f *findings) of(since time.Time, release string) bool {
	return f != nil && f.since.Equal(since) && f.release == release
}

// Ask begins a round, unless one is under way, and returns what is known without waiting for it.
func (p *Prober) Ask(q Question) Answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.findings(q)
	if at := f.known(); !at.IsZero() {
		return Answer{Since: at}
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
	said, other := p.look(q)
	p.mu.Lock()
	defer p.mu.Unlock()
	f.running, f.said = false, said
	if f.silent++; said == "" || other {
		f.silent = 0
	}
	if now := p.Now(); f.silent >= silence && now.Sub(q.Switch) > trusted {
		f.word = now
	}
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

// look asks every entrance and returns what the first met that does not answer from the release;
// "": all of them do. other tells whether another release answers at any of them.
func (p *Prober) look(q Question) (said string, other bool) {
	for _, e := range q.Entrances {
		ctx, cancel := context.WithTimeout(context.Background(), deadline)
		release, err := p.Asker.Ask(ctx, e)
		cancel()
		met := ""
		switch {
		case err != nil:
			met = err.Error()
		case release != q.Release:
			met, other = fmt.Sprintf("%s still answers from release %s", e.URL, release), true
		}
		if said == "" {
			said = met
		}
		if other {
			break
		}
	}
	return said, other
}
