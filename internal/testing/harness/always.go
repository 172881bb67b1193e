package harness

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// Always is CheckAlways: what must hold after every single write of the operator, whatever
// the test. Each rule is a method; what is broken is kept with the write that broke it.
type Always struct {
	w *World

	mu         sync.Mutex
	violations []violation
	// served: customers were served once. outage is why they are not now, and since when.
	served bool
	outage string
	since  time.Time
	// nobody: not only who comes to some replicas.
	nobody bool
	// paused: by operator, the pass under way saw a paused shop.
	paused map[string]bool
}

type violation struct {
	at    time.Duration
	what  string
	write *cluster.Write
}

func newAlways(w *World) *Always {
	return &Always{w: w, paused: map[string]bool{}, outage: "nothing serves yet", since: begun, nobody: true}
}

// Violations are what was broken, one line each.
func (a *Always) Violations() (out []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, v := range a.violations {
		out = append(out, v.String())
	}
	return out
}

func (v violation) String() string {
	if v.write == nil {
		return fmt.Sprintf("%9s  %s", v.at, v.what)
	}
	return fmt.Sprintf("%9s  %s  [%s#%d %s %s]", v.at, v.what, v.write.Who, v.write.N, v.write.Verb, v.write.Key)
}

func (a *Always) violate(format string, args ...any) { a.broken(nil, format, args...) }

func (a *Always) broken(w *cluster.Write, format string, args ...any) {
	a.violations = append(a.violations, violation{a.w.Now.Sub(begun), fmt.Sprintf(format, args...), w})
}

// beginPass notes what the operator can see when it begins.
func (a *Always) beginPass(o *Operator) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var shop v1alpha1.Shop
	err := o.Cache.Get(context.Background(), cacheKey(), &shop)
	a.paused[o.Client.Who] = err == nil && shop.Spec.Paused
}

// after looks at the cluster after a write.
func (a *Always) after(wr *cluster.Write) {
	if !wr.Changed() {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.w.Shop() == nil { // what is left of it is garbage
		a.served, a.outage = false, "there is no shop"
		return
	}
	own := strings.HasPrefix(wr.Who, "operator")
	if own {
		for _, rule := range []func(*cluster.Write){
			a.pausedChangesNothing, a.carriesOwnerAndLabels, a.tableNamesWhatIsReady, a.servingIsKept, a.servingKeepsItsPods,
			a.historyIsKept, a.workIsNotKilled, a.migrationsDoNotOverlap, a.atMostTwoStacks, a.statusIsTrue,
		} {
			rule(wr)
		}
	}
	a.customersAreServed(wr, own)
}

func (a *Always) customersAreServed(wr *cluster.Write, own bool) {
	if wr.Verb == "status" {
		return
	}
	outage, nobody := a.w.outage()
	if outage != "" && own && a.served && a.outage == "" {
		a.broken(wr, "customers are not served any more: %s", outage)
	}
	if (outage == "") != (a.outage == "") || nobody != a.nobody {
		a.since = a.w.Now
	}
	a.served = a.served || outage == ""
	a.outage, a.nobody = outage, nobody
}

func (a *Always) pausedChangesNothing(wr *cluster.Write) {
	if a.paused[wr.Who] && wr.Verb != "status" {
		a.broken(wr, "spec.paused is true and something is changed")
	}
}

// carriesOwnerAndLabels: everything goes with its shop, and is found by its labels.
func (a *Always) carriesOwnerAndLabels(wr *cluster.Write) {
	if wr.After == nil || (wr.Verb != "create" && wr.Verb != "apply") || wr.Key.Kind == "Shop" || wr.Key.Kind == "ShopService" {
		return
	}
	owner := metav1.GetControllerOf(wr.After)
	labels := wr.After.GetLabels()
	switch {
	case owner == nil || owner.Kind != "Shop" || owner.UID == "":
		a.broken(wr, "an object without its shop as owner")
	case labels[frontdoor.LabelShop] != owner.Name || labels["app.kubernetes.io/managed-by"] != "emporium":
		a.broken(wr, "an object without the labels of its shop: %v", labels)
	}
}

// atMostTwoStacks: more than two are more than the cluster has room for. Who sees two that run begins no third;
// one that he cannot know of yet he takes away in the next pass.
func (a *Always) atMostTwoStacks(wr *cluster.Write) {
	if wr.Key.Kind != "Deployment" || wr.After == nil || wr.After.GetLabels()[frontdoor.LabelRelease] == "" {
		return
	}
	stacks := map[string]bool{wr.After.GetLabels()[frontdoor.LabelRelease]: true}
	cache := a.w.operator(wr.Who).Cache
	for _, o := range a.w.Store.All("Deployment") {
		var seen appsv1.Deployment
		isSeen := cache.Get(context.Background(), client.ObjectKeyFromObject(o), &seen) == nil
		if rel := o.GetLabels()[frontdoor.LabelRelease]; rel != "" && metav1.GetControllerOf(o) != nil && isSeen {
			stacks[rel] = true
		}
	}
	if len(stacks) > 2 {
		a.broken(wr, "%d stacks run", len(stacks))
	}
}

// operator is who writes under the name.
func (w *World) operator(who string) *Operator {
	return w.Operators[slices.IndexFunc(w.Operators, func(o *Operator) bool { return o.Client.Who == who })]
}

// table is the routing table as it is stored; zero: none that can be read.
func (w *World) table() frontdoor.Table {
	cm, _ := w.Store.Get("ConfigMap", Namespace, frontdoor.TableName(Shop)).(*corev1.ConfigMap)
	return tableIn(cm)
}

func tableIn(cm *corev1.ConfigMap) frontdoor.Table {
	if cm == nil {
		return frontdoor.Table{}
	}
	t, err := frontdoor.Decode(cm.Data[frontdoor.TableKey])
	if err != nil {
		return frontdoor.Table{}
	}
	return t
}

// busy are the releases that customers may be sent to.
func (w *World) busy() map[string]bool {
	out := w.routed()
	if active := w.table().Active; active != "" {
		out[active] = true
	}
	return out
}
