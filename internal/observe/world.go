package observe

import (
	"context"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/release"
)

// World is what was read of a shop.
type World struct {
	Shop     *v1alpha1.Shop
	Services []v1alpha1.ShopService
	Releases map[string]*v1alpha1.ShopRelease
	// NotAdmitted are the ShopServices that name the shop, and that its annotation does not name.
	NotAdmitted []v1alpha1.ShopService
	// Facts of the Secrets, claims and accounts that services or releases name.
	Facts release.Facts
	// Snapshot is the release as the services would make it now.
	Snapshot release.Snapshot
	// Table is the ConfigMap that holds the routing table; nil where there is none.
	Table *corev1.ConfigMap
	// Entrance is the Service at which customers of a Managed front door arrive; nil where there is none.
	Entrance *corev1.Service
	// Route is the front door of type GatewayAPI; nil where it is Managed.
	Route *Route
	// Wake is the time after which to look again at what tells nobody of a change; 0: there is none.
	Wake time.Duration
	// Live is the services' scale, which is no part of a release.
	Live map[string]v1alpha1.ServiceScale
	// Observed is the planner's input, but for Content.Since, which is the controller's.
	Observed plan.Observed
}

// Reader reads shops.
type Reader struct {
	// Cache holds the shop's kinds and all that the operator wrote.
	Cache client.Reader
	// Configs reads the ConfigMaps and Secrets that services name.
	Configs *Configs
	// GatewayAPI tells whether the cluster serves it; Prober asks its Gateways.
	GatewayAPI bool
	Prober     Prober
	// ProbeAnywhere lets a shop's probeAddress name any host.
	ProbeAnywhere bool
	// Namespaces that the caches hold; none: every one.
	Namespaces []string
}

// Read reads all that a decision about the shop rests on.
func (r *Reader) Read(ctx context.Context, shop *v1alpha1.Shop) (*World, error) {
	w := &World{Shop: shop, Releases: map[string]*v1alpha1.ShopRelease{}, Live: map[string]v1alpha1.ServiceScale{}}
	for _, step := range []func(context.Context, *World) error{
		r.readServices, r.readReleases, r.readTable, r.readStacks, r.readFrontDoor, r.readEntrance, r.readJobs, r.readQuotas, r.readRoute, r.readGrants,
	} {
		if err := step(ctx, w); err != nil {
			return nil, err
		}
	}
	w.Observed.Namespace = shop.Namespace
	w.Observed.Paused = shop.Spec.Paused
	w.Observed.Policy = policy(shop.Spec.Release)
	w.Observed.Content = plan.Content{Release: w.Snapshot.Name, Version: w.Snapshot.Spec.Version, Problems: w.Snapshot.Problems}
	return w, nil
}

func (r *Reader) readServices(ctx context.Context, w *World) error {
	services, err := r.ServicesOf(ctx, w.Shop.Namespace, w.Shop.Name)
	if err != nil {
		return err
	}
	services, w.NotAdmitted = release.Admit(w.Shop, services)
	w.Services = services
	w.Observed.Live = map[string]plan.Scale{}
	for _, s := range services {
		w.Live[s.Name] = s.Spec.ServiceScale
		w.Observed.Live[s.Name] = scale(s.Spec.Replicas, s.Spec.Autoscaling)
	}
	hashes, err := r.Configs.Hashes(ctx, w.Shop, services)
	if err != nil {
		return err
	}
	w.Snapshot, err = release.Take(w.Shop, services, hashes)
	return err
}

// ServicesOf lists the ShopServices that name a shop and are not being deleted.
func (r *Reader) ServicesOf(ctx context.Context, namespace, shop string) ([]v1alpha1.ShopService, error) {
	var list v1alpha1.ShopServiceList
	if err := r.Cache.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("listing ShopServices: %w", err)
	}
	var out []v1alpha1.ShopService
	for _, s := range list.Items {
		if s.Spec.Shop == shop && s.DeletionTimestamp.IsZero() {
			out = append(out, s)
		}
	}
	return out, nil
}

func (r *Reader) readReleases(ctx context.Context, w *World) error {
	var list v1alpha1.ShopReleaseList
	if err := r.Cache.List(ctx, &list, client.InNamespace(w.Shop.Namespace)); err != nil {
		return fmt.Errorf("listing ShopReleases: %w", err)
	}
	for i := range list.Items {
		rel := &list.Items[i]
		if rel.Spec.Shop != w.Shop.Name || !rel.DeletionTimestamp.IsZero() {
			continue
		}
		w.Releases[rel.Name] = rel
		w.Observed.Releases = append(w.Observed.Releases, plannedRelease(rel))
	}
	return nil
}

