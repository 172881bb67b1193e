package e2e

import (
	"encoding/json"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/test/load"
	"github.com/emporium-shop/emporium/test/stage"
)

// begin gives a spec a shop in which the samples serve and nothing else runs, and brings the shop back to that when the spec
// ends. It returns the release of the samples.
func begin(ctx SpecContext) (home string) {
	GinkgoHelper()
	rest(ctx)
	home = look(ctx).Active
	room(ctx, home)
	DeferCleanup(func(ctx SpecContext) {
		rest(ctx)
		Expect(look(ctx).Active).To(Equal(home), "the samples serve again under their name")
		Expect(here.ApplySamples(ctx)).To(Succeed())
	})
	return home
}

// room waits until no other pods run than what serves at its least: where there is none for the pods of the release that
// serves, the operator takes a candidate back.
func room(ctx SpecContext, home string) {
	GinkgoHelper()
	others := "shop.emporium.dev/shop=" + stage.Shop + ",shop.emporium.dev/release,shop.emporium.dev/release!=" + home
	Eventually(func() []string { return listed(ctx, "pods", others) }).Should(BeEmpty())
	Eventually(func() []string { return storefronts(ctx) }).Should(HaveLen(2))
}

// rest applies the samples and waits until they serve and the stack before them is gone.
func rest(ctx SpecContext) {
	GinkgoHelper()
	overlay(ctx, shop("release: {rollbackWindow: 0s}"))
	Eventually(resting, 4*time.Minute).WithContext(ctx).Should(BeTrue())
	overlay(ctx)
	says(ctx, "True", "Serving", ContainSubstring("serves"))
}

// resting tells whether all that was applied was seen, and is what serves: what the shop says may be older than the last apply.
func resting(ctx SpecContext) (bool, error) {
	seen, err := observed(ctx)
	if err != nil || !seen {
		return false, err
	}
	row, err := here.Row(ctx, stage.Shop, stage.Shop)
	return row.Ready == "True" && row.Status == "Serving", err
}

func observed(ctx SpecContext) (bool, error) {
	out, err := here.Kubectl(ctx, "-n", stage.Shop, "get", "shop,shopsvc", "-o", "json")
	if err != nil {
		return false, err
	}
	var list struct {
		Items []struct {
			Metadata struct{ Generation int64 }
			Status   struct{ ObservedGeneration int64 }
		}
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		return false, fmt.Errorf("reading shop and services: %w", err)
	}
	for _, item := range list.Items {
		if item.Status.ObservedGeneration != item.Metadata.Generation {
			return false, nil
		}
	}
	return true, nil
}

// look returns what `kubectl get shop -o wide` prints now.
func look(ctx SpecContext) stage.Row {
	GinkgoHelper()
	row, err := here.Row(ctx, stage.Shop, stage.Shop)
	Expect(err).NotTo(HaveOccurred())
	return row
}

// says waits until `kubectl get shop -o wide` prints this; message is a text or a matcher.
func says(ctx SpecContext, ready, status string, message any) (row stage.Row) {
	GinkgoHelper()
	Eventually(func() (stage.Row, error) {
		var err error
		row, err = here.Row(ctx, stage.Shop, stage.Shop)
		return row, err
	}).Should(And(HaveField("Ready", ready), HaveField("Status", status), HaveField("Message", message)))
	return row
}

// serves is what the shop says inside a rollback window.
func serves(release, kept string) any {
	return HavePrefix(fmt.Sprintf("release %s serves; %s is kept for a way back until 20", release, kept))
}

// shop and shopService are patches of the sample shop, to be part of an overlay; spec is a body in flow style.
func shop(spec string) string { return patch("Shop", stage.Shop, spec) }

func shopService(name, spec string) string { return patch("ShopService", name, spec) }

func patch(kind, name, spec string) string {
	return fmt.Sprintf("{apiVersion: shop.emporium.dev/v1alpha1, kind: %s, metadata: {name: %s, namespace: acme}, spec: {%s}}", kind, name, spec)
}

// next is a patch with content that no release had before, so that each run of a spec cuts one. It is the storefront's, with
// more of its spec if need be.
func next(more ...string) string {
	spec := fmt.Sprintf("image: 'emporium.local/storefront:2', env: [{name: NOTE, value: '%d'}]", time.Now().UnixNano())
	for _, m := range more {
		spec += ", " + m
	}
	return shopService("storefront", spec)
}

// steady keeps the storefront's autoscaler from growing: two stacks have to fit on two cores. It is no part of a release.
var steady = shopService("storefront", "autoscaling: {minReplicas: 2, maxReplicas: 2}")

// overlay applies the samples with changes.
func overlay(ctx SpecContext, patches ...string) {
	GinkgoHelper()
	Expect(here.ApplyOverlay(ctx, append([]string{steady}, patches...)...)).To(Succeed())
}

// moves applies an overlay and waits for the switch that comes of it.
func moves(ctx SpecContext, patches ...string) load.Switch {
	GinkgoHelper()
	return movesWhen(ctx, func() { overlay(ctx, patches...) })
}

// movesWhen does something, waits for the switch that comes of it and for the front door to confirm it.
func movesWhen(ctx SpecContext, do func()) load.Switch {
	GinkgoHelper()
	begun := time.Now()
	do()
	record, err := here.Switched(ctx, begun)
	Expect(err).NotTo(HaveOccurred())
	Expect(confirmation(record)).To(BeNumerically("<=", time.Second))
	return stage.Seen(record)
}

func confirmation(record v1alpha1.SwitchRecord) time.Duration {
	return record.ConfirmedAt.Sub(record.WrittenAt.Time)
}
