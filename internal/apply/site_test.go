package apply

import (
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/release"
	"github.com/emporium-shop/emporium/internal/resources"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

const a, b = "acme-aaaaaaaa", "acme-bbbbbbbb"

var epoch = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

// site is a shop in a cluster, what is decided about it, and the operator's Writer.
type site struct {
	*Writer
	store    *cluster.Store
	operator *cluster.Client
	user     cluster.As
	world    *observe.World
	d        *plan.Decision
	configs  *observe.Configs
	seen     int
}

// serving is a shop whose release a serves, with all its objects, and whose release b was cut.
func serving(t *testing.T) *site {
	t.Helper()
	s := at(cluster.NewStore(now))
	s.user.Create(&v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: "acme"}})
	s.world = &observe.World{Shop: s.store.Get("Shop", "shops", "acme").DeepCopyObject().(*v1alpha1.Shop), Releases: map[string]*v1alpha1.ShopRelease{}}
	for _, name := range []string{a, b} {
		s.user.Create(&v1alpha1.ShopRelease{ObjectMeta: s.meta(s.world.Shop, name, "release"), Spec: recordOf(name)})
	}
	s.look()
	floors := map[string]int32{"cart": 2, "catalog": 2}
	s.d = &plan.Decision{
		Stacks: []plan.StackPlan{{Release: a, Role: plan.Active, Floors: floors, Required: floors}},
		Table:  plan.TablePlan{Active: a, Switch: &frontdoor.Switch{At: epoch}},
	}
	s.must(t)
	s.look()
	s.written()
	return s
}

func now() time.Time { return epoch }

// at is an operator that was just started.
func at(store *cluster.Store) *site {
	s := &site{store: store, user: cluster.As{Store: store, Who: "user"}, operator: cluster.NewClient(store, "operator")}
	s.Writer = &Writer{Client: s.operator, Live: cluster.Live{Store: store}, Writes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "writes"}, []string{"kind", "verb"})}
	s.configs = &observe.Configs{Metadata: s.operator, Live: cluster.Live{Store: store}}
	return s
}

// look reads the world again, as the next pass does.
func (s *site) look() {
	for _, o := range s.store.All("ShopRelease") {
		s.world.Releases[o.GetName()] = o.DeepCopyObject().(*v1alpha1.ShopRelease)
	}
	s.world.Table = nil
	if o := s.store.Get("ConfigMap", "shops", "acme-front-door"); o != nil {
		s.world.Table = o.DeepCopyObject().(*corev1.ConfigMap)
	}
	s.world.Observed.Stacks = map[string]plan.Stack{}
	for _, o := range s.store.All("Deployment") {
		if rel := o.GetLabels()[frontdoor.LabelRelease]; rel != "" {
			s.world.Observed.Stacks[rel] = plan.Stack{"cart": {}, "catalog": {}}
		}
	}
}

func (s *site) pass(t *testing.T) (bool, error) {
	t.Helper()
	desired, err := resources.Render(resources.Input{Shop: s.world.Shop, Decision: s.d, Releases: s.world.Releases, FrontDoorImage: "gateway:1"})
	if err != nil {
		t.Fatal(err)
	}
	return s.Do(t.Context(), s.world, s.d, desired, s.configs)
}

func (s *site) must(t *testing.T) {
	t.Helper()
	if routed, err := s.pass(t); err != nil || !routed {
		t.Fatalf("routed %t, %v", routed, err)
	}
}

// written lists what the operator wrote since it was asked last, sorted: "verb Kind/name".
func (s *site) written() (out []string) {
	journal := s.store.Journal()
	for _, w := range journal[s.seen:] {
		if w.Who == "operator" && !w.DryRun {
			out = append(out, w.Verb+" "+w.Key.Kind+"/"+w.Key.Name)
		}
	}
	s.seen = len(journal)
	slices.Sort(out)
	return out
}

// comes makes release b the candidate.
func (s *site) comes() {
	floors := map[string]int32{"cart": 2, "catalog": 2}
	s.d.Candidate, s.d.CandidateSince = b, epoch
	s.d.Stacks = append(s.d.Stacks, plan.StackPlan{Release: b, Role: plan.Candidate, Floors: floors, Required: floors})
}

// switches makes the decision one that switches from a to b, back: to a stack that served before.
func (s *site) switches(back bool) {
	s.d.Table = plan.TablePlan{Active: b, Switching: true, Switch: &frontdoor.Switch{At: epoch.Add(time.Hour), From: a}}
	s.d.Back = back
}

