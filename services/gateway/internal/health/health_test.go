package health

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// state is a Health whose parts can be set.
type state struct {
	*Health
	mux              *http.ServeMux
	tables, slices   bool
	unroutable, bare bool
	unknown          bool
	since            time.Time
	err              error
	contact, present time.Time
}

func newState() *state {
	s := &state{mux: http.NewServeMux(), present: time.Unix(1000, 0)}
	s.Health = &Health{
		TableSynced: func() bool { return s.tables }, EndpointsSynced: func() bool { return s.slices },
		Routable: func() bool { return !s.unroutable }, HasTable: func() bool { return !s.bare },
		AccountUnknown: func() bool { return s.unknown },
		Watches:        []Watch{{"endpoints", func() (time.Time, error) { return s.since, s.err }}},
		LastContact:    func() time.Time { return s.contact }, StaleLimit: time.Minute, Now: func() time.Time { return s.present },
	}
	s.Register(s.mux)
	return s
}

func (s *state) get(path string) (int, string) {
	w := httptest.NewRecorder()
	s.mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func (s *state) want(t *testing.T, when string, live, started, ready int) {
	t.Helper()
	for path, want := range map[string]int{"/livez": live, "/startupz": started, "/readyz": ready} {
		if got, _ := s.get(path); got != want {
			t.Errorf("%s: %s answers %d, want %d", when, path, got, want)
		}
	}
}

func TestReadiness(t *testing.T) {
	s := newState()
	s.want(t, "at first", 200, 503, 503)
	s.tables = true
	s.want(t, "table asked for", 200, 503, 503)
	s.slices = true
	s.want(t, "endpoints known", 200, 503, 503)
	s.contact = s.present
	s.want(t, "report written", 200, 200, 200)
	s.present = s.present.Add(s.StaleLimit)
	s.want(t, "API lost within the limit", 200, 200, 200)
	s.present = s.present.Add(time.Second)
	s.want(t, "API lost beyond the limit", 200, 200, 503)
	if _, body := s.get("/readyz?verbose"); !strings.Contains(body, "[-] API seen within 1m0s") || !strings.Contains(body, "[+] endpoints known") {
		t.Errorf("verbose: %s", body)
	}
	s.contact = s.present
	s.want(t, "API back", 200, 200, 200)
	s.Drain()
	s.want(t, "draining", 200, 200, 503)
}

func TestAReplicaWithoutItsReleaseHasStartedAndIsNotReady(t *testing.T) {
	s := newState()
	s.tables, s.slices, s.contact, s.unroutable = true, true, s.present, true
	s.want(t, "without its release", 200, 200, 503)
	if _, body := s.get("/readyz?verbose"); !strings.Contains(body, "[-] release to route to") {
		t.Errorf("verbose: %s", body)
	}
	s.unroutable = false
	s.want(t, "with it", 200, 200, 200)
}

func healthy() *state {
	s := newState()
	s.tables, s.slices, s.contact = true, true, s.present
	return s
}

// A rolling restart must not replace replicas that have the last good table by empty ones.
func TestAReplicaWithoutATableHasStartedAndIsNotReady(t *testing.T) {
	s := healthy()
	s.bare = true
	s.want(t, "without a table", 200, 200, 503)
	if _, body := s.get("/readyz?verbose"); !strings.Contains(body, "[-] table to route by") {
		t.Errorf("verbose: %s", body)
	}
}

func TestABrokenWatchEndsReadinessWithinTheLimit(t *testing.T) {
	s := healthy()
	s.since, s.err = s.present, apierrors.NewForbidden(schema.GroupResource{Resource: "endpointslices"}, "", nil)
	s.want(t, "at once", 200, 200, 200)
	s.present, s.contact = s.present.Add(s.StaleLimit+time.Second), s.present.Add(s.StaleLimit)
	s.want(t, "beyond the limit", 200, 200, 503)
	if _, body := s.get("/readyz?verbose"); !strings.Contains(body, "[-] endpoints watched") {
		t.Errorf("verbose: %s", body)
	}
	s.since = time.Time{}
	s.want(t, "it stands again", 200, 200, 200)
}

// All replicas lose their account in the same moment; none of them is cut off.
func TestAnAccountThatWasMadeAnewDoesNotTakeAllReplicasOut(t *testing.T) {
	s := healthy()
	s.want(t, "at first", 200, 200, 200)
	s.unknown, s.since, s.err = true, s.present, apierrors.NewUnauthorized("no such account")
	s.present = s.present.Add(20 * s.StaleLimit)
	s.want(t, "long after", 200, 200, 200)
	s.present = s.contact.Add(accountLimit + time.Second)
	s.want(t, "after an hour", 200, 200, 503)
}
