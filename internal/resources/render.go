package resources

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/release"
)

// Object is an apply configuration with its identity.
type Object interface {
	runtime.ApplyConfiguration
	GetKind() *string
	GetAPIVersion() *string
	GetNamespace() *string
	GetName() *string
}

// Input is what a desired set is rendered from.
type Input struct {
	Shop     *v1alpha1.Shop
	Decision *plan.Decision
	// Releases by name: each stack is rendered from its own snapshot.
	Releases map[string]*v1alpha1.ShopRelease
	// Live holds the ShopServices' scale by service name.
	Live map[string]v1alpha1.ServiceScale
	// Was is the routing table as it is.
	Was frontdoor.Table
	// FrontDoorImage is the gateway image of shops that name none.
	FrontDoorImage string
	// AccountUIDs is what the function of this name returns: the Deployments of gateways
	// whose pods have to be made anew for a new ServiceAccount.
	AccountUIDs map[string]string
}

// Desired is the full desired set, but for copies, releases and the table, which
// are written under rules of their own.
type Desired struct {
	// Objects in the order in which they are applied.
	Objects []Object
	// Table is the routing table that the front door shall have.
	Table frontdoor.Table
	// Route is the HTTPRoute that customers arrive by; nil where the front door is
	// Managed, and before the first switch.
	Route Object
	// Warnings say what is not as it should be though everything is rendered, one sentence each.
	Warnings []string
}

// Render renders a decision.
func Render(in Input) (Desired, error) {
	out := Desired{Objects: frontDoor(in)}
	for _, s := range in.Decision.Stacks {
		rel, ok := in.Releases[s.Release]
		if !ok {
			return Desired{}, fmt.Errorf("rendering stack %s: its ShopRelease is not there", s.Release)
		}
		out.Objects = append(out.Objects, stack(in, rel, s)...)
	}
	all, err := jobs(in)
	if err != nil {
		return Desired{}, err
	}
	out.Objects = append(out.Objects, all...)
	out.Table, out.Warnings = table(in), warnings(in)
	if in.Shop.UsesGatewayAPI() {
		out.Table = routes(in, out.Table)
		if out.Route, err = publicRoute(in); err != nil {
			return Desired{}, err
		}
	}
	return out, nil
}

func stack(in Input, rel *v1alpha1.ShopRelease, plan plan.StackPlan) []Object {
	out := policies(in, rel)
	for i := range rel.Spec.Services {
		s := newService(in, rel, &rel.Spec.Services[i], plan)
		out = append(out, s.service(), s.deployment())
		if release.HasBudget(rel.Spec.RenderVersion, s.scale, s.floor) {
			out = append(out, s.disruptionBudget())
		}
		if s.isAutoscaled() {
			out = append(out, s.autoscaler())
		}
	}
	if in.Shop.UsesGatewayAPI() {
		out = append(out, pinned(in, rel, plan)...)
	}
	return out
}

func table(in Input) frontdoor.Table {
	t := in.Decision.Table
	out := frontdoor.Table{Schema: frontdoor.TableSchema, Shop: in.Shop.Name, Active: t.Active, Preview: t.Preview, Switch: t.Switch, Guard: t.Guard}
	for _, name := range []string{t.Active, t.Preview} {
		if r, known := routesFor(in, name); known && (name != t.Active || len(out.Releases) == 0) {
			out.Releases = append(out.Releases, r)
		}
	}
	return out
}

// routesFor are those of the release's record. Where that is gone, what the front door knows of the release stays.
func routesFor(in Input, name string) (frontdoor.Release, bool) {
	if rel, ok := in.Releases[name]; ok {
		return routesOf(rel), true
	}
	return in.Was.Release(name)
}

// Owner is the reference by which everything that is written for a shop goes with it.
func Owner(shop *v1alpha1.Shop) *metav1ac.OwnerReferenceApplyConfiguration {
	return metav1ac.OwnerReference().
		WithAPIVersion(v1alpha1.GroupVersion.String()).WithKind("Shop").
		WithName(shop.Name).WithUID(shop.UID).WithController(true).WithBlockOwnerDeletion(true)
}
