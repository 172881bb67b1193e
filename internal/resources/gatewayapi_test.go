package resources

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
)

// atGateway is a shop that serves release 1 and has release 2 beside it.
func atGateway(change func(*v1alpha1.GatewayAPIFrontDoor)) Input {
	door := &v1alpha1.GatewayAPIFrontDoor{ParentRefs: []v1alpha1.GatewayReference{{Name: "public", Namespace: "infra", SectionName: "web"}}, Hostnames: []string{"acme.example"}}
	if change != nil {
		change(door)
	}
	shop := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: "acme", Namespace: "shops", UID: "1"}}
	shop.Spec.FrontDoor = v1alpha1.FrontDoor{Type: v1alpha1.FrontDoorGatewayAPI, GatewayAPI: door}
	floors := map[string]int32{"cart": 2, v1alpha1.GatewayService: 3}
	return Input{
		Shop: shop, FrontDoorImage: "gateway:1",
		Releases: map[string]*v1alpha1.ShopRelease{"acme-1": cartRelease("1"), "acme-2": cartRelease("2")},
		Decision: &plan.Decision{
			Table: plan.TablePlan{Active: "acme-1", Switch: &frontdoor.Switch{At: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)}},
			Stacks: []plan.StackPlan{
				{Release: "acme-1", Role: plan.Active, Floors: floors}, {Release: "acme-2", Role: plan.Candidate, Floors: floors},
			},
		},
	}
}

func cartRelease(revision string) *v1alpha1.ShopRelease {
	return &v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Name: "acme-" + revision}, Spec: v1alpha1.ShopReleaseSpec{
		Shop: "acme", Revision: revision, Services: []v1alpha1.ReleaseService{{
			Name: "cart", ServiceTemplate: v1alpha1.ServiceTemplate{Image: "cart:" + revision, Port: 8080, Routes: []v1alpha1.Route{{Path: "/api/cart"}}},
		}},
	}}
}

