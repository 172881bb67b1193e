package browser

import (
	"context"
	"log/slog"
	"net/url"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/errors"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/act"
	"github.com/emporium-shop/emporium/internal/console"
	"github.com/emporium-shop/emporium/internal/console/consoletest"
	"github.com/emporium-shop/emporium/internal/testing/browser"
	"github.com/emporium-shop/emporium/internal/view"
)

const shop = "/shops/acme/acme"

// desk is a console in token mode at a port of this machine. The token of somebody is their name.
type desk struct {
	url    string
	people map[string]*consoletest.Person
}

func openDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{people: map[string]*consoletest.Person{}}
	d.person("ana", consoletest.Awaiting())
	listener, err := console.Loopback(t.Context(), "0")
	if err != nil {
		t.Fatal(err)
	}
	hosts := console.Hosts(listener.Addr())
	d.url = "http://" + hosts[0]
	u, err := url.Parse(d.url)
	if err != nil {
		t.Fatal(err)
	}
	server, err := console.New(t.Context(), console.Options{
		Login: func(token string) (console.Person, error) {
			if p := d.people[token]; p != nil {
				return p, nil
			}
			return nil, errors.NewUnauthorized("Unauthorized")
		},
		Hosts: hosts, Port: u.Port(), Log: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	serve(t, func(ctx context.Context) error { return server.Serve(ctx, listener) })
	return d
}

func serve(t *testing.T, run func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// person is somebody whose approvals and ways back change their world.
func (d *desk) person(name string, world view.Objects) *consoletest.Person {
	p := consoletest.New(name+"@shop", world)
	p.Says = func(r act.Request) (act.Result, error) {
		return act.Result{Done: "spec.release.active of Shop acme names " + r.Release + ".", Changed: true, Release: r.Release}, nil
	}
	d.people[name] = p
	return p
}

// acts lets an act be followed by another world. A dry run asks too, so the world changes when the test says.
func waitForAct(t *testing.T, p *consoletest.Person) act.Request {
	t.Helper()
	for end := time.Now().Add(browser.Patience); ; time.Sleep(20 * time.Millisecond) {
		if acts := p.Acts(); len(acts) > 0 {
			return acts[len(acts)-1]
		}
		if time.Now().After(end) {
			t.Fatal("nobody acted")
		}
	}
}

// signIn pastes a token, and arrives at the only shop.
func signIn(t *testing.T, b *browser.Tab, token string) {
	t.Helper()
	b.Open(t, "/", 200)
	b.Wants(t, "A token of the cluster")
	b.Fill(t, "#token", token)
	b.Click(t, "form .button", 200)
}

var held = &act.Refusal{
	Code: act.HeldByGit, Message: "spec.release.active is held in Git: Flux Kustomization flux-system/acme (kustomize-controller).",
	Patch:  "    spec:\n      release:\n  -     active: acme-aaaaaaaa\n  +     active: acme-bbbbbbbb\n",
	Holder: &view.Holder{Manager: "kustomize-controller", Kind: "Kustomization", Namespace: "flux-system", Name: "acme"},
}

// inTrouble is a shop whose candidate does not start.
func inTrouble() view.Objects {
	o := consoletest.Awaiting()
	consoletest.Says(&o, v1alpha1.ReasonStartDeadlineExceeded, "release acme-bbbbbbbb was not ready within 10m0s: 19 of 20 services ready; waiting for search (ImagePullBackOff); change the services to replace it")
	o.Releases[1].Status.Services[17] = v1alpha1.ReleaseServiceStatus{Name: "search", Ready: 0, Wanted: 2, Reason: "ImagePullBackOff"}
	o.Shop.Status.WaitingFor = []v1alpha1.Wait{{Kind: v1alpha1.WaitService, Name: "search", Release: consoletest.Second, Reason: "ImagePullBackOff"}}
	o.Gaps = []view.Gap{{Kind: "pods", Namespace: "acme", Why: "you may not list pods"}}
	return o
}
