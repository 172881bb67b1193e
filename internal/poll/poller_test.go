package poll

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/emporium-shop/emporium/internal/git"
	"github.com/emporium-shop/emporium/internal/testing/gitserver"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// server plays Git: what it says, how often it was asked, and a gate that holds its answers back.
type server struct {
	mu    sync.Mutex
	head  git.Head
	err   error
	trees map[string]string
	noSub error
	asked []git.Remote
	gate  chan struct{}
}

func (s *server) Head(ctx context.Context, remote git.Remote) (git.Head, error) {
	s.mu.Lock()
	s.asked = append(s.asked, remote)
	head, err, gate := s.head, s.err, s.gate
	s.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return git.Head{}, ctx.Err()
		}
	}
	return head, err
}

func (s *server) Trees(_ context.Context, _ git.Remote, _ string, _ []string) (map[string]string, error) {
	return s.trees, s.noSub
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// secrets count how often they are read.
type secrets struct {
	data  map[string][]byte
	reads int
}

func (s *secrets) Data(context.Context, types.NamespacedName) (map[string][]byte, error) {
	s.reads++
	if s.data == nil {
		return nil, errors.New("forbidden")
	}
	return s.data, nil
}

// desk is a poller, its clock, and who is told.
type desk struct {
	*Poller
	now  time.Time
	told chan types.NamespacedName
}

func newDesk(s *server, of *secrets) *desk {
	d := &desk{now: noon, told: make(chan types.NamespacedName, 64)}
	d.Poller = &Poller{Git: s, Secrets: of, Now: func() time.Time { return d.now }, Told: func(n types.NamespacedName) { d.told <- n }}
	return d
}

func (d *desk) wait(t *testing.T) {
	t.Helper()
	select {
	case <-d.told:
	case <-time.After(10 * time.Second):
		t.Fatal("nobody was told of an answer")
	}
}

// asks once, and returns what is known when the answer is there.
func (d *desk) asks(t *testing.T, q Question) Answer {
	t.Helper()
	d.Ask(q)
	d.wait(t)
	a, _ := d.Ask(q)
	return a
}

func cart() Question {
	return Question{Source: types.NamespacedName{Namespace: "acme", Name: "cart"}, URL: "https://git.example/cart.git", Branch: "main", Interval: time.Minute}
}

func said(commit string) *server {
	return &server{head: git.Head{Commit: commit, Version: "v" + commit}}
}

func TestAServerThatHangsHoldsUpNoPass(t *testing.T) {
	s := said("a")
	s.gate = make(chan struct{})
	d := newDesk(s, nil)
	if a, again := d.Ask(cart()); a.Answered || again != 0 {
		t.Errorf("before the server answers it is known: %+v, again after %s", a, again)
	}
	d.Ask(cart())
	close(s.gate)
	d.wait(t)
	if a, _ := d.Ask(cart()); a.Commit != "a" || a.Version != "va" {
		t.Errorf("it said %+v", a)
	}
	if n := s.count(); n != 1 {
		t.Errorf("it was asked %d times while it was silent, want once", n)
	}
}

func TestGitIsAskedOnceAnInterval(t *testing.T) {
	s := said("a")
	d := newDesk(s, nil)
	d.asks(t, cart())
	_, again := d.Ask(cart())
	if again < time.Minute || again > time.Minute+time.Minute/jitter {
		t.Errorf("it is asked again after %s, want a minute and an eighth at most", again)
	}
	d.now = d.now.Add(again - time.Second)
	if d.Ask(cart()); s.count() != 1 {
		t.Error("it was asked before the interval was over")
	}
	s.head.Commit = "b"
	d.now = d.now.Add(time.Second)
	if a, _ := d.Ask(cart()); a.Commit != "a" {
		t.Errorf("while it is asked, what was known is forgotten: %+v", a)
	}
	d.wait(t)
	if a, _ := d.Ask(cart()); a.Commit != "b" {
		t.Errorf("after the interval it says %+v", a)
	}
}

func TestARequestAsksAtOnceAndItsAnswerNamesIt(t *testing.T) {
	s := said("a")
	d := newDesk(s, nil)
	d.asks(t, cart())
	q := cart()
	q.Request = "now"
	if a, _ := d.Ask(q); a.Request == "now" {
		t.Error("the old answer is said to be one to the request")
	}
	d.wait(t)
	if a, _ := d.Ask(q); a.Request != "now" || s.count() != 2 {
		t.Errorf("it answers %q after %d questions", a.Request, s.count())
	}
	if d.Ask(q); s.count() != 2 {
		t.Error("a request is followed twice")
	}
}

func TestAnAnswerToAnotherRepositoryIsNoAnswer(t *testing.T) {
	s := said("a")
	s.gate = make(chan struct{})
	d := newDesk(s, nil)
	d.Ask(cart())
	other := cart()
	other.URL = "https://git.example/other.git"
	if a, _ := d.Ask(other); a.Answered {
		t.Error("what the old URL said is taken for the new one's")
	}
	close(s.gate)
	d.wait(t)
	if a, _ := d.Ask(other); a.Commit != "a" {
		t.Errorf("the new repository says %+v", a)
	}
	for name, change := range map[string]func(*Question){
		"branch": func(q *Question) { q.Branch = "next" }, "paths": func(q *Question) { q.Paths = []string{"cart"} },
		"secret": func(q *Question) { q.Secret = "git" }, "version of the secret": func(q *Question) { q.SecretVersion = "2" },
	} {
		changed := other
		change(&changed)
		if changed.same(other) {
			t.Errorf("another %s is the same question", name)
		}
	}
}

func TestWhatAServerRefusesIsTheSameSentenceAndTellsWhetherWaitingHelps(t *testing.T) {
	s := &server{err: errors.New("the server is away")}
	d := newDesk(s, nil)
	if a := d.asks(t, cart()); !a.Answered || a.Trouble != "the server is away" || a.Invalid || a.Commit != "" {
		t.Errorf("it says %+v", a)
	}
}

func TestPathsThatNobodyKnowsOfAreNoTrouble(t *testing.T) {
	s := said("a")
	s.trees = map[string]string{"cart": "1"}
	q := cart()
	q.Paths = []string{"cart"}
	d := newDesk(s, nil)
	known := d.asks(t, q)
	if known.Paths == "" {
		t.Fatal("there is no fingerprint")
	}
	s.noSub, d.now = errors.New("the server sends no trees"), d.now.Add(time.Hour)
	if a := d.asks(t, q); a.Paths != "" || a.Commit != "a" || a.Trouble != "" {
		t.Errorf("without trees it says %+v: the commit is built", a)
	}
}

func TestASecretIsReadOncePerVersion(t *testing.T) {
	of := &secrets{data: map[string][]byte{git.KeyToken: []byte("s3cret"), git.KeyAuthority: authority(t)}}
	s := said("a")
	d := newDesk(s, of)
	q := cart()
	q.Secret, q.SecretVersion = "git", "1"
	if a := d.asks(t, q); a.Key != git.ForToken || a.Authority != git.KeyAuthority {
		t.Errorf("a build is handed %q, and trusts %q", a.Key, a.Authority)
	}
	d.now = d.now.Add(time.Hour)
	d.asks(t, q)
	if of.reads != 1 {
		t.Errorf("the Secret was read %d times, want once", of.reads)
	}
	q.SecretVersion = "2"
	if d.asks(t, q); of.reads != 2 {
		t.Errorf("a Secret that changed was read %d times, want twice", of.reads)
	}
	if text := fmt.Sprintf("%v %+v", s.asked, s.asked); strings.Contains(text, "s3cret") {
		t.Error("the credentials show what they hold")
	}
}

func TestASecretThatCannotBeReadOrHoldsNothingIsTold(t *testing.T) {
	for name, x := range map[string]struct {
		data    map[string][]byte
		says    string
		invalid bool
	}{
		"it cannot be read":         {nil, "Secret git, which spec.git.secret names, cannot be read: forbidden", false},
		"it has no key of any kind": {map[string][]byte{"pass": []byte("x")}, "has no key that is known (it has pass)", true},
	} {
		q := cart()
		q.Secret = "git"
		a := newDesk(said("a"), &secrets{data: x.data}).asks(t, q)
		if !strings.Contains(a.Trouble, x.says) || a.Invalid != x.invalid {
			t.Errorf("%s: it says %q, invalid %t", name, a.Trouble, a.Invalid)
		}
	}
}

func TestAThousandSourcesOfAServerThatHangsAreFewConnections(t *testing.T) {
	s := said("a")
	s.gate = make(chan struct{})
	d := newDesk(s, nil)
	d.told = make(chan types.NamespacedName, 1000)
	for n := range 1000 {
		q := cart()
		q.Source.Name = fmt.Sprint(n)
		d.Ask(q)
	}
	deadline := time.Now().Add(10 * time.Second)
	for s.count() < mostAtOnce && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	if n := s.count(); n != mostAtOnce {
		t.Errorf("%d are asked at the same time, want %d", n, mostAtOnce)
	}
	close(s.gate)
	for range 1000 {
		d.wait(t)
	}
}

func TestASourceThatIsGoneIsForgotten(t *testing.T) {
	s := said("a")
	s.gate = make(chan struct{})
	d := newDesk(s, nil)
	d.Ask(cart())
	d.Forget(cart().Source)
	if a, _ := d.Ask(cart()); a.Answered {
		t.Error("it is remembered")
	}
	close(s.gate)
	d.wait(t)
}

// authority is a certificate that signs itself.
func authority(t *testing.T) []byte {
	t.Helper()
	return gitserver.New(t, gitserver.Options{TLS: true}).RootPEM
}
