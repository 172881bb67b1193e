package main

import (
	"context"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/emporium-shop/emporium/services/conform"
)

// contract asks the services that are not in Go what a release asks all of its services before a switch: whether they keep the contract, by reads alone. Those
// in Go are asked by services/conform/releasecheck.
func (w *world) contract(ctx context.Context, s *stack) error {
	token, err := w.key.Sign(jwt.MapClaims{"iss": "auth", "aud": shopName, "sub": "conform", "kind": "staff", "scope": "reviews:write", "exp": time.Now().Add(time.Hour).Unix()})
	if err != nil {
		return fmt.Errorf("making a token of staff: %w", err)
	}
	for _, p := range s.services {
		if _, is := w.foreign[p.program]; !is {
			continue
		}
		report := conform.Run(ctx, conform.Target{
			Mode: conform.Remote, Settings: &conform.Settings{Service: p.program}, URL: fmt.Sprintf("http://127.0.0.1:%d", p.port),
			Metrics: fmt.Sprintf("http://127.0.0.1:%d", s.metrics[p.program]), Staff: "Bearer " + token, Quick: true,
		})
		if err := report.OK(false); err != nil {
			return fmt.Errorf("asking what a release is asked before a switch: %w", err)
		}
		w.journal.note("contract kept", p.program, fmt.Sprint(report.Count(conform.Passed), " rules"))
	}
	return nil
}
