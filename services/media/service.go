// Package media is a service: Pictures of products, in sizes.
//
// media.go and limits.go know the rules, decode.go, orientation.go and resize.go the
// pixels, store.go the SQL, api.go the HTTP; queue.go, cache.go and variants.go see to it
// that a picture is made once, and no more at a time than the machine can; this file wires them.
package media

import (
	"context"
	"embed"
	"io/fs"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/internal/events"
	"github.com/emporium-shop/emporium/services/internal/idempotency"
	"github.com/emporium-shop/emporium/services/internal/outbox"
	"github.com/emporium-shop/emporium/services/internal/postgres"
)

//go:embed migrations
var migrations embed.FS

const (
	// decoding is the memory for pictures that are being made, in bytes, within the limit of
	// shop/service.yaml: one of 16 megapixels takes all of it.
	decoding = 256 << 20
	// waiting is how many more may wait for their turn.
	waiting = 16
	// remembered is how much is answered from memory, in bytes.
	remembered = 32 << 20
)

// Service is media.
func Service() app.Service {
	return app.Service{
		Name: "media", About: "Pictures of products, in sizes.",
		Schema: schema(), Provides: []string{"media/v1"}, Emits: []events.Type{events.VariantReady}, Seed: seed, New: newService,
	}
}

func newService(_ context.Context, k *app.Kit) (app.Parts, error) {
	made := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "shop_media_variants_made_total", Help: "Pictures that were rendered, by format."}, []string{"format"})
	busy := prometheus.NewCounter(prometheus.CounterOpts{Name: "shop_media_busy_total", Help: "Pictures that were not made because too many waited."})
	for _, f := range Formats() {
		made.WithLabelValues(string(f)) // 0 is there from the start
	}
	s, q, c := &store{k.DB}, newQueue(runtime.GOMAXPROCS(0), waiting, decoding, busy.Inc), newCache(remembered)
	k.Metrics.MustRegister(made, busy, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "shop_media_remembered_bytes", Help: "Pictures that are answered from memory.",
	}, func() float64 { return float64(c.bytes()) }))
	v := &variants{store: s, cache: c, queue: q, made: func(f Format) { made.WithLabelValues(string(f)).Inc() }}
	return app.Parts{API: (&api{s, v, q}).routes(k), Workers: []app.Worker{
		{Name: "relay", Run: outbox.Relay(k.DB, k.Bus)}, // which takes turns itself
		// It forgets what is too old to be of use, so any release may do it.
		{Name: "sweep-keys", Run: idempotency.Sweep(k.DB, idempotency.Keep), Beside: true},
	}}, nil
}

// schema is what the service owns in the database.
func schema() postgres.Schema {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil { // embedded: cannot happen
		panic(err)
	}
	return postgres.Schema{Name: "media", Files: files, Floor: 1, Parts: []postgres.Part{idempotency.Tables, outbox.Tables}}
}
