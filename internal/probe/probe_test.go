package probe

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

var (
	shop    = types.NamespacedName{Namespace: "shops", Name: "acme"}
	written = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
)

// script answers one round after the other, each when the test says so.
type script struct{ answers chan string }

func (s script) Ask(context.Context, Entrance) (string, error) {
	a := <-s.answers
	if a == "down" {
		return "", errors.New("it does not answer")
	}
	return a, nil
}

type rounds struct {
	t *testing.T
	p *Prober
	s script
	// now is read under the prober's lock only.
	now time.Time
}

func newRounds(t *testing.T) *rounds {
	r := &rounds{t: t, s: script{make(chan string)}, now: written}
	r.p = &Prober{Asker: r.s, Now: func() time.Time { return r.now }}
	return r
}

func question(at time.Time) Question {
	return Question{Shop: shop, Switch: at, Release: "new", Entrances: []Entrance{{URL: "http://gateway/"}}}
}

// round lets one round be answered and waits until it is written down.
func (r *rounds) round(at time.Time, answer string) Answer {
	r.t.Helper()
	r.p.Ask(question(at))
	r.s.answers <- answer
	for {
		r.p.mu.Lock()
		ended := !r.p.shops[shop].running
		r.now = r.now.Add(10 * time.Millisecond)
		f := *r.p.shops[shop]
		r.p.mu.Unlock()
		if ended {
			return Answer{Since: r.p.Known(shop, at, "new"), Said: f.said}
		}
	}
}

func TestThreeGoodRoundsInARowProveASwitch(t *testing.T) {
	for name, c := range map[string]struct {
		answers []string
		proven  bool
	}{
		"three in a row":                        {[]string{"new", "new", "new"}, true},
		"two are too few":                       {[]string{"new", "new"}, false},
		"an old answer starts the count again":  {[]string{"new", "new", "old", "new", "new"}, false},
		"silence starts it again":               {[]string{"new", "new", "down", "new"}, false},
		"the old release first, then three new": {[]string{"old", "down", "new", "new", "new"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRounds(t)
			var last Answer
			for _, a := range c.answers {
				last = r.round(written, a)
			}
			if last.Since.IsZero() == c.proven {
				t.Errorf("proven since %v (%s), want proven: %t", last.Since, last.Said, c.proven)
			}
		})
	}
}

func TestAnAnswerSaysWhatKeepsTheSwitch(t *testing.T) {
	r := newRounds(t)
	if got := r.round(written, "old").Said; got != "http://gateway/ still answers from release old" {
		t.Error(got)
	}
	if got := r.round(written, "down").Said; got != "it does not answer" {
		t.Error(got)
	}
}

func TestAnotherSwitchIsProvenAnew(t *testing.T) {
	r := newRounds(t)
	for range enough {
		r.round(written, "new")
	}
	if r.p.Known(shop, written, "new").IsZero() {
		t.Fatal("the first switch is not proven")
	}
	if at := r.p.Known(shop, written.Add(time.Hour), "new"); !at.IsZero() {
		t.Errorf("a switch that nobody asked for is proven since %v", at)
	}
	if got := r.round(written.Add(time.Hour), "new"); !got.Since.IsZero() {
		t.Errorf("one round proves the second switch: %+v", got)
	}
}

// Case 35: a Gateway that asks for a login, or that the operator cannot reach.
func TestAfterATimeTheWordOfAGatewayCounts(t *testing.T) {
	for name, c := range map[string]struct {
		after   time.Duration
		answers string // d: it does not answer, o: another release does, n: the new one does
		word    bool
	}{
		"it never answers":                       {trusted, strings.Repeat("d", silence), true},
		"too early":                              {trusted - time.Minute, strings.Repeat("d", silence), false},
		"asked too rarely":                       {trusted, strings.Repeat("d", silence-1), false},
		"the old release answers now and then":   {trusted, strings.Repeat("ddddddo", 4), false},
		"the new release answers, but not often": {trusted, strings.Repeat("ddddddn", 4), false},
		"it was seen":                            {trusted, "nnn", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRounds(t)
			r.now = written.Add(c.after)
			for _, a := range c.answers {
				if !r.p.Known(shop, written, "new").IsZero() {
					break
				}
				r.round(written, map[rune]string{'d': "down", 'o': "old", 'n': "new"}[a])
			}
			word := r.p.Word(shop, written, "new")
			if (word != "") != c.word {
				t.Errorf("by its word: %q", word)
			}
			if known := !r.p.Known(shop, written, "new").IsZero(); known != (c.word || c.answers == "nnn") {
				t.Errorf("known: %t", known)
			}
			if other := r.p.Word(shop, written.Add(time.Hour), "new"); other != "" {
				t.Errorf("of another switch: %q", other)
			}
		})
	}
}