// isReady reports pods of all Deployments.
func (s *site) isReady(pods int32) {
	for _, o := range s.store.All("Deployment") {
		s.user.Report(o, func(o client.Object) {
			d := o.(*appsv1.Deployment)
			d.Status.AvailableReplicas, d.Status.ObservedGeneration = pods, d.Generation
		})
	}
}

// active is what the stored table names.
func (s *site) active(t *testing.T) string {
	t.Helper()
	cm, _ := s.store.Get("ConfigMap", "shops", "acme-front-door").(*corev1.ConfigMap)
	if cm == nil {
		return ""
	}
	table, err := frontdoor.Decode(cm.Data[frontdoor.TableKey])
	if err != nil {
		t.Fatal(err)
	}
	return table.Active
}

// refuse lets the API server refuse what the operator writes of these objects ("Kind/name").
func (s *site) refuse(err error, objects ...string) {
	s.store.Admit = func(w *cluster.Write) error {
		if w.Who == "operator" && w.Verb != "delete" && slices.Contains(objects, w.Key.Kind+"/"+w.Key.Name) {
			return err
		}
		return nil
	}
}

func recordOf(name string) v1alpha1.ShopReleaseSpec {
	revision := name[len("acme-"):]
	return v1alpha1.ShopReleaseSpec{Shop: "acme", Revision: revision, RenderVersion: release.CurrentRenderVersion, Services: []v1alpha1.ReleaseService{
		{Name: "cart", Replicas: ptr.To[int32](2), ServiceTemplate: richTemplate("cart:" + revision)},
		{Name: "catalog", Autoscaling: &v1alpha1.Autoscaling{MinReplicas: 2, MaxReplicas: 5, CPUUtilization: ptr.To[int32](60), Metrics: []autoscalingv2.MetricSpec{
			{Type: autoscalingv2.ResourceMetricSourceType, Resource: &autoscalingv2.ResourceMetricSource{Name: corev1.ResourceMemory, Target: autoscalingv2.MetricTarget{
				Type: autoscalingv2.UtilizationMetricType, AverageUtilization: ptr.To[int32](80)}}}}},
			ServiceTemplate: v1alpha1.ServiceTemplate{Image: "catalog:" + revision, Port: 8080, MetricsPort: 9090, Routes: []v1alpha1.Route{{Path: "/api/catalog"}}}},
	}}
}

// richTemplate says something in each list and map that ends in a pod.
func richTemplate(image string) v1alpha1.ServiceTemplate {
	spread := &metav1.LabelSelector{MatchLabels: map[string]string{"app": "cart"}}
	return v1alpha1.ServiceTemplate{
		Image: image, Port: 8080, MetricsPort: 9090, Routes: []v1alpha1.Route{{Path: "/api/cart"}},
		Args: []string{"serve"}, Env: []corev1.EnvVar{{Name: "REGION", Value: "eu"}},
		EnvFrom:   []corev1.EnvFromSource{{Prefix: "X_", ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "cart"}}}},
		Resources: &corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")}, Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")}},
		Probes: &v1alpha1.Probes{Readiness: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{
			Path: "/ready", Port: intstr.FromInt32(8080), HTTPHeaders: []corev1.HTTPHeader{{Name: "X-Probe", Value: "1"}}}}}},
		Pod: &v1alpha1.PodOptions{
			Volumes:          []v1alpha1.Volume{{Name: "tmp", EmptyDir: &corev1.EmptyDirVolumeSource{}}},
			VolumeMounts:     []corev1.VolumeMount{{Name: "tmp", MountPath: "/tmp"}},
			ImagePullSecrets: []corev1.LocalObjectReference{{Name: "pull"}},
			NodeSelector:     map[string]string{"pool": "shop"},
			Tolerations:      []corev1.Toleration{{Key: "shop", Operator: corev1.TolerationOpExists}},
			Affinity: &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: "kubernetes.io/hostname", LabelSelector: spread}}}},
			TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{MaxSkew: 1, TopologyKey: "zone", WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: spread}},
		},
	}
}

func TestAShopThatServesCostsNoWrite(t *testing.T) {
	s := serving(t)
	s.must(t)
	if got := s.written(); len(got) > 0 {
		t.Errorf("a pass that changes nothing wrote %v", got)
	}
}

// goesStale lets the operator's cache stand still from now on.
func (s *site) goesStale() { s.operator.Reader = cluster.Live{Store: s.store.Fork(now)} }
