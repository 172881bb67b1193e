package servicetest

import (
	"testing"
	"time"

	"github.com/emporium-shop/emporium/services/conform"
)

// Contract holds a service that runs in a test to the rules of the contract that
// reads alone decide, by the conform.json of the test's folder. All rules, with
// writes, SIGTERM and SIGKILL, are run by `make conform`.
func (s *Service) Contract(t testing.TB) {
	t.Helper()
	settings, err := conform.Load("conform.json")
	if err != nil {
		t.Fatal(err)
	}
	s.AwaitReady(t)
	report := conform.Run(t.Context(), conform.Target{Mode: conform.Remote, Settings: settings, URL: s.URL, Metrics: s.SideURL(), Quick: true})
	for _, failed := range report.Failures(true) {
		t.Errorf("%s (%s): %s\n%+v", failed.Rule, failed.Title, failed.Why, failed.Evidence)
	}
	if err := report.OK(true); err != nil {
		t.Errorf("the contract is not kept: %v", err)
	}
}

// AwaitReady waits until the service says that it takes requests.
func (s *Service) AwaitReady(t testing.TB) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		last := s.Ask("GET", "/readyz", "")
		if last.Code == 200 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not ready: %d %s", last.Code, last.Body)
		}
	}
}
