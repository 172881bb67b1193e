package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// probeLimit keeps a probe shorter than the kubelet's patience, so that the
// kubelet reads why instead of timing out.
const probeLimit = 900 * time.Millisecond

var errDraining = errors.New("draining: the process has been told to stop")

// Check is a named reason to be not ready. It answers from what is known already,
// and asks nobody: probes of a hundred pods must cost nothing, and a pod that is
// busy must not go because its probe waits behind customers.
type Check struct {
	Name string
	Run  func(context.Context) error
}

// live never asks a dependency: a restart would not mend one.
func (s *Server) live(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", probeType)
	_, _ = fmt.Fprintln(w, "ok")
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	answer(w, r, append([]Check{{"draining", s.notDraining}, s.startCheck()}, s.options.Checks...))
}

func (s *Server) started(w http.ResponseWriter, r *http.Request) {
	answer(w, r, []Check{s.startCheck()})
}

func (s *Server) startCheck() Check { return Check{"started", s.options.Started} }

func (s *Server) notDraining(context.Context) error {
	if s.draining.Load() {
		return errDraining
	}
	return nil
}

// probeType is not text/plain: the writer would turn an error into a problem, and
// people read the parts in kubectl describe.
const probeType = "text/x-probe; charset=utf-8"

// answer runs the checks and tells the parts, as Kubernetes' own probes do.
func answer(w http.ResponseWriter, r *http.Request, checks []Check) {
	ctx, cancel := context.WithTimeout(r.Context(), probeLimit)
	defer cancel()
	failed := false
	var parts []byte
	for _, c := range checks {
		err := c.do(ctx)
		if err == nil {
			parts = fmt.Appendf(parts, "[+] %s: ok\n", c.Name)
			continue
		}
		failed = true
		parts = fmt.Appendf(parts, "[-] %s: %v\n", c.Name, err)
	}
	h := w.Header()
	h.Set("Content-Type", probeType)
	h.Set("Cache-Control", "no-store")
	if failed {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	if failed || r.URL.Query().Has("verbose") {
		_, _ = w.Write(parts)
		return
	}
	_, _ = fmt.Fprintln(w, "ok")
}

func (c Check) do(ctx context.Context) error {
	if c.Run == nil {
		return nil
	}
	return c.Run(ctx)
}
