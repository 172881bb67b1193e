package app

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/access"
	"github.com/emporium-shop/emporium/services/internal/httpapi"
	"github.com/emporium-shop/emporium/services/internal/telemetry"
)

// sayer is a service that logs wherever code of a service runs, by slog's own functions.
func sayer(name string, worked chan<- struct{}) Service {
	says := func(ctx context.Context, where string) {
		slog.InfoContext(ctx, where+" is well")
		slog.WarnContext(ctx, where+" is not well")
	}
	return Service{Name: name, About: "A test.", New: func(ctx context.Context, k *Kit) (Parts, error) {
		says(ctx, "wiring")
		a := k.NewAPI()
		httpapi.Get(a, "/say", access.Public, func(ctx context.Context, _ *empty) (*answer, error) {
			says(ctx, "a request")
			return &answer{}, nil
		}, httpapi.ID("say"))
		return Parts{API: a, Workers: []Worker{{Name: "say", Run: func(ctx context.Context) error {
			says(ctx, "a worker")
			worked <- struct{}{}
			<-ctx.Done()
			return nil
		}}}}, nil
	}}
}

// Two services in one process, as on a laptop: each keeps to its own LOG_LEVEL, and says which it is.
func TestEachServiceOfAProcessKeepsToItsLogLevel(t *testing.T) {
	out, before := &shared{}, slog.Default()
	slog.SetDefault(slog.New(telemetry.ByContext(slog.DiscardHandler)))
	t.Cleanup(func() { slog.SetDefault(before) })
	for name, level := range map[string]string{"quiet": "warn", "loud": "info"} {
		worked := make(chan struct{}, 1)
		p, err := Start(t.Context(), sayer(name, worked), Options{Host: "127.0.0.1", Log: out, Inline: true, Environment: stack("LOG_LEVEL", level)})
		if err != nil {
			t.Fatal(err)
		}
		<-worked
		p.Handler().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/say", nil))
		if err := p.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}
	said := map[string][]string{}
	for line := range strings.SplitSeq(strings.TrimSpace(out.String()), "\n") {
		var one struct{ Msg, Service string }
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if strings.Contains(one.Msg, " well") {
			said[one.Service] = append(said[one.Service], one.Msg)
		}
	}
	bad := []string{"wiring is not well", "a worker is not well", "a request is not well"}
	if !slices.Equal(said["quiet"], bad) {
		t.Errorf("at warn it says %q, want %q", said["quiet"], bad)
	}
	if len(said["loud"]) != 2*len(bad) || len(said) != 2 {
		t.Errorf("%q", said)
	}
}

// shared is a log that several goroutines write.
type shared struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
