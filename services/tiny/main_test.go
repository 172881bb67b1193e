package main

import (
	"encoding/json"
	"net/http/httptest"
	"testing"

	"github.com/emporium-shop/emporium/services/internal/httpapi"
)

func TestSaysWhoItIs(t *testing.T) {
	res := httptest.NewRecorder()
	answer(httpapi.Config{Service: "s07", Release: "bench-1"}).ServeHTTP(res, httptest.NewRequest("GET", "/s07/x", nil))
	var got who
	if err := json.Unmarshal(res.Body.Bytes(), &got); err != nil || got != (who{"s07", "bench-1"}) {
		t.Errorf("%s, %v", res.Body, err)
	}
}
