package controllers

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// scrapeWithin bounds how long a scrape may wait for the cache, which answers at once where it is filled.
const scrapeWithin = 5 * time.Second

// ShopMetrics says of each shop how it is. It reads the cache when it is asked, so it costs nothing between, and a shop that is deleted is gone
// from it. It grows with shops, and not with releases.
type ShopMetrics struct {
	// Cache of Shops.
	Cache client.Reader

	reason, available, windowEnds *prometheus.Desc
}

// NewShopMetrics makes the collector; it has to be registered where the cache runs.
func NewShopMetrics(cache client.Reader) *ShopMetrics {
	shop := []string{"namespace", "shop"}
	return &ShopMetrics{
		Cache:      cache,
		reason:     prometheus.NewDesc("emporium_shop_reason", "1 for the reason of the shop's condition Ready.", append(shop, "reason"), nil),
		available:  prometheus.NewDesc("emporium_shop_available", "1 where customers are served, 0 where not.", shop, nil),
		windowEnds: prometheus.NewDesc("emporium_shop_window_ends_timestamp_seconds", "When the stack that is kept for a way back goes; only while one is kept.", shop, nil),
	}
}

// Describe is for prometheus.Collector.
func (m *ShopMetrics) Describe(out chan<- *prometheus.Desc) {
	out <- m.reason
	out <- m.available
	out <- m.windowEnds
}

// Collect is for prometheus.Collector. Where the cache does not answer there are no series, and the scrape goes on.
func (m *ShopMetrics) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeWithin)
	defer cancel()
	var list v1alpha1.ShopList
	if err := m.Cache.List(ctx, &list, client.UnsafeDisableDeepCopy); err != nil {
		return
	}
	for i := range list.Items {
		m.collect(out, &list.Items[i])
	}
}

func (m *ShopMetrics) collect(out chan<- prometheus.Metric, s *v1alpha1.Shop) {
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, append([]string{s.Namespace, s.Name}, labels...)...)
	}
	if ready := meta.FindStatusCondition(s.Status.Conditions, string(v1alpha1.ConditionReady)); ready != nil {
		gauge(m.reason, 1, ready.Reason)
	}
	available := 0.0
	if meta.IsStatusConditionTrue(s.Status.Conditions, string(v1alpha1.ConditionAvailable)) {
		available = 1
	}
	gauge(m.available, available)
	if p := s.Status.Previous; p != nil && p.RetiresAt != nil {
		gauge(m.windowEnds, float64(p.RetiresAt.Unix()))
	}
}
