package watch_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// endless answers until nobody takes it.
func endless(w http.ResponseWriter, _ *http.Request) {
	for block := strings.Repeat("x", 32<<10); ; {
		if _, err := fmt.Fprint(w, block); err != nil {
			return
		}
	}
}

// leave asks, waits for the answer to begin and cuts the connection.
func (d *door) leave() {
	d.t.Helper()
	conn, err := net.Dial("tcp", d.server.Listener.Addr().String())
	if err != nil {
		d.t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: shop\r\n\r\n")
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
		d.t.Fatalf("the answer begins with %q, %v", line, err)
	}
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
	d.idle()
}

// Its answer is not finished either, as that of a pod that breaks off.
func TestAClientThatLeavesIsNoError(t *testing.T) {
	d := open(t)
	d.pod("a", endless)
	d.route("a", "", 1, guard(0))
	for range 50 {
		d.leave()
	}
	d.wants(0, 0, 0)
}

// A release that is tried again answers what it was asked the first time.
func TestARequestFromBeforeTheSwitchIsNotCounted(t *testing.T) {
	d := open(t)
	asked, answered := make(chan struct{}), make(chan struct{})
	d.pod("a", func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-answered
		w.WriteHeader(http.StatusInternalServerError)
	})
	d.route("a", "", 1, guard(0))
	go d.get("/")
	<-asked
	d.route("b", "a", 2, nil)
	d.route("a", "b", 3, guard(0))
	close(answered)
	d.idle()
	d.wants(0, 0, 0)
	go d.get("/")
	<-asked
	d.idle()
	d.wants(1, 1, 0)
}

func TestWhatReachesNoServiceIsNotCounted(t *testing.T) {
	d := open(t)
	d.pod("a", answer(200))
	d.route("a", "", 1, guard(0))
	d.get("/livez")
	d.ask(1)
	d.wants(1, 0, 0)
}

// The guard asks for the active release, which another front door serves.
func TestAPinnedFrontDoorCountsWhileItsReleaseIsActive(t *testing.T) {
	d := openPinned(t, "a")
	d.pod("a", answer(500))
	d.route("b", "a", 1, guard(0))
	d.ask(1)
	if c := d.watch.Into(d.current.Report()).Counts; c != nil {
		t.Errorf("%+v is reported of a release that is not active", c)
	}
	d.route("a", "b", 2, guard(0))
	d.ask(2)
	d.wants(2, 2, 0)
}

// Each stack has front doors of its own there: those of the release before know how it was.
func TestAPinnedFrontDoorTellsHowItsReleaseAnsweredBeforeTheSwitchAway(t *testing.T) {
	d := openPinned(t, "a")
	d.pod("a", answer(500))
	d.route("a", "", 1, nil)
	d.ask(3)
	d.route("b", "a", 2, guard(0))
	d.ask(2) // no customer comes this way any more
	d.wants(0, 0, 0)
	if before := d.counts().Before; before == nil || before.Requests != 3 || before.Errors != 3 {
		t.Errorf("it tells %+v", before)
	}
}
