package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emporium-shop/emporium/services/gateway/internal/proxy"
	"github.com/emporium-shop/emporium/services/gateway/internal/serve"
)

// roleVariable makes this program one of the processes that are measured.
const roleVariable = "BENCH_ROLE"

// profileVariable names a folder for CPU profiles of the proxies in Go. Empty: none.
const profileVariable = "BENCH_PROFILES"

// play is one role, until the input ends. It prints its address.
func play(role string, pods []string) error {
	var handler http.Handler
	switch role {
	case "pods":
		return playPods()
	case "bare":
		handler = bare(pods)
	case "ours":
		front, err := ours(pods)
		if err != nil {
			return err
		}
		handler = front
	default:
		return errors.New("there is no role " + role)
	}
	if err := listen(role, handler); err != nil {
		return err
	}
	return profiled(role, untilInterrupted)
}

// untilInterrupted waits for the end of the input, or for the signal of who measures.
func untilInterrupted() error {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, os.Stdin)
		ended <- err
	}()
	select {
	case <-interrupted:
		return nil
	case err := <-ended:
		return err
	}
}

// profiled writes a CPU profile of a role into the folder that profileVariable names.
func profiled(role string, do func() error) error {
	folder := os.Getenv(profileVariable)
	if folder == "" {
		return do()
	}
	out, err := os.Create(filepath.Join(folder, role+".pprof"))
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	if err := pprof.StartCPUProfile(out); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return do()
}

// listen serves. Only ours has the limits of the front door around it.
func listen(role string, handler http.Handler) error {
	limits := serve.Limits{ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 75 * time.Second, WriteTimeout: time.Minute, MaxHeaderBytes: 64 << 10, MaxStreams: 100}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := listener.Addr()
	server := serve.NewServer(handler, limits, slog.New(slog.DiscardHandler))
	if role == "ours" {
		listener = serve.Limited(listener, limits)
	} else {
		server = &http.Server{Handler: handler, Protocols: server.Protocols, ReadHeaderTimeout: limits.ReadHeaderTimeout, IdleTimeout: limits.IdleTimeout}
	}
	go func() { _ = server.Serve(listener) }()
	_, err = fmt.Println(address)
	return err
}

// playPods is two pods in one process. Every target asks the same two.
func playPods() error {
	mux := http.NewServeMux()
	mux.HandleFunc("/1k", func(w http.ResponseWriter, _ *http.Request) { send(w, 1<<10) })
	mux.HandleFunc("/64k", func(w http.ResponseWriter, _ *http.Request) { send(w, 64<<10) })
	mux.HandleFunc("/30k-chunked", func(w http.ResponseWriter, _ *http.Request) {
		for range 3 {
			_, _ = w.Write(page[:10<<10])
			_ = http.NewResponseController(w).Flush()
		}
	})
	for range 2 {
		if err := listen("pods", mux); err != nil {
			return err
		}
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

var page = bytes.Repeat([]byte(`{"name":"Teapot","price":1299,"stock":7}`), 64<<10/40+1)

func send(w http.ResponseWriter, size int) {
	w.Header()["Content-Type"] = []string{"application/json"}
	w.Header()["Content-Length"] = []string{fmt.Sprint(size)}
	_, _ = w.Write(page[:size])
}

// bare is the standard library's proxy with what everybody tunes, and nothing else.
func bare(pods []string) http.Handler {
	var turn atomic.Uint64
	return &httputil.ReverseProxy{
		Rewrite: func(pr *httputil.ProxyRequest) {
			pr.SetURL(&url.URL{Scheme: "http", Host: pods[turn.Add(1)%uint64(len(pods))]})
			pr.Out.Host = pr.In.Host
			pr.SetXForwarded()
		},
		Transport:  proxy.NewTransport(limitsOfPods),
		BufferPool: &buffers{},
		ErrorLog:   log.New(io.Discard, "", 0), // of the load that ends
	}
}

var limitsOfPods = proxy.TransportOptions{DialTimeout: time.Second, ResponseHeaderTimeout: time.Minute, IdleTimeout: 4 * time.Second, IdlePerPod: 256}

type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte {
	if kept, ok := b.pool.Get().(*[]byte); ok {
		return *kept
	}
	return make([]byte, 32<<10)
}

func (b *buffers) Put(p []byte) { b.pool.Put(&p) }
