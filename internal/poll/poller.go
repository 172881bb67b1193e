package poll

import (
	"context"
	"hash/fnv"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/emporium-shop/emporium/internal/git"
)

const (
	// mostAtOnce bounds the servers that are asked at the same time: a thousand sources whose server hangs
	// must not be a thousand connections.
	mostAtOnce = 16
	// jitter spreads sources that were made by one `kubectl apply`: an interval is up to an eighth longer, always the same for
	// the same source.
	jitter = 8
	// told is how many failures in a row are told where something is known, and soonest is when a server is asked again after
	// the first; then twice as late each time, up to the interval.
	told    = 2
	soonest = 5 * time.Second
)

// Git is what is asked: Client of internal/git.
type Git interface {
	Head(ctx context.Context, remote git.Remote) (git.Head, error)
	Trees(ctx context.Context, remote git.Remote, commit string, paths []string) (map[string]string, error)
}

// Secrets reads the data of a Secret past every cache.
type Secrets interface {
	Data(ctx context.Context, secret types.NamespacedName) (map[string][]byte, error)
}

// Question is what a source wants to know.
type Question struct {
	Source types.NamespacedName
	// URL and Branch of the repository.
	URL, Branch string
	// Secret that holds its credentials, and the Version of it, as its UID and resourceVersion; "": none.
	Secret, SecretVersion string
	// Paths whose fingerprint is wanted; nil: none.
	Paths []string
	// Request is asked for at once when it changes: the value of an annotation.
	Request string
	// Interval at which to ask again.
	Interval time.Duration
}

// same: an answer to one is an answer to the other.
func (q Question) same(o Question) bool {
	return q.URL == o.URL && q.Branch == o.Branch && q.Secret == o.Secret && q.SecretVersion == o.SecretVersion && slices.Equal(q.Paths, o.Paths)
}

// Poller asks in the background.
type Poller struct {
	Git     Git
	Secrets Secrets
	Now     func() time.Time
	// Told is called when there is another answer for a source. It must not wait.
	Told func(source types.NamespacedName)

	once    sync.Once
	slots   chan struct{}
	mu      sync.Mutex
	sources map[types.NamespacedName]*asked
}

// asked is what is known for a source.
type asked struct {
	question Question
	answer   Answer
	asked    string // the request of the last round, whatever came of it
	failures int    // rounds in a row that got no commit
	next     time.Time
	running  bool
	drop     context.CancelFunc
	// with are the credentials of a version of the Secret.
	with    credentials
	version string
}

// Ask returns what is known, and after how long to ask again. It begins to ask the server when it is time to, and waits for nothing.
func (p *Poller) Ask(q Question) (Answer, time.Duration) {
	p.once.Do(func() { p.slots = make(chan struct{}, mostAtOnce) })
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.entry(q)
	now := p.Now()
	a.question = q
	due := !now.Before(a.next) || (a.answer.Answered && a.asked != q.Request)
	if !a.running && due {
		a.running = true
		ctx, drop := context.WithCancel(context.Background()) // it outlives the pass that begins it
		a.drop = drop
		go p.round(ctx, drop, a, q)
	}
	if a.running {
		return a.answer, 0 // Told says when
	}
	return a.answer, a.next.Sub(now)
}

// entry of a source; an answer to another question is forgotten, and what is under way for it is dropped.
func (p *Poller) entry(q Question) *asked {
	if p.sources == nil {
		p.sources = map[types.NamespacedName]*asked{}
	}
	a := p.sources[q.Source]
	if a != nil && a.question.same(q) {
		return a
	}
	if a != nil {
		a.end()
	}
	a = &asked{question: q}
	p.sources[q.Source] = a
	return a
}

func (a *asked) end() {
	if a.drop != nil {
		a.drop()
	}
}

// Forget drops what is known of a source that is gone.
func (p *Poller) Forget(source types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a := p.sources[source]; a != nil {
		a.end()
	}
	delete(p.sources, source)
}

// round asks once. Whoever asked again meanwhile with another request is answered by another round.
func (p *Poller) round(ctx context.Context, done context.CancelFunc, a *asked, q Question) {
	defer done()
	var answer Answer
	var with credentials
	select {
	case p.slots <- struct{}{}:
		answer, with = p.answer(ctx, a, q)
		<-p.slots
	case <-ctx.Done(): // nobody wants to know any more
	}
	p.mu.Lock()
	a.running, a.with, a.version = false, with, q.SecretVersion
	current := p.sources[q.Source] == a
	if ctx.Err() == nil {
		a.take(q, answer, p.Now())
	}
	p.mu.Unlock()
	if current {
		p.Told(q.Source)
	}
}

// take keeps one failure after a good answer to itself, as it may be a moment's, and lets the server be asked again soon.
func (a *asked) take(q Question, answer Answer, now time.Time) {
	a.asked, a.next = q.Request, now.Add(spread(q))
	if answer.Trouble == "" {
		a.answer, a.failures = answer, 0
		return
	}
	a.failures++
	if !answer.Invalid {
		a.next = now.Add(min(spread(q), soonest<<min(a.failures-1, 10)))
	}
	if a.answer.Commit == "" || answer.Invalid || a.failures >= told {
		a.answer = answer
	}
}

func spread(q Question) time.Duration {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(q.Source.String())) // it never fails
	return q.Interval + q.Interval/jitter*time.Duration(sum.Sum32()%256)/256
}
