package telemetry_test

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/emporium-shop/emporium/services/internal/postgres"
	"github.com/emporium-shop/emporium/services/internal/postgres/pgtest"
	"github.com/emporium-shop/emporium/services/internal/telemetry"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestAWaitForAConnectionIsSeen(t *testing.T) {
	db := pgtest.Open(t, postgres.Schema{Name: "shelf", Floor: 1, Files: fstest.MapFS{"00001_a.sql": {Data: []byte("-- +goose Up\nSELECT 1;\n")}}})
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(telemetry.Pool("shelf", db.Stat))
	for range db.Config().MaxConns {
		conn, err := db.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release()
	}
	hasty, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if conn, err := db.Acquire(hasty); err == nil {
		conn.Release()
		t.Fatal("there was one more than there may be")
	}
	want := `
# HELP db_pool_connections Connections to the database that are open, by what they do.
# TYPE db_pool_connections gauge
db_pool_connections{db="shelf",state="connecting"} 0
db_pool_connections{db="shelf",state="idle"} 0
db_pool_connections{db="shelf",state="used"} 7
# HELP db_pool_connections_max How many connections there may be.
# TYPE db_pool_connections_max gauge
db_pool_connections_max{db="shelf"} 7
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "db_pool_connections", "db_pool_connections_max"); err != nil {
		t.Error(err)
	}
	all, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range all {
		for _, m := range family.GetMetric() {
			for _, label := range m.GetLabel() {
				if label.GetValue() == "gave-up" && m.GetCounter().GetValue() != 1 {
					t.Errorf("%g gave up, want 1", m.GetCounter().GetValue())
				}
			}
		}
	}
}
