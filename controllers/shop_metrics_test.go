package controllers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// shelf is a cache of shops.
type shelf struct {
	client.Reader
	shops []v1alpha1.Shop
	err   error
}

func (s *shelf) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	list.(*v1alpha1.ShopList).Items = s.shops
	return s.err
}

func aShop(name string, reason v1alpha1.Reason, available metav1.ConditionStatus) v1alpha1.Shop {
	s := v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: name}}
	s.Status.Conditions = []metav1.Condition{{Type: "Ready", Reason: string(reason)}, {Type: "Available", Status: available}}
	return s
}

func TestAnAlertCanSayWhichShopItIs(t *testing.T) {
	kept := aShop("acme", v1alpha1.ReasonRollbackWindow, metav1.ConditionTrue)
	ends := metav1.NewTime(time.Unix(1764235052, 0))
	kept.Status.Previous = &v1alpha1.PreviousRelease{Release: "acme-1", RetiresAt: &ends}
	cache := &shelf{shops: []v1alpha1.Shop{kept, aShop("bazaar", v1alpha1.ReasonGuardBroken, metav1.ConditionFalse), {ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: "new"}}}}
	m := NewShopMetrics(cache)
	want := `
# HELP emporium_shop_available 1 where customers are served, 0 where not.
# TYPE emporium_shop_available gauge
emporium_shop_available{namespace="shops",shop="acme"} 1
emporium_shop_available{namespace="shops",shop="bazaar"} 0
emporium_shop_available{namespace="shops",shop="new"} 0
# HELP emporium_shop_reason 1 for the reason of the shop's condition Ready.
# TYPE emporium_shop_reason gauge
emporium_shop_reason{namespace="shops",reason="GuardBroken",shop="bazaar"} 1
emporium_shop_reason{namespace="shops",reason="RollbackWindow",shop="acme"} 1
# HELP emporium_shop_window_ends_timestamp_seconds When the stack that is kept for a way back goes; only while one is kept.
# TYPE emporium_shop_window_ends_timestamp_seconds gauge
emporium_shop_window_ends_timestamp_seconds{namespace="shops",shop="acme"} 1.764235052e+09
`
	if err := testutil.CollectAndCompare(m, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	cache.shops = cache.shops[:1]
	if n := testutil.CollectAndCount(m); n != 3 {
		t.Errorf("of one shop that is left there are %d series", n)
	}
	cache.err = errors.New("not yet")
	cache.shops = nil
	if n := testutil.CollectAndCount(m); n != 0 {
		t.Errorf("without an answer there are %d series", n)
	}
}

func BenchmarkAScrapeOf1000Shops(b *testing.B) {
	cache := &shelf{}
	for i := range 1000 {
		cache.shops = append(cache.shops, aShop(fmt.Sprint("s", i), v1alpha1.ReasonServing, metav1.ConditionTrue))
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(NewShopMetrics(cache))
	for b.Loop() {
		if _, err := reg.Gather(); err != nil {
			b.Fatal(err)
		}
	}
}
