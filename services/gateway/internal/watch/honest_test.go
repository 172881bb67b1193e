package watch_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/services/gateway/internal/proxy"
	"github.com/emporium-shop/emporium/services/gateway/internal/table"
)

// raw opens a connection and writes.
func (d *door) raw(text string) net.Conn {
	d.t.Helper()
	conn, err := net.Dial("tcp", d.server.Listener.Addr().String())
	if err != nil {
		d.t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprint(conn, text)
	return conn
}

// hanging is a pod that says when it was asked and answers when it is told to.
func hanging(d *door) (asked, answer chan struct{}) {
	asked, answer = make(chan struct{}, 100), make(chan struct{})
	d.pod("a", func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		asked <- struct{}{}
		select {
		case <-answer:
		case <-r.Context().Done():
		}
	})
	return asked, answer
}

func TestASlowUploadIsTheClients(t *testing.T) {
	d := open(t)
	d.pod("a", func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	d.route("a", "", 1, guard(200*time.Millisecond))
	for _, request := range []string{
		"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\nConnection: close\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
	} {
		conn := d.raw(request)
		time.Sleep(500 * time.Millisecond) // the client takes its time
		end := "{}"
		if request[len("POST / HTTP/1.1\r\nHost: shop\r\n")] == 'T' {
			end = "2\r\n{}\r\n0\r\n\r\n"
		}
		fmt.Fprint(conn, end)
		_, _ = io.ReadAll(conn)
		_ = conn.Close()
	}
	d.idle()
	d.wants(2, 0, 0)
}

func TestAClientThatGivesUpAHangingRequestCountsAsSlow(t *testing.T) {
	for limit, slow := range map[time.Duration]int64{100 * time.Millisecond: 3, 10 * time.Second: 0} {
		d := open(t)
		asked, _ := hanging(d)
		d.route("a", "", 1, guard(limit))
		for range 3 {
			conn := d.raw("GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
			<-asked
			time.Sleep(300 * time.Millisecond) // as long as this client waits
			_ = conn.Close()
			d.idle()
		}
		d.wants(slow, 0, slow) // who leaves within the limit counts nowhere
	}
}

func TestWhatStillHangsCountsBeforeItEnds(t *testing.T) {
	d := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go d.watch.Run(ctx)
	asked, answer := hanging(d)
	d.route("a", "", 1, guard(200*time.Millisecond))
	const n = 5
	for range n {
		go d.get("/")
		<-asked
	}
	for deadline := time.Now().Add(10 * time.Second); d.counts().Slow < n; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("they hang and are not counted: %+v", d.counts())
		}
	}
	d.wants(n, 0, n)
	close(answer)
	d.idle()
	d.wants(n, 0, n) // once each, although they ended
}

func TestCountsAreKeptByService(t *testing.T) {
	d := open(t)
	d.pod("a", answer(200))
	d.route("a", "", 1, guard(0))
	d.get("/cart") // it has no pod
	d.ask(3)
	want := &frontdoor.Counts{Requests: 4, Errors: 1, Services: map[string]frontdoor.Counts{"web": {Requests: 3}, "cart": {Requests: 1, Errors: 1}}}
	if got := d.counts(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// result is what the proxy says of one request.
func result(release, service string, cause proxy.Cause, wait time.Duration) proxy.Result {
	return proxy.Result{Role: table.Active, Release: release, Service: service, Cause: cause, Wait: wait, Began: time.Now()}
}

func TestASwitchReportsWhatTheReleaseBeforeItAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reporting(t)
		r.route("a", "", 0, nil)
		for range 10 { // long ago, all broken
			r.watch.Ended(result("a", "web", proxy.PodError, 0))
		}
		time.Sleep(3 * time.Minute)
		for range 20 {
			r.watch.Ended(result("a", "web", proxy.Answered, time.Millisecond))
			r.watch.Ended(result("a", "cart", proxy.PodCut, 3*time.Second))
			r.watch.Ended(result("a", "", proxy.NoRoute, 0))
			r.watch.Ended(result("a", "cart", proxy.Refused, 0))
		}
		time.Sleep(90 * time.Second)
		hang := r.watch.Asked(table.Active, "a", "web", time.Now())
		time.Sleep(5 * time.Second)
		r.route("b", "a", 300, &frontdoor.Guard{Until: time.Now().Add(time.Hour), Slow: 2 * time.Second})
		hang.Done()
		r.watch.Ended(result("a", "web", proxy.PodError, 0)) // it belongs to nobody's judgement any more
		r.watch.Ended(result("b", "web", proxy.Answered, 0))
		want := &frontdoor.Counts{
			Requests: 1, Services: map[string]frontdoor.Counts{"web": {Requests: 1}},
			Before: &frontdoor.Counts{Requests: 41, Errors: 20, Slow: 21, Services: map[string]frontdoor.Counts{
				"web": {Requests: 21, Slow: 1}, "cart": {Requests: 20, Errors: 20, Slow: 20},
			}},
		}
		if got := r.counts(); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v before %+v, want %+v before %+v", got, got.Before, want, want.Before)
		}
	})
}

func TestOnlyTheReleasesOwnDoingCounts(t *testing.T) {
	for cause, want := range map[proxy.Cause]frontdoor.Counts{
		proxy.Answered: {Requests: 1}, proxy.PodError: {Requests: 1, Errors: 1}, proxy.PodCut: {Requests: 1, Errors: 1},
		proxy.NoPod: {Requests: 1, Errors: 1}, proxy.TooLate: {Requests: 1, Errors: 1},
		proxy.ClientGone: {}, proxy.Refused: {}, proxy.NoRoute: {}, proxy.NoRelease: {}, proxy.Local: {}, proxy.Unclassified: {},
	} {
		d := open(t)
		d.route("a", "", 1, guard(time.Second))
		d.watch.Ended(result("a", "web", cause, 0))
		if got := d.counts(); got.Requests != want.Requests || got.Errors != want.Errors || got.Slow != 0 {
			t.Errorf("%s counts as %+v, want %+v", cause, got, want)
		}
	}
}

// The operator's clock sets the end of the window; a replica's may be ahead of it.
func TestAClockThatIsAheadDoesNotEndTheWindow(t *testing.T) {
	d := open(t)
	d.route("a", "", -130, &frontdoor.Guard{Until: d.at(-10)}) // the operator's clock is 130 s behind, its window two minutes
	d.watch.Ended(result("a", "web", proxy.PodError, 0))
	d.wants(1, 1, 0)
}

// A replica that routed by the switch before saw this one made: its clock may be hours ahead.
func TestAClockThatIsFarAheadCountsWhatWasSwitchedBeforeItsEyes(t *testing.T) {
	d := open(t)
	const behind = -6 * 3600 // the operator's clock, in seconds
	d.route("a", "", behind, &frontdoor.Guard{Until: d.at(behind + 120)})
	d.watch.Ended(result("a", "web", proxy.PodError, 0))
	d.wants(0, 0, 0) // it has just begun, and cannot tell that window from one that was over long ago
	d.route("b", "", behind+60, &frontdoor.Guard{Until: d.at(behind + 180)})
	d.watch.Ended(result("b", "web", proxy.PodError, 0))
	d.wants(1, 1, 0)
}

// A guard that is asked for when its window is over says nothing of the switch that was made before.
func TestAGuardThatComesTooLateCountsNothing(t *testing.T) {
	d := open(t)
	d.route("a", "", -3600, nil)
	d.route("a", "", -3600, &frontdoor.Guard{Until: d.at(-3000)})
	d.watch.Ended(result("a", "web", proxy.PodError, 0))
	d.wants(0, 0, 0)
}
