package webhook

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestServingEndsWithItsContext(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	s := newSite()
	go func() { ended <- Serve(ctx, listener, s) }()
	r, err := http.NewRequestWithContext(context.Background(), "POST", "http://"+listener.Addr().String()+"/hooks/acme/cart", strings.NewReader(push))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Gitlab-Token", "s3cret")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusAccepted {
		t.Errorf("answered %d", answer.StatusCode)
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it serves on")
	}
}

func TestAListenerThatIsClosedIsTold(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	if err := Serve(context.Background(), listener, newSite()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// TestACallerThatSendsLargeHeadersIsLeft before anything is looked up.
func TestACallerThatSendsLargeHeadersIsLeft(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s := newSite()
	go Serve(ctx, listener, s)
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(conn, "POST /hooks/acme/cart HTTP/1.1\r\nHost: x\r\nX-Gitlab-Token: s3cret\r\nX-Large: "+strings.Repeat("x", mostHeader+8<<10)+"\r\n\r\n")
	got, err := io.ReadAll(conn)
	if !strings.Contains(string(got), " 431 ") || s.times() != 0 {
		t.Errorf("got %q, %v", got, err)
	}
}
