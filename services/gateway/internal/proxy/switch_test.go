package proxy_test

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// sample is one request as a client saw it.
type sample struct {
	began   time.Time
	ended   time.Time
	release string
	body    string
	err     error
}

// load asks from several kept-alive connections until stop is closed.
func load(w *world, stop <-chan struct{}, clients int) func() []sample {
	var all []sample
	var mu sync.Mutex
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			transport := &http.Transport{MaxIdleConnsPerHost: 1}
			defer transport.CloseIdleConnections()
			var own []sample
			for open := true; open; {
				select {
				case <-stop:
					open = false
				default:
					own = append(own, ask(transport, w.public.URL))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, own...)
		})
	}
	return func() []sample { group.Wait(); return all }
}

func ask(transport http.RoundTripper, url string) sample {
	s := sample{began: time.Now()}
	r, _ := http.NewRequest(http.MethodGet, url, nil)
	res, err := transport.RoundTrip(r)
	if err != nil {
		s.err = err
		return s
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	s.ended = time.Now()
	s.release, s.body, s.err = res.Header.Get(frontdoor.HeaderRelease), string(b), err
	return s
}

// The promise of the whole product, at one replica: through switches back and
// forth under kept-alive load no request fails, every answer comes from the
// release that it names, and none that began after AppliedAt is from before.
func TestSwitchUnderLoad(t *testing.T) {
	w := newWorld(t)
	var counts [2]atomic.Int64
	for i, release := range []string{"a", "b"} {
		var pods []string
		for range 2 {
			pods = append(pods, w.pod(func(out http.ResponseWriter, _ *http.Request) {
				counts[i].Add(1)
				_, _ = io.WriteString(out, release)
			}).Listener.Addr().String())
		}
		w.endpoints("web-"+release, pods...)
	}
	history := []applied{{"a", w.route("a", "b").AppliedAt}}
	stop := make(chan struct{})
	collect := load(w, stop, 8)
	for i := range 20 {
		serveMore(t, &counts[i%2], 20)
		from, to := []string{"a", "b"}[i%2], []string{"b", "a"}[i%2]
		history = append(history, applied{to, w.route(to, from).AppliedAt})
	}
	serveMore(t, &counts[0], 20)
	close(stop)
	for _, s := range collect() {
		if s.err != nil || s.body != s.release {
			t.Fatalf("a request failed: %+v", s)
		}
		if !allowed(s, history) {
			t.Fatalf("a request from %s to %s was answered by %s; switches: %v", s.began, s.ended, s.release, history)
		}
	}
}

// applied is a switch as the replica confirmed it.
type applied struct {
	release string
	at      time.Time
}

// allowed tells whether the answering release was active at some moment between
// the beginning and the end of the request. Confirmed at means: active from
// there at the latest, so the one before is out for what begins later.
func allowed(s sample, history []applied) bool {
	for i, h := range history {
		overSince := i+1 < len(history) && !history[i+1].at.After(s.began)
		if h.release == s.release && !overSince && i <= countUntil(s.ended, history) {
			return true
		}
	}
	return false
}

// countUntil is the index of the last switch that may have happened by then: the
// pointer moves a little before the clock is read, so one more counts.
func countUntil(end time.Time, history []applied) (last int) {
	for i, h := range history {
		if h.at.Before(end) {
			last = i + 1
		}
	}
	return last
}

func serveMore(t *testing.T, count *atomic.Int64, n int64) {
	t.Helper()
	end := count.Load() + n
	for deadline := time.Now().Add(10 * time.Second); count.Load() < end; time.Sleep(100 * time.Microsecond) {
		if time.Now().After(deadline) {
			t.Fatal("no load arrives at the active release")
		}
	}
}
