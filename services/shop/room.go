package shop

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/fault"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
)

// room is where the other services find one: an address that is there before the service, so that services may ask each other
// in a circle.
type room struct {
	at     net.Listener
	server *http.Server
	within atomic.Pointer[http.Handler]
}

func newRoom(ctx context.Context) (*room, error) {
	at, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("making an address for a service: %w", err)
	}
	r := &room{at: at}
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = r.server.Serve(at) }() // ends with close
	return r, nil
}

func (r *room) url() string { return "http://" + r.at.Addr().String() }

func (r *room) take(h http.Handler) { r.within.Store(&h) }

// leadTo sends requests to a service that runs elsewhere.
func (r *room) leadTo(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return fmt.Errorf("%q is no address: http://localhost:8081", address)
	}
	r.take(&httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(u) },
		ErrorHandler: func(w http.ResponseWriter, req *http.Request, err error) {
			httpapi.Refuse(w, req, fault.Unavailable("The service does not answer at "+u.Host+".", err))
		},
	})
	return nil
}

// ServeHTTP implements http.Handler.
func (r *room) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if h := r.within.Load(); h != nil {
		(*h).ServeHTTP(w, req)
		return
	}
	httpapi.Refuse(w, req, fault.Unavailable("The service is starting.", nil))
}

func (r *room) close() { _ = r.server.Close() }

// ready waits until a service is warm.
func ready(ctx context.Context, p *app.Process) error {
	const look = 20 * time.Millisecond
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL()+"/startupz", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s to start: %w", p.Kit().Config.Service, ctx.Err())
		case <-time.After(look):
		}
	}
}
