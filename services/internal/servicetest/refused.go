package servicetest

import (
	"encoding/json"
	"net/http/httptest"
	"testing"
)

// Refused fails the test unless the answer is a problem with this status, of this
// kind, which names its trace. No slug is about:blank.
func Refused(t testing.TB, name string, got *httptest.ResponseRecorder, status int, slug string) {
	t.Helper()
	var p struct {
		Type, TraceID string
		Status        int
	}
	want := "about:blank"
	if slug != "" {
		want = "urn:emporium:problem:" + slug
	}
	err := json.Unmarshal(got.Body.Bytes(), &p)
	if err != nil || got.Code != status || p.Status != status || p.Type != want || p.TraceID == "" || got.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s: %d %v %s (%v), want a problem %s with %d", name, got.Code, got.Header(), got.Body, err, want, status)
	}
}
