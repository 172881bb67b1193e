package events

import "github.com/prometheus/client_golang/prometheus"

// The counters of a process. Services that share a process share them.
var (
	// Published counts events that the outbox handed to NATS.
	Published = counter("shop_events_published_total", "Events that were published, by type.")
	// Taken counts events that had their effect.
	Taken = counter("shop_events_taken_total", "Events that were taken, by type. An event that came again is not counted.")
	// Parked counts events that nobody could take: somebody must look at them.
	Parked = counter("shop_events_parked_total", "Events that failed too often and were put aside, by type. Look into the table inbox_parked.")
)

func counter(name, help string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"type"})
}

// Register adds the counters to a registry.
func Register(to prometheus.Registerer) error {
	for _, c := range []prometheus.Collector{Published, Taken, Parked} {
		if err := to.Register(c); err != nil {
			return err
		}
	}
	return nil
}
