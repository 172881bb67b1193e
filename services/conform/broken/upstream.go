package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ask asks prices: with the trace, with what is left of the deadline, and with a note of who answered.
func (s *server) ask(ctx context.Context, id string) error {
	h := hopOf(ctx)
	path := "/api/prices/" + id
	if s.breaks("U-01") {
		s.askHistory(ctx, h, path)
	}
	res, err := s.call(ctx, h, path)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if !s.breaks("U-04") {
		h.sources = append(h.sources, res.Header.Get("X-Shop-Sources"))
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("prices answered %d", res.StatusCode)
	}
	var price struct {
		ID     string `json:"id"`
		Amount string `json:"amount"`
	}
	dec := json.NewDecoder(io.LimitReader(res.Body, 1<<20))
	if s.breaks("U-03") {
		dec.DisallowUnknownFields()
	}
	return dec.Decode(&price)
}

// askHistory is the fault U-01: a path that prices never had.
func (s *server) askHistory(ctx context.Context, h *hop, path string) {
	if res, err := s.call(ctx, h, path+"/history"); err == nil {
		_ = res.Body.Close()
	}
}

func (s *server) call(ctx context.Context, h *hop, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(s.env.prices, "/")+path, nil)
	if err != nil {
		return nil, err
	}
	trace := h.trace
	if s.breaks("T-04") {
		trace = random(16)
	}
	req.Header.Set("Traceparent", "00-"+trace+"-"+h.span+"-"+h.flags)
	if h.state != "" {
		req.Header.Set("Tracestate", h.state)
	}
	if !s.breaks("S-03") {
		left := time.Until(h.deadline).Milliseconds()
		if s.breaks("S-01") {
			left = min(left, 1000)
		}
		req.Header.Set("X-Shop-Deadline", strconv.FormatInt(max(1, left), 10))
	}
	return s.asks.Do(req)
}

func validUTF8(b []byte) bool { return utf8.Valid(b) }
