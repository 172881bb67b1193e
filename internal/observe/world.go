package observe

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
	// Routed names the releases to which ready replicas of the front door say that they send customers.
	Routed []string
	// Account is the front door's ServiceAccount, nil where there is none, and Deployments are all of the shop.
	Account     *metav1.ObjectMeta
	Deployments []metav1.ObjectMeta
	// Strays are Deployments that carry the labels of a stack and are no part of it.
	Strays []string
	// Programs are, by release and service, the images that pods of one service run, where these are several.
	Programs map[string]map[string][]string
	// Budgets are, by service of what serves, the PodDisruptionBudgets of others that select its pods.
	Budgets map[string][]string
	// Autoscalers are, by service of what serves, the HorizontalPodAutoscalers of others that scale it.
	Autoscalers map[string][]string
	// Services of the running stacks by name, as they are: what reaches their pods.
	Reached map[string]corev1.Service
	// Entrance is the Service at which customers of a Managed front door arrive; nil where there is none.
	Entrance *corev1.Service
	// Route is the front door of type GatewayAPI; nil where it is Managed.
	Route *Route
	// Wake is the time after which to look again at what tells nobody of a change; 0: there is none.
	Wake time.Duration
	// Unrecorded is what the guard said of releases and could not be written on their records yet.
	Unrecorded map[string]Rejection
	// Live is the services' scale, which is no part of a release.
	Live map[string]v1alpha1.ServiceScale
	// Observed is the planner's input, but for Content.Since, which is the controller's.
	Observed plan.Observed

	// building are the sources that may have another image soon.
	building []plan.SourceBuild
	pods     []corev1.Pod
	jobPods  map[string][]corev1.Pod
	reader   *Reader
	// adopted are the records that were written in this pass.
	adopted []string
}

// Rejection is what the guard said of a release.
type Rejection struct {
	Verdict  string
	Services []string
}

// Reject lets a release count as rejected whose record does not say so yet.
func (w *World) Reject(name string, r Rejection) {
	if w.Unrecorded == nil {
		w.Unrecorded = map[string]Rejection{}
	}
	w.Unrecorded[name] = r
	for i := range w.Observed.Releases {
		if known := &w.Observed.Releases[i]; known.Name == name {
			known.Rejected, known.RejectedServices = r.Verdict, r.Services
		}
	}
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
	// Signatures tells of the signatures of images; nil: nobody asks, and shops that want them verified start nothing.
	Signatures Signatures
	// ProbeAnywhere lets a shop's probeAddress name any host.
	ProbeAnywhere bool
	// Namespaces that the caches hold; none: every one.
	Namespaces []string

	// DrainTime is how long a stack runs on after customers left it. 0: DefaultDrainTime.
	DrainTime time.Duration

	identities identities
}

// DefaultDrainTime is more than what a front door waits for requests in flight when it ends itself.
const DefaultDrainTime = 30 * time.Second

// Read reads all that a decision about the shop rests on.
func (r *Reader) Read(ctx context.Context, shop *v1alpha1.Shop) (*World, error) {
	w := &World{Shop: shop, Releases: map[string]*v1alpha1.ShopRelease{}, Live: map[string]v1alpha1.ServiceScale{}, reader: r}
	w.Observed.Policy = policy(shop.Spec.Release)
	if kept := shop.Status.Previous; kept != nil {
		w.Observed.Kept = kept.Release
	}
	if asked := shop.Annotations[v1alpha1.AnnotationRetry]; asked != shop.Status.Retried {
		w.Observed.Retry, w.Observed.Failing = asked, failing(shop)
	}
	w.Observed.Policy.DrainTime = cmp.Or(r.DrainTime, DefaultDrainTime)
	for _, step := range []func(context.Context, *World) error{
		r.readServices, r.readReleases, r.readStacks, r.readTable, r.readFrontDoor, r.readReached, r.readJobs, r.readQuotas, r.readRoute, r.readGrants, r.readBudgets, r.readAutoscalers,
	} {
		if err := step(ctx, w); err != nil {
			return nil, err
		}
	}
	w.readVolumes()
	w.Observed.Namespace = shop.Namespace
	w.Observed.Paused = shop.Spec.Paused
	w.Observed.Content = plan.Content{
		Release: w.Snapshot.Name, Version: w.Snapshot.Spec.Version, Problems: w.Snapshot.Problems,
		Services: release.Identities(&w.Snapshot.Spec), Building: w.building,
	}
	r.readSignatures(w)
	return w, nil
}

// failing: the status, which is of the same object as the request for a retry, says that something failed.
func failing(shop *v1alpha1.Shop) bool {
	ready := meta.FindStatusCondition(shop.Status.Conditions, string(v1alpha1.ConditionReady))
	if ready == nil {
		return false
	}
	switch v1alpha1.Reason(ready.Reason) {
	case v1alpha1.ReasonMigrationFailed, v1alpha1.ReasonCheckFailed, v1alpha1.ReasonGuardBroken, v1alpha1.ReasonStartDeadlineExceeded:
		return true
	}
	return false
}

func (r *Reader) readServices(ctx context.Context, w *World) error {
	services, err := r.ServicesOf(ctx, w.Shop.Namespace, w.Shop.Name)
	if err != nil {
		return err
	}
	services, w.NotAdmitted = release.Admit(w.Shop, services)
	sources, err := r.sourcesOf(ctx, services)
	if err != nil {
		return err
	}
	services, withoutImage := release.FromSources(services, sources)
	w.Services, w.building = services, building(sources)
	w.Observed.Live = map[string]plan.Scale{}
	for _, s := range services {
		w.Live[s.Name] = s.Spec.ServiceScale
		w.Observed.Live[s.Name] = scale(s.Spec.Replicas, s.Spec.Autoscaling)
	}
	hashes, unread, err := r.Configs.Hashes(ctx, w.Shop, services)
	if err != nil {
		return err
	}
	w.Snapshot, err = release.Take(w.Shop, services, hashes)
	w.Snapshot.Record(services, sources)
	w.Snapshot.Add(withoutImage)
	if len(unread) > 0 {
		w.Snapshot.Add(unread)
		w.Wake = lookAgain // nobody tells when it can be read
	}
	return err
}