func plannedRelease(rel *v1alpha1.ShopRelease) plan.Release {
	out := plan.Release{Name: rel.Name, Version: rel.Spec.Version, CreatedAt: rel.CreationTimestamp.Time, Rejected: rel.Annotations[v1alpha1.AnnotationRejected]}
	out.CandidateSince = stamped(rel, v1alpha1.AnnotationCandidateSince)
	out.IrreversibleSince = stamped(rel, v1alpha1.AnnotationIrreversibleSince)
	out.LeftBehind = strings.Fields(rel.Annotations[v1alpha1.AnnotationLeftBehind])
	for i := range rel.Spec.Services {
		out.Services = append(out.Services, plannedService(&rel.Spec.Services[i]))
	}
	return out
}

// stamped reads a time. An unreadable one counts as none: a candidate then gets a new deadline.
func stamped(rel *v1alpha1.ShopRelease, annotation string) time.Time {
	at, _ := time.Parse(time.RFC3339Nano, rel.Annotations[annotation])
	return at
}

func plannedService(s *v1alpha1.ReleaseService) plan.Service {
	out := plan.Service{
		Name: s.Name, Scale: scale(s.Replicas, s.Autoscaling), DependsOn: s.DependsOn,
		WithTraffic: s.Activation == v1alpha1.ActivationWithTraffic,
		PerPod:      perPod(s.Resources), Fixed: perService(),
	}
	if m := s.Migration; m != nil {
		out.Migration = &plan.Migration{Irreversible: m.Irreversible, Identity: release.MigrationIdentity(&s.ServiceTemplate)}
	}
	return out
}

func (r *Reader) readTable(ctx context.Context, w *World) error {
	var cm corev1.ConfigMap
	key := client.ObjectKey{Namespace: w.Shop.Namespace, Name: frontdoor.TableName(w.Shop.Name)}
	err := r.Cache.Get(ctx, key, &cm)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("reading the routing table: %w", err)
	}
	if err != nil {
		return nil
	}
	w.Table = &cm
	if w.Observed.Table, err = frontdoor.Decode(cm.Data[frontdoor.TableKey]); err != nil {
		return fmt.Errorf("reading ConfigMap %s: %w", cm.Name, err)
	}
	return nil
}

func (r *Reader) readFrontDoor(ctx context.Context, w *World) error {
	var pods corev1.PodList
	var leases coordinationv1.LeaseList
	of := client.MatchingLabels{frontdoor.LabelShop: w.Shop.Name, frontdoor.LabelComponent: frontdoor.ComponentFrontDoor}
	if err := r.Cache.List(ctx, &pods, client.InNamespace(w.Shop.Namespace), of); err != nil {
		return fmt.Errorf("listing the front door's pods: %w", err)
	}
	if err := r.Cache.List(ctx, &leases, client.InNamespace(w.Shop.Namespace), of); err != nil {
		return fmt.Errorf("listing the front door's Leases: %w", err)
	}
	hash := ""
	if w.Table != nil {
		hash = frontdoor.Hash(w.Table.Data[frontdoor.TableKey])
	}
	w.Observed.FrontDoor = confirmation(pods.Items, leases.Items, w.Observed.Table.Switch, hash)
	return nil
}

func (r *Reader) readEntrance(ctx context.Context, w *World) error {
	if w.Shop.UsesGatewayAPI() {
		return nil
	}
	var s corev1.Service
	err := r.Cache.Get(ctx, client.ObjectKeyFromObject(w.Shop), &s)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("reading the front door's Service: %w", err)
	}
	if err == nil {
		w.Entrance = &s
	}
	return nil
}

func (r *Reader) readStacks(ctx context.Context, w *World) error {
	var deployments appsv1.DeploymentList
	var pods corev1.PodList
	of := client.MatchingLabels{frontdoor.LabelShop: w.Shop.Name}
	if err := r.Cache.List(ctx, &deployments, client.InNamespace(w.Shop.Namespace), of, client.HasLabels{frontdoor.LabelRelease}); err != nil {
		return fmt.Errorf("listing the Deployments: %w", err)
	}
	if err := r.Cache.List(ctx, &pods, client.InNamespace(w.Shop.Namespace), of, client.HasLabels{frontdoor.LabelRelease}); err != nil {
		return fmt.Errorf("listing the pods: %w", err)
	}
	w.Observed.Stacks = stacks(deployments.Items, pods.Items)
	return nil
}
