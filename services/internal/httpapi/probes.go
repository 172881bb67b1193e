package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// probeLimit keeps a probe shorter than the kubelet's patience, so that the
// kubelet reads why instead of timing out.
const probeLimit = 900 * time.Millisecond

var errDraining = errors.New("draining: the process has been told to stop")

type check struct {
	name string
	run  func(context.Context) error
}

// live never asks a dependency: a restart would not mend one.
func (s *server) live(w http.ResponseWriter, _ *http.Request) {
	_, _ = fmt.Fprintln(w, "ok")
}

func (s *server) ready(w http.ResponseWriter, r *http.Request) {
	answer(w, r, check{"draining", s.notDraining}, check{"started", s.service.Started}, check{"dependencies", s.service.Ready})
}

func (s *server) started(w http.ResponseWriter, r *http.Request) {
	answer(w, r, check{"started", s.service.Started})
}

func (s *server) notDraining(context.Context) error {
	if s.draining.Load() {
		return errDraining
	}
	return nil
}

// answer runs the checks and tells the parts, as Kubernetes' own probes do.
// It is JSON-free on purpose: it is read by people in kubectl describe.
func answer(w http.ResponseWriter, r *http.Request, checks ...check) {
	ctx, cancel := context.WithTimeout(r.Context(), probeLimit)
	defer cancel()
	var failed error
	var parts []byte
	for _, c := range checks {
		err := c.do(ctx)
		if err == nil {
			parts = fmt.Appendf(parts, "[+] %s: ok\n", c.name)
			continue
		}
		failed = errors.Join(failed, err)
		parts = fmt.Appendf(parts, "[-] %s: %v\n", c.name, err)
	}
	reply(w, r, failed, parts)
}

func (c check) do(ctx context.Context) error {
	if c.run == nil {
		return nil
	}
	return c.run(ctx)
}

func reply(w http.ResponseWriter, r *http.Request, failed error, parts []byte) {
	// Not text/plain: the middleware would turn it into a problem, and the
	// kubelet shows a body as it is.
	w.Header().Set("Content-Type", "text/x-probe; charset=utf-8")
	if failed != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	if failed != nil || r.URL.Query().Has("verbose") {
		_, _ = w.Write(parts)
		return
	}
	_, _ = fmt.Fprintln(w, "ok")
}

func (s *server) contract(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(s.service.Contract.of(s.config))
}
