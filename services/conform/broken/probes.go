package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"net/http"
	"time"
)

//go:embed openapi.json
var description []byte

// special answers what every service has beside its API.
func (s *server) special(w *answer, r *http.Request) bool {
	serve := map[string]func(*answer, *http.Request){
		"/livez": s.livez, "/readyz": s.readyz, "/startupz": s.startupz, "/contract": s.contract, "/openapi.json": s.openapi,
	}[r.URL.Path]
	if serve == nil {
		return false
	}
	w.hop.route = r.URL.Path
	if r.Method != http.MethodGet && (r.Method != http.MethodHead || s.breaks("H-04")) {
		w.Header().Set("Allow", "GET, HEAD")
		s.refuse(w, r, 405, "", "Probes are read.")
		return true
	}
	serve(w, r)
	return true
}

func (s *server) verdict(w *answer, ok bool, good int) {
	w.Header().Set("Content-Type", "text/x-probe")
	if !ok {
		w.WriteHeader(503)
		_, _ = w.Write([]byte("not yet\n")) // the client went away
		return
	}
	w.WriteHeader(good)
}

func (s *server) good(id string) int {
	if s.breaks(id) {
		return 204
	}
	return 200
}

func (s *server) livez(w *answer, r *http.Request) {
	s.verdict(w, !s.breaks("H-06") || s.pings(r.Context()), s.good("H-01"))
}

func (s *server) readyz(w *answer, r *http.Request) {
	ok := s.store.fits.Load() || s.breaks("H-10")
	if s.breaks("H-07") {
		ok = ok && s.pings(r.Context())
	}
	if !s.breaks("D-01") {
		ok = ok && !s.draining.Load()
	}
	s.verdict(w, ok, s.good("H-02"))
}

func (s *server) startupz(w *answer, _ *http.Request) {
	s.verdict(w, s.store.fits.Load() || s.breaks("H-10"), s.good("H-03"))
}

func (s *server) pings(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return s.store.pool.Ping(ctx) == nil
}

func (s *server) contract(w *answer, _ *http.Request) {
	c := map[string]any{
		"service": s.env.service, "version": "1", "shop": s.env.shop, "release": s.env.release, "contract": "v1",
		"provides": []string{"gadgets/v1"}, "consumes": []string{"prices/v1"},
		"schema": map[string]any{"name": "gadgets", "version": schemaVersion, "floor": schemaFloor},
	}
	switch s.broken {
	case "K-01":
		delete(c, "contract")
	case "K-02":
		c["shop"] = "another"
	case "K-03":
		c["provides"] = []string{"gadgets"}
	case "K-04":
		c["schema"] = map[string]any{"name": "gadgets", "version": schemaVersion + 1, "floor": schemaFloor}
	}
	w.json(200, c)
}

func (s *server) openapi(w *answer, _ *http.Request) {
	out, err := describe(s.broken)
	if err != nil { // it is embedded
		panic(err)
	}
	w.raw(200, out)
}

// describe is the description as it is checked in, with the faults of rules
// about it; that of O-09 is in what is served alone.
func describe(broken string) ([]byte, error) {
	var d map[string]any
	if err := json.Unmarshal(description, &d); err != nil {
		return nil, err
	}
	if spoil := documentFaults[broken]; spoil != nil {
		spoil(d)
	}
	return json.MarshalIndent(d, "", "  ")
}
