// Package foresee says what the operator will do with files that nobody has applied yet: it lets the operator's own code look at the
// cluster as it would be, and decide, step after step. It writes nothing.
package foresee

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/view"
)

// Unknown stands for the hash of a release whose Secrets may not be read.
const Unknown = "????????"

// Foresight is what would happen.
type Foresight struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"` // Foresight
	Namespace  string `json:"namespace"`
	Shop       string `json:"shop"`
	// Release that would serve in the end, as far as nobody has to approve it. Exists: it was cut before.
	Release string `json:"release"`
	Exists  bool   `json:"exists"`
	// Active is the release that serves now. Changes: the one that is foreseen is another.
	Active  string `json:"active,omitempty"`
	Changes bool   `json:"changes"`
	// Services is how many the release has; Diff is what changes against the one that serves.
	Services int                `json:"services"`
	Diff     []view.ServiceDiff `json:"diff"`
	Steps    []Step             `json:"steps"`
	// Refused is the reason for which it would not get through, and Why the operator's sentence; empty: it would.
	Refused v1alpha1.Reason `json:"refused,omitempty"`
	Why     string          `json:"why,omitempty"`
	// Notes are what could not be seen, and what is uncertain.
	Notes []string `json:"notes"`
}

// Step is one thing that the operator would do, in their order.
type Step struct {
	// What: settle, build, wait, migrate, start, check, approval, switch, retire.
	What string `json:"what"`
	// Detail in one line.
	Detail string `json:"detail,omitempty"`
	// Warning is what cannot be taken back, or for which there is no room; empty: nothing.
	Warning string `json:"warning,omitempty"`
}

// Cluster is read as the person who asks.
type Cluster interface {
	client.Reader
	Scheme() *runtime.Scheme
}

// Request is what is asked.
type Request struct {
	Shop types.NamespacedName
	// Objects are those of the files, as the API server would have them: DryRun returns such.
	Objects []client.Object
	// To is a release, or version, that would be named in spec.release.active; "": nobody names another.
	To string
}

// Foresee answers for a person whose rights the reader has.
func Foresee(ctx context.Context, api Cluster, now time.Time, r Request) (Foresight, error) {
	f := Foresight{APIVersion: view.APIVersion, Kind: "Foresight", Namespace: r.Shop.Namespace, Shop: r.Shop.Name, Diff: []view.ServiceDiff{}, Steps: []Step{}, Notes: []string{}}
	over := newOverlay(api, r.Objects)
	var shop v1alpha1.Shop
	if err := over.Get(ctx, r.Shop, &shop); err != nil {
		return f, fmt.Errorf("reading Shop %s: %w", r.Shop.Name, err)
	}
	if r.To != "" {
		shop.Spec.Release.Active = r.To
	}
	reader := &observe.Reader{Cache: over, Configs: &observe.Configs{Metadata: over, Live: over}, GatewayAPI: shop.UsesGatewayAPI()}
	world, err := reader.Read(ctx, &shop)
	if err != nil {
		return f, fmt.Errorf("looking at shop %s as the operator does: %w", shop.Name, err)
	}
	if over.secretUnread {
		likeServing(world)
	}
	f.play(world, reader, now)
	f.compare(world)
	f.Notes = append(f.Notes, over.notes()...)
	if over.secretUnread && !f.Exists {
		f.Release = shop.Name + "-" + Unknown
		f.Notes = append(f.Notes, "the name of the release is made of the content of Secrets too, which you may not read")
	}
	return f, nil
}

// likeServing takes Secrets that could not be read for what they are in the release that serves: a name that is made of a guess would
// call everything changed.
func likeServing(w *observe.World) {
	active := w.Releases[w.Observed.Table.Active]
	if active == nil {
		return
	}
	serves := map[string]v1alpha1.ConfigCopy{}
	for _, c := range active.Spec.Copies {
		serves[string(c.Kind)+" "+c.Name] = c
	}
	for i, c := range w.Snapshot.Spec.Copies {
		if is, known := serves[string(c.Kind)+" "+c.Name]; known && c.Kind == v1alpha1.SecretKind {
			w.Snapshot.Spec.Copies[i] = is
		}
	}
	if len(view.Diff(active, &v1alpha1.ShopRelease{Spec: w.Snapshot.Spec})) == 0 && active.Spec.Version == w.Snapshot.Spec.Version {
		w.Observed.Content.Release, w.Snapshot.Name = active.Name, active.Name
	}
}

// compare says what of the release is other than what serves.
func (f *Foresight) compare(w *observe.World) {
	target := w.Releases[f.Release]
	f.Exists = target != nil
	if target == nil && f.Release == w.Snapshot.Name {
		target = &v1alpha1.ShopRelease{Spec: w.Snapshot.Spec}
	}
	if target == nil {
		return
	}
	f.Services = len(target.Spec.Services)
	if f.Active != f.Release {
		f.Changes = true
		f.Diff = view.Diff(w.Releases[f.Active], target)
	}
}
