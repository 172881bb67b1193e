package tiny

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/emporium-shop/emporium/services/internal/client"
)

// switches let a test have a service that fails, is slow, or tells what it was given.
// Two of them stand in the environment, since they are a property of a release:
//
//	STATUS=500       every answer has this status
//	START_AFTER=4s   the process listens only after this time
//
// The others are part of a request:
//
//	?delay=6s        answer after this time
//	?then=B_URL      after that, ask the service that this variable names, over a new connection
//	?env=NAME        answer with the value of this variable
//	?file=PATH       answer with the content of this file
type switches struct {
	status     int
	startAfter time.Duration
	get        func(string) string
}

func readSwitches(get func(string) string) (s switches, err error) {
	s.get = get
	if text := get("STATUS"); text != "" {
		if s.status, err = strconv.Atoi(text); err != nil || s.status < 200 || s.status > 599 {
			return s, fmt.Errorf("reading the environment: STATUS is %q, not a status such as 500", text)
		}
	}
	if text := get("START_AFTER"); text != "" {
		if s.startAfter, err = time.ParseDuration(text); err != nil {
			return s, fmt.Errorf("reading the environment: START_AFTER is %q, not a duration such as 4s", text)
		}
	}
	return s, nil
}

// apply does what a request asks for, and else lets next answer.
func (s switches) apply(next http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		asked := r.URL.Query()
		if err := delay(r.Context(), asked.Get("delay")); err != nil {
			fail(w, http.StatusBadRequest, err)
			return
		}
		if err := s.then(r.Context(), asked.Get("then")); err != nil {
			fail(w, http.StatusBadGateway, err)
			return
		}
		switch {
		case asked.Has("env"):
			say(w, s.get(asked.Get("env")))
		case asked.Has("file"):
			file(w, asked.Get("file"))
		case s.status != 0:
			fail(w, s.status, fmt.Errorf("the environment says so"))
		default:
			next.ServeHTTP(w, r)
		}
	}
}

func delay(ctx context.Context, text string) error {
	if text == "" {
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return err
	}
	return wait(ctx, d)
}

// then uses a client of its own, so that it needs a new connection: a name that is gone shows.
func (s switches) then(ctx context.Context, variable string) error {
	if variable == "" {
		return nil
	}
	_, _, err := client.Call[client.None](ctx, client.New(client.Options{Service: variable, URL: s.get(variable)}), client.Request{Path: "/"})
	return err
}

func file(w http.ResponseWriter, path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		fail(w, http.StatusNotFound, err)
		return
	}
	say(w, string(text))
}

func say(w http.ResponseWriter, value string) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"value": value}) // the client is gone: nobody to tell
}

func fail(w http.ResponseWriter, status int, cause error) {
	slog.Warn("failing a request", "status", status, "cause", cause.Error())
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": cause.Error()}) // the client is gone: nobody to tell
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
