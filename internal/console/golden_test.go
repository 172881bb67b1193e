package console_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/view/viewtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares what stands in the main part of a page: what is around it is the same on all.
func golden(t *testing.T, name, page string) {
	t.Helper()
	_, got, _ := strings.Cut(page, "<main")
	got, _, _ = strings.Cut(got, "</main>")
	_, got, _ = strings.Cut(got, "\n")
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-update writes it anew):\n%s", path, diff)
	}
}

// The page of a shop in every state, from the worlds that kubectl shop's golden files are made of.
func TestEveryState(t *testing.T) {
	for reason, o := range viewtest.Worlds() {
		t.Run(string(reason), func(t *testing.T) {
			d := open(t, o)
			d.now = viewtest.Now
			d.signIn(t, goodToken)
			w := d.get("/shops/acme/acme")
			wants(t, w, 200)
			wellFormed(t, string(reason), w.Body.String())
			golden(t, "shop-"+string(reason), w.Body.String())
			for _, path := range []string{"/shops", "/shops/acme/acme/history", "/shops/acme/acme/services/catalog", pausePath, "/shops/acme/acme/releases/" + viewtest.Candidate} {
				w := d.get(path)
				if w.Code != 404 {
					wants(t, w, 200)
				}
				wellFormed(t, path, w.Body.String())
			}
		})
	}
}

// What is read before each act, and what stands behind the links, in the state where people look for it.
func TestWhatIsReadBeforeAnAct(t *testing.T) {
	worlds := viewtest.Worlds()
	for name, x := range map[string]struct {
		reason v1alpha1.Reason
		path   string
	}{
		"promote":        {v1alpha1.ReasonAwaitingPromotion, promotePath + "?release=" + viewtest.Candidate},
		"promote-early":  {v1alpha1.ReasonStarting, promotePath + "?release=" + viewtest.Candidate},
		"back":           {v1alpha1.ReasonRollbackWindow, "/shops/acme/acme/back?release=" + viewtest.Previous},
		"retry":          {v1alpha1.ReasonCheckFailed, "/shops/acme/acme/retry"},
		"unpin":          {v1alpha1.ReasonRollbackRefused, "/shops/acme/acme/unpin"},
		"resume":         {v1alpha1.ReasonPaused, "/shops/acme/acme/resume"},
		"history":        {v1alpha1.ReasonGuardBroken, "/shops/acme/acme/history"},
		"release":        {v1alpha1.ReasonGuardBroken, "/shops/acme/acme/releases/" + viewtest.Candidate},
		"service":        {v1alpha1.ReasonStarting, "/shops/acme/acme/services/catalog"},
		"diff":           {v1alpha1.ReasonAwaitingPromotion, "/shops/acme/acme/diff"},
		"shops":          {v1alpha1.ReasonServing, "/shops"},
		"promote-nobody": {v1alpha1.ReasonServing, promotePath},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, worlds[x.reason])
			d.now = viewtest.Now
			d.signIn(t, goodToken)
			golden(t, name, d.get(x.path).Body.String())
		})
	}
}