// Of two entrances one does not answer, and the other still answers from the old release.
func TestAnOldAnswerAtAnyEntranceIsNoSilence(t *testing.T) {
	answers := map[string]string{"http://gateway/": "down", "http://other/": "old"}
	p := &Prober{Asker: each(answers), Now: func() time.Time { return written }}
	q := question(written)
	q.Entrances = append(q.Entrances, Entrance{URL: "http://other/"})
	if said, other := p.look(q); said != "it does not answer" || !other {
		t.Errorf("%q, another release: %t", said, other)
	}
	answers["http://other/"] = "new"
	if said, other := p.look(q); said != "it does not answer" || other {
		t.Errorf("%q, another release: %t", said, other)
	}
}

// each answers by the URL.
type each map[string]string

func (e each) Ask(_ context.Context, at Entrance) (string, error) {
	if e[at.URL] == "down" {
		return "", errors.New("it does not answer")
	}
	return e[at.URL], nil
}

func TestImpatienceIsNotKeptUpForever(t *testing.T) {
	r := newRounds(t)
	defer func() { r.s.answers <- "old" }()
	if got := r.p.Ask(question(written)).Again; got != soon {
		t.Errorf("at first: again after %s, want %s", got, soon)
	}
	r.p.mu.Lock()
	r.now = written.Add(2 * time.Minute)
	r.p.mu.Unlock()
	if got := r.p.Ask(question(written)).Again; got != later {
		t.Errorf("after two minutes: again after %s, want %s", got, later)
	}
}

func TestHTTPReadsTheReleaseThatAnswersForTheHost(t *testing.T) {
	for name, c := range map[string]struct {
		serve http.HandlerFunc
		want  string
		says  string
	}{
		"the shop answers": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(frontdoor.HeaderRelease, "asked-for-"+strings.ReplaceAll(r.Host, ".", "-"))
		}, "asked-for-acme-example", ""},
		"its errors are its own too": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(frontdoor.HeaderRelease, "acme-1")
			w.WriteHeader(http.StatusServiceUnavailable)
		}, "acme-1", ""},
		"somebody else answers": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
			"", "answers 404 without a release in X-Shop-Release"},
		"what is no name of a release is not told on": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(frontdoor.HeaderRelease, "<script>; "+strings.Repeat("a", 5000))
		}, "", "answers 200 without a release in X-Shop-Release, so it is not the shop that answers there"},
		"an endless header is not read": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(frontdoor.HeaderRelease, "acme-1")
			for range 100 {
				w.Header().Add("X", strings.Repeat("a", 5000))
			}
		}, "", "cannot be reached by the operator"},
		"a redirect is not followed": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://acme.example/", http.StatusFound)
		},
			"", "answers 302 without a release in X-Shop-Release"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.serve)
			defer server.Close()
			got, err := HTTP{Anywhere: true}.Ask(t.Context(), Entrance{URL: server.URL, Host: "acme.example"})
			switch {
			case c.says == "" && (err != nil || got != c.want):
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("got %q, %v; want an error that says %q", got, err, c.says)
			}
		})
	}
}

func TestHTTPSaysTheSameOnEveryRetry(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	url := server.URL
	server.Close()
	var said [2]string
	for i := range said {
		_, err := HTTP{Anywhere: true}.Ask(t.Context(), Entrance{URL: url})
		said[i] = err.Error()
	}
	if said[0] != said[1] || said[0] != url+" refuses the operator's connections" {
		t.Errorf("%q, then %q", said[0], said[1])
	}
}

func TestNobodyLetsTheOperatorAskItsOwnMachine(t *testing.T) {
	asked := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked = true
		w.Header().Set(frontdoor.HeaderRelease, "acme-1")
	}))
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]", "169.254.169.254", "[fe80::1]", "[::1]"} {
		_, err := HTTP{}.Ask(t.Context(), Entrance{URL: "http://" + host + ":" + port + "/"})
		if err == nil || !strings.Contains(err.Error(), "which it does not ask unless it runs with --probe-anywhere") {
			t.Errorf("%s: %v", host, err)
		}
	}
	if asked {
		t.Error("it was asked")
	}
}
