package controllers

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
)

// watched is a Progress with a clock of its own and a way to send requests through it.
type watched struct {
	Progress
	now time.Time
}

func watch() *watched {
	w := &watched{now: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)}
	w.Progress.Now = func() time.Time { return w.now }
	return w
}

// ask sends a request of a pass, which is answered or not.
func (w *watched) ask(t *testing.T, ctx context.Context, err error) { //nolint:revive // t comes first in tests
	t.Helper()
	server := roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusTooManyRequests, Body: http.NoBody}, err
	})
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://api", nil)
	res, got := w.Transport(server).RoundTrip(req)
	if got == nil {
		res.Body.Close()
	}
	if !errors.Is(got, err) {
		t.Fatalf("the answer became %v", got)
	}
}

func shopKey(name string) ctrl.Request {
	return ctrl.Request{NamespacedName: types.NamespacedName{Namespace: "shops", Name: name}}
}

func TestALongPassWhoseRequestsAreAnsweredIsAlive(t *testing.T) {
	w := watch()
	ctx := w.begin(context.Background(), shopKey("acme"))
	for range 30 {
		w.now = w.now.Add(time.Minute)
		w.ask(t, ctx, nil)
		if err := w.Check(nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAPassWithoutAnAnswerForThreeMinutesIsStuckWhateverOthersAreAnswered(t *testing.T) {
	w := watch()
	hung := w.begin(context.Background(), shopKey("acme"))
	other := w.begin(context.Background(), shopKey("bazaar"))
	w.now = w.now.Add(stuckAfter + time.Second)
	w.ask(t, other, nil)
	w.ask(t, hung, errors.New("connection refused"))
	w.ask(t, context.Background(), nil) // the recorder's, which belongs to no pass
	err := w.Check(nil)
	if err == nil || !strings.Contains(err.Error(), "shops/acme") {
		t.Fatalf("the stuck pass is not named: %v", err)
	}
	w.end(shopKey("acme"))
	if err := w.Check(nil); err != nil {
		t.Errorf("its end does not count: %v", err)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
