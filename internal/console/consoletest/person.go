// Package consoletest is a person at a console without a cluster: a world that tests change, and what was done to it.
package consoletest

import (
	"context"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/act"
	"github.com/emporium-shop/emporium/internal/console"
	"github.com/emporium-shop/emporium/internal/view"
)

// Person is a console.Person. Its fields are set before it is used.
type Person struct {
	Identity console.Identity
	// Refused verbs, with the sentence.
	Refused map[string]string
	// Says is what Act and Try say; nil: they do it. It is called without the lock.
	Says func(act.Request) (act.Result, error)
	// Tails are the logs.
	Tails []console.Log

	mu       sync.Mutex
	worlds   []view.Objects
	acts     []act.Request
	fails    error
	asked    map[string]int
	watchers map[chan struct{}]struct{}
	begun    int
}

// New makes somebody who sees worlds.
func New(user string, worlds ...view.Objects) *Person {
	return &Person{
		Identity: console.Identity{User: user, Groups: []string{"team-web", "system:authenticated"}},
		worlds:   worlds, asked: map[string]int{}, watchers: map[chan struct{}]struct{}{},
	}
}

// Sees changes the world, and tells who watches.
func (p *Person) Sees(worlds ...view.Objects) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.worlds = worlds
	p.tell()
}

// Changes tells who watches that something changed.
func (p *Person) Changes() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tell()
}

// Fails lets every question have this error; nil ends it. Watches end with it.
func (p *Person) Fails(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fails = err
	p.tell()
}

func (p *Person) tell() {
	for w := range p.watchers {
		select {
		case w <- struct{}{}:
		default:
		}
	}
}

// Acts are those that were asked for.
func (p *Person) Acts() []act.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]act.Request{}, p.acts...)
}

// Asked counts how often something was asked for.
func (p *Person) Asked(what string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[what]
}

// Watches are those that are open, and all that ever were.
func (p *Person) Watches() (open, begun int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.watchers), p.begun
}

func (p *Person) ask(what string) ([]view.Objects, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked[what]++
	return p.worlds, p.fails
}

// Who implements console.Person, as does all below.
func (p *Person) Who(context.Context) (console.Identity, error) {
	_, err := p.ask("who")
	return p.Identity, err
}

// Shops are those of the worlds.
func (p *Person) Shops(context.Context) ([]v1alpha1.Shop, []view.Gap, error) {
	worlds, err := p.ask("shops")
	var all []v1alpha1.Shop
	for _, w := range worlds {
		all = append(all, *w.Shop)
	}
	return all, nil, err
}

// Objects of one of the worlds.
func (p *Person) Objects(_ context.Context, shop types.NamespacedName) (view.Objects, error) {
	worlds, err := p.ask("objects")
	if err != nil {
		return view.Objects{}, err
	}
	for _, w := range worlds {
		if w.Shop.Namespace == shop.Namespace && w.Shop.Name == shop.Name {
			return w, nil
		}
	}
	return view.Objects{}, apierrors.NewNotFound(schema.GroupResource{Group: v1alpha1.GroupVersion.Group, Resource: "shops"}, shop.Name)
}

// Refusals are those that were set.
func (p *Person) Refusals(context.Context, types.NamespacedName, []string) (map[string]string, error) {
	_, err := p.ask("refusals")
	return p.Refused, err
}

// Try says what Act would.
func (p *Person) Try(_ context.Context, r act.Request) error {
	if _, err := p.ask("try"); err != nil || p.Says == nil {
		return err
	}
	_, err := p.Says(r)
	return err
}

// Act notes it.
func (p *Person) Act(_ context.Context, r act.Request) (act.Result, error) {
	if _, err := p.ask("act"); err != nil {
		return act.Result{}, err
	}
	p.mu.Lock()
	p.acts = append(p.acts, r)
	p.mu.Unlock()
	if p.Says == nil {
		return act.Result{Done: "Done: " + r.Verb + ".", Changed: true, Release: r.Release}, nil
	}
	return p.Says(r)
}

// Logs are those that were set.
func (p *Person) Logs(context.Context, types.NamespacedName, string, string) ([]console.Log, error) {
	_, err := p.ask("logs")
	return p.Tails, err
}

// Watch calls changed for each change.
func (p *Person) Watch(ctx context.Context, _ string, changed func()) error {
	events := make(chan struct{}, 1)
	p.mu.Lock()
	p.watchers[events] = struct{}{}
	p.begun++
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.watchers, events)
		p.mu.Unlock()
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-events:
			if _, err := p.ask("watch"); err != nil {
				return err
			}
			changed()
		}
	}
}