func render(t *testing.T, in Input) Desired {
	t.Helper()
	d, err := Render(in)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// names lists the rendered objects as kind/name, sorted.
func names(d Desired) (out []string) {
	for _, o := range d.Objects {
		out = append(out, *o.GetKind()+"/"+*o.GetName())
	}
	slices.Sort(out)
	return out
}

func find[T any](t *testing.T, objects []Object, name string) (out T) {
	t.Helper()
	for _, o := range objects {
		if *o.GetKind()+"/"+*o.GetName() == name {
			return decoded[T](t, o)
		}
	}
	t.Fatalf("%s is not rendered", name)
	return out
}

func decoded[T any](t *testing.T, o Object) (out T) {
	t.Helper()
	b, err := json.Marshal(o)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEachStackHasItsOwnGatewayAndTheShopNone(t *testing.T) {
	want := []string{
		"Deployment/acme-cart-1", "Deployment/acme-cart-2", "Deployment/acme-front-door-1", "Deployment/acme-front-door-2",
		"PodDisruptionBudget/acme-cart-1", "PodDisruptionBudget/acme-cart-2", "PodDisruptionBudget/acme-front-door-1", "PodDisruptionBudget/acme-front-door-2",
		"Role/acme-front-door", "RoleBinding/acme-front-door",
		"Service/acme-cart-1", "Service/acme-cart-2", "Service/acme-front-door-1", "Service/acme-front-door-2",
		"ServiceAccount/acme-front-door",
	}
	if diff := cmp.Diff(want, names(render(t, atGateway(nil)))); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}

func TestAStacksGatewayIsPinnedToItsRelease(t *testing.T) {
	d := find[appsv1.Deployment](t, render(t, atGateway(nil)).Objects, "Deployment/acme-front-door-2")
	if d.Spec.Replicas == nil || *d.Spec.Replicas != 3 {
		t.Errorf("replicas: %v, want those of spec.frontDoor.managed: 3", d.Spec.Replicas)
	}
	if diff := cmp.Diff(rendering{}.serviceLabels("acme", "front-door", "acme-2"), d.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	pod := d.Spec.Template.Spec
	if pod.ServiceAccountName != "acme-front-door" {
		t.Errorf("service account: %q", pod.ServiceAccountName)
	}
	if !slices.Contains(pod.Containers[0].Env, corev1.EnvVar{Name: "PINNED_RELEASE", Value: "acme-2"}) {
		t.Errorf("PINNED_RELEASE is not acme-2: %v", pod.Containers[0].Env)
	}
}

func TestTrustedProxiesAreTheFrontDoors(t *testing.T) {
	trusted := corev1.EnvVar{Name: "TRUSTED_PROXIES", Value: "10.128.0.0/14,fd00::/8"}
	managed := atGateway(nil)
	managed.Shop.Spec.FrontDoor.Type, managed.Shop.Spec.FrontDoor.GatewayAPI = v1alpha1.FrontDoorManaged, nil
	for name, in := range map[string]Input{"Deployment/acme-front-door-2": atGateway(nil), "Deployment/acme-front-door": managed} {
		if env := find[appsv1.Deployment](t, render(t, in).Objects, name).Spec.Template.Spec.Containers[0].Env; slices.Contains(env, trusted) {
			t.Errorf("%s trusts though nobody is named", name)
		}
		in.Shop.Spec.FrontDoor.TrustedProxies = []string{"10.128.0.0/14", "fd00::/8"}
		if env := find[appsv1.Deployment](t, render(t, in).Objects, name).Spec.Template.Spec.Containers[0].Env; !slices.Contains(env, trusted) {
			t.Errorf("%s: %v", name, env)
		}
	}
}

func TestTheTableHoldsEveryRunningRelease(t *testing.T) {
	table := render(t, atGateway(nil)).Table
	var got []string
	for _, r := range table.Releases {
		got = append(got, r.Name)
	}
	if diff := cmp.Diff([]string{"acme-1", "acme-2"}, got); diff != "" || table.Active != "acme-1" {
		t.Errorf("active %s; releases (-want +got):\n%s", table.Active, diff)
	}
}

func TestTheRouteNamesOneBackendAndSaysWhichReleaseThatIs(t *testing.T) {
	route := decoded[gatewayv1.HTTPRoute](t, render(t, atGateway(nil)).Route)
	if diff := cmp.Diff([]string{"acme", "shops"}, []string{route.Name, route.Namespace}); diff != "" {
		t.Error(diff)
	}
	if len(route.Spec.Rules) != 1 || len(route.Spec.Rules[0].BackendRefs) != 1 {
		t.Fatalf("rules: %+v, want one with one backend", route.Spec.Rules)
	}
	b := route.Spec.Rules[0].BackendRefs[0]
	if b.Name != "acme-front-door-1" || b.Port == nil || *b.Port != 80 {
		t.Errorf("backend: %+v", b)
	}
	p := route.Spec.ParentRefs[0]
	if p.Name != "public" || *p.Namespace != "infra" || *p.SectionName != "web" {
		t.Errorf("parent: %+v", p)
	}
	const want = `{"active":"acme-1","switch":{"at":"2026-11-27T09:00:00Z"}}`
	if diff := cmp.Diff(want, route.Annotations[v1alpha1.AnnotationSwitch]); diff != "" {
		t.Errorf("annotation (-want +got):\n%s", diff)
	}
}

func TestBeforeTheFirstSwitchThereIsNoRoute(t *testing.T) {
	in := atGateway(nil)
	in.Decision.Table = plan.TablePlan{}
	if d := render(t, in); d.Route != nil {
		t.Errorf("there is a route to nothing: %v", d.Route)
	}
}

func TestThePreviewHasARouteWhileThereIsACandidateToTryAndANameForIt(t *testing.T) {
	named := func(d *v1alpha1.GatewayAPIFrontDoor) { d.PreviewHostnames = []string{"next.acme.example"} }
	for name, c := range map[string]struct {
		change  func(*v1alpha1.GatewayAPIFrontDoor)
		preview string
		want    bool
	}{
		"a candidate and a name":        {named, "acme-2", true},
		"a name, nothing to try":        {named, "", false},
		"a candidate, no name for it":   {nil, "acme-2", false},
		"a candidate that is not there": {named, "acme-3", false},
	} {
		t.Run(name, func(t *testing.T) {
			in := atGateway(c.change)
			in.Decision.Table.Preview = c.preview
			d := render(t, in)
			if got := slices.Contains(names(d), "HTTPRoute/acme-preview"); got != c.want {
				t.Fatalf("rendered: %t, want %t", got, c.want)
			}
			if !c.want {
				return
			}
			route := find[gatewayv1.HTTPRoute](t, d.Objects, "HTTPRoute/acme-preview")
			if route.Spec.Hostnames[0] != "next.acme.example" || route.Spec.Rules[0].BackendRefs[0].Name != "acme-front-door-2" {
				t.Errorf("route: %+v", route.Spec)
			}
		})
	}
}

func TestChecksAskTheCandidatesGateway(t *testing.T) {
	in := atGateway(nil)
	if got := PreviewURL(in.Shop, in.Releases["acme-2"]); got != "http://acme-front-door-2.shops.svc" {
		t.Error(got)
	}
	in.Shop.Spec.FrontDoor = v1alpha1.FrontDoor{}
	if got := PreviewURL(in.Shop, in.Releases["acme-2"]); got != "http://acme-preview.shops.svc" {
		t.Error(got)
	}
}

func TestTheRoutesOfAReleaseWithoutARecordStay(t *testing.T) {
	for name, in := range map[string]Input{"Managed": richInput(), "GatewayAPI": throughGateway(richInput())} {
		active := in.Decision.Table.Active
		in.Was = render(t, in).Table
		want, _ := in.Was.Release(active)
		delete(in.Releases, active)
		in.Decision.Stacks = slices.DeleteFunc(slices.Clone(in.Decision.Stacks), func(s plan.StackPlan) bool { return s.Release == active }) // it is kept as it is
		got, there := render(t, in).Table.Release(active)
		if diff := cmp.Diff(want, got); !there || diff != "" {
			t.Errorf("%s: there %t (-want +got):\n%s", name, there, diff)
		}
		if _, err := render(t, in).Table.Encode(); err != nil {
			t.Errorf("%s: the table cannot be written: %v", name, err)
		}
	}
}

func TestNoForgottenFloorClosesAGateway(t *testing.T) {
	in := throughGateway(richInput())
	for i := range in.Decision.Stacks {
		delete(in.Decision.Stacks[i].Floors, v1alpha1.GatewayService)
	}
	d := find[appsv1.Deployment](t, render(t, in).Objects, "Deployment/acme-front-door-bbbbbbbb")
	if n := d.Spec.Replicas; n == nil || *n < 1 {
		t.Errorf("replicas %v", n)
	}
}