// lookAgain is when what could not be read is tried again.
const lookAgain = 20 * time.Second

// ServicesOf lists the ShopServices that name a shop and are not being deleted.
func (r *Reader) ServicesOf(ctx context.Context, namespace, shop string) ([]v1alpha1.ShopService, error) {
	var list v1alpha1.ShopServiceList
	if err := r.Cache.List(ctx, &list, client.InNamespace(namespace), whichName(shop)); err != nil {
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
	if err := r.Cache.List(ctx, &list, client.InNamespace(w.Shop.Namespace), whichName(w.Shop.Name)); err != nil {
		return fmt.Errorf("listing ShopReleases: %w", err)
	}
	for i := range list.Items {
		rel := &list.Items[i]
		if rel.Spec.Shop != w.Shop.Name || !rel.DeletionTimestamp.IsZero() {
			continue
		}
		w.Releases[rel.Name] = rel
		w.Observed.Releases = append(w.Observed.Releases, r.plannedRelease(w.Shop, rel))
	}
	r.identities.keep(client.ObjectKeyFromObject(w.Shop), w.Releases)
	// Lists of a cache have no order, and of several releases that fit the first speaks.
	slices.SortFunc(w.Observed.Releases, func(a, b plan.Release) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// Planned is a release as the planner sees it.
func (r *Reader) Planned(shop *v1alpha1.Shop, rel *v1alpha1.ShopRelease) plan.Release {
	return r.plannedRelease(shop, rel)
}

func (r *Reader) plannedRelease(shop *v1alpha1.Shop, rel *v1alpha1.ShopRelease) plan.Release {
	notes := rel.Annotations
	out := plan.Release{
		Name: rel.Name, UID: cmp.Or(notes[v1alpha1.AnnotationRestored], string(rel.UID)), Version: rel.Spec.Version, CreatedAt: rel.CreationTimestamp.Time,
		Rejected: notes[v1alpha1.AnnotationRejected], RejectedServices: strings.Fields(notes[v1alpha1.AnnotationRejectedServices]),
		StartFailed: notes[v1alpha1.AnnotationStartFailed], Migrated: strings.Fields(notes[v1alpha1.AnnotationMigrated]),
		PassedChecks: passedChecks(shop, rel), FailedJobs: plan.ParseFailedJobs(notes[v1alpha1.AnnotationFailedJobs]),
	}
	out.CandidateSince = stamped(rel, v1alpha1.AnnotationCandidateSince)
	out.IrreversibleSince = stamped(rel, v1alpha1.AnnotationIrreversibleSince)
	out.LeftBehind = strings.Fields(rel.Annotations[v1alpha1.AnnotationLeftBehind])
	known := r.identities.of(rel)
	for i := range rel.Spec.Services {
		service := plannedService(&rel.Spec.Services[i])
		service.Identity = known[service.Name]
		out.Services = append(out.Services, service)
	}
	return out
}

// passedChecks names the checks, as they are now, that the release is known to have passed.
func passedChecks(shop *v1alpha1.Shop, rel *v1alpha1.ShopRelease) (out []string) {
	passed := strings.Fields(rel.Annotations[v1alpha1.AnnotationPassedChecks])
	for i := range shop.Spec.Release.Checks {
		c := &shop.Spec.Release.Checks[i]
		if name, err := release.CheckName(shop.Name, rel.Spec.Revision, c); err == nil && slices.Contains(passed, name) {
			out = append(out, c.Name)
		}
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

// readReached reads the Services by which customers reach the front door, and it the pods.
func (r *Reader) readReached(ctx context.Context, w *World) error {
	var list corev1.ServiceList
	if err := r.Cache.List(ctx, &list, client.InNamespace(w.Shop.Namespace), client.MatchingLabels{frontdoor.LabelShop: w.Shop.Name}); err != nil {
		return fmt.Errorf("listing the Services: %w", err)
	}
	w.Reached = map[string]corev1.Service{}
	for i := range list.Items {
		s := &list.Items[i]
		if s.DeletionTimestamp.IsZero() && ours(w.Shop, s) {
			w.Reached[s.Name] = *s
		}
	}
	if s, there := w.Reached[w.Shop.Name]; there && !w.Shop.UsesGatewayAPI() {
		w.Entrance = &s
	}
	return nil
}

func (r *Reader) readStacks(ctx context.Context, w *World) error {
	var deployments appsv1.DeploymentList
	var pods corev1.PodList
	of := client.MatchingLabels{frontdoor.LabelShop: w.Shop.Name}
	if err := r.Cache.List(ctx, &deployments, client.InNamespace(w.Shop.Namespace), of); err != nil {
		return fmt.Errorf("listing the Deployments: %w", err)
	}
	for i := range deployments.Items {
		w.Deployments = append(w.Deployments, deployments.Items[i].ObjectMeta)
	}
	if err := r.Cache.List(ctx, &pods, client.InNamespace(w.Shop.Namespace), of, client.HasLabels{frontdoor.LabelRelease}); err != nil {
		return fmt.Errorf("listing the pods: %w", err)
	}
	w.Observed.Stacks, w.Strays = stacks(w.Shop, deployments.Items, pods.Items)
	w.pods = pods.Items
	w.Programs = programs(pods.Items)
	w.jobPods = jobPods(pods.Items)
	return nil
}
