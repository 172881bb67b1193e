package stage

import (
	"strings"
	"testing"
)

const whole = `apiVersion: shop.emporium.dev/v1alpha1
kind: Shop
metadata: {name: acme}
spec: {release: {settle: 3s, checks: [{name: contract}, {name: books}]}}
---
apiVersion: v1
kind: Service
metadata: {name: nats}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: nats}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: postgres}
---
apiVersion: shop.emporium.dev/v1alpha1
kind: ShopService
metadata: {name: cart, namespace: acme}
spec: {shop: acme, dependsOn: [auth, catalog], image: "x:1"}
---
apiVersion: shop.emporium.dev/v1alpha1
kind: ShopService
metadata: {name: cart-worker, namespace: acme}
spec: {shop: acme, image: "x:1"}
`

func TestAPartOfTheShopIsWholeByItself(t *testing.T) {
	got, err := Stage{Part: []string{"cart", "catalog"}}.part(whole)
	if err != nil {
		t.Fatal(err)
	}
	for text, times := range map[string]int{"name: cart\n": 1, "cart-worker": 0, "- catalog": 1, "auth": 0, "name: postgres": 1, "name: nats": 1, "image: x:1": 1, "---": 3, "name: contract": 1, "name: books": 0, "settle: 3s": 1} {
		if strings.Count(got, text) != times {
			t.Errorf("%q is there %d times, not %d:\n%s", text, strings.Count(got, text), times, got)
		}
	}
	if got, err := (Stage{Part: Browsing}).part(strings.Replace(whole, "[auth, catalog]", "null", 1)); err != nil || strings.Contains(got, "dependsOn: []") {
		t.Errorf("what depends on nothing is given an empty list: %v\n%s", err, got)
	}
	if got, err := (Stage{Part: Browsing}).part(strings.Replace(whole, "dependsOn: [auth, catalog], ", "", 1)); err != nil || strings.Contains(got, "dependsOn") {
		t.Errorf("what says nothing of it is given null, which the API refuses: %v\n%s", err, got)
	}
	if all, err := (Stage{}).part(whole); err != nil || all != whole {
		t.Errorf("without a part it is the whole: %v\n%s", err, all)
	}
	if _, err := (Stage{Part: Browsing}).part("{"); err == nil {
		t.Error("what is no manifest is one")
	}
}
