package harness

import (
	"sync"
	"time"

	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
)

// queue is the controller's queue without workers and clocks: what is due is asked for.
type queue struct {
	now func() time.Time

	limiter workqueue.TypedRateLimiter[ctrl.Request]

	mu  sync.Mutex
	due map[ctrl.Request]time.Time
}

var _ workqueue.TypedRateLimitingInterface[ctrl.Request] = &queue{}

func newQueue(now func() time.Time) *queue {
	return &queue{now: now, due: map[ctrl.Request]time.Time{}}
}

// pop takes a request that is due.
func (q *queue) pop() (ctrl.Request, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for req, at := range q.due {
		if !at.After(q.now()) {
			delete(q.due, req)
			return req, true
		}
	}
	return ctrl.Request{}, false
}

// next is when the next request is due; zero: there is none.
func (q *queue) next() (at time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, t := range q.due {
		at = earlier(at, t)
	}
	return at
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

func (q *queue) Add(req ctrl.Request) { q.AddAfter(req, 0) }

func (q *queue) AddAfter(req ctrl.Request, d time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	at := q.now().Add(d)
	if was, there := q.due[req]; !there || at.Before(was) {
		q.due[req] = at
	}
}

// AddRateLimited waits as long as the operator's own limiter says.
func (q *queue) AddRateLimited(req ctrl.Request)  { q.AddAfter(req, q.limiter.When(req)) }
func (q *queue) Forget(req ctrl.Request)          { q.limiter.Forget(req) }
func (q *queue) NumRequeues(req ctrl.Request) int { return q.limiter.NumRequeues(req) }

func (q *queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.due)
}

func (q *queue) Get() (ctrl.Request, bool) { return ctrl.Request{}, true }
func (q *queue) Done(ctrl.Request)         {}
func (q *queue) ShutDown()                 {}
func (q *queue) ShutDownWithDrain()        {}
func (q *queue) ShuttingDown() bool        { return false }
