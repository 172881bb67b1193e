package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emporium-shop/emporium/services/shop"
)

// front is the front door: it leads to the services of the stack that serves.
type front struct {
	url    string
	server *http.Server
	owners map[string]string
	active atomic.Pointer[stack]
	proxy  *httputil.ReverseProxy
}

func openFront(members []shop.Member) (*front, error) {
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening the front door: %w", err)
	}
	f := &front{url: "http://" + at.Addr().String(), owners: map[string]string{}}
	for _, m := range members {
		for _, path := range m.Paths {
			f.owners[path] = m.Name
		}
	}
	f.proxy = &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(f.target(p.In.URL.Path))
			p.SetXForwarded()
		},
		Transport: &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: 4 * time.Second},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusBadGateway) // whether it was done, nobody knows
		},
	}
	f.server = &http.Server{Handler: f, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = f.server.Serve(at) }() // ends with close
	return f, nil
}

// target is where a path leads.
func (f *front) target(at string) *url.URL {
	owner := f.owner(at)
	if owner == "" {
		return &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	}
	return &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", f.active.Load().ports[owner])}
}

// owner is the service that a path leads to: the longest one wins, by whole segments. Empty: there is none.
func (f *front) owner(at string) string {
	at, _, _ = strings.Cut(at, "?")
	for ; ; at = path.Dir(at) {
		if owner, there := f.owners[at]; there {
			return owner
		}
		if at == "/" || at == "." {
			return ""
		}
	}
}

// ServeHTTP implements http.Handler.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.proxy.ServeHTTP(w, r) }

func (f *front) close() { _ = f.server.Close() }
