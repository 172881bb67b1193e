package release

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func named(name string) corev1.LocalObjectReference { return corev1.LocalObjectReference{Name: name} }

func envSecret(name, key string) corev1.EnvVar {
	return corev1.EnvVar{Name: "X", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: named(name), Key: key}}}
}

func allEnv(name string) []corev1.EnvFromSource {
	return []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: named(name)}}}
}

func mounting(v v1alpha1.Volume) *v1alpha1.PodOptions {
	v.Name = "v"
	return &v1alpha1.PodOptions{Volumes: []v1alpha1.Volume{v}}
}

func claimed(name string) *v1alpha1.PodOptions {
	return mounting(v1alpha1.Volume{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name}})
}

func runningAs(account string) *v1alpha1.PodOptions {
	return &v1alpha1.PodOptions{ServiceAccountName: account}
}

func serviceNamed(name string, change func(*v1alpha1.ShopServiceSpec)) v1alpha1.ShopService {
	s := v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "acme"}}
	s.Spec.Shop, s.Spec.Image = "acme", name+":1"
	change(&s.Spec)
	return s
}

const annotateBy = "; its owner allows it with: kubectl -n acme annotate "

// TestGrants: the service cart of one team, and things of another's.
func TestGrants(t *testing.T) {
	payments, deployer, data := Object{SecretKind, "payments"}, Object{AccountKind, "deployer"}, Object{ClaimKind, "data"}
	for name, c := range map[string]struct {
		cart     func(*v1alpha1.ShopServiceSpec)
		facts    Facts
		defaults v1alpha1.ServiceDefaults
		serving  *v1alpha1.ShopReleaseSpec
		copies   []v1alpha1.ConfigCopy
		want     []string
	}{
		"a Secret that goes while it is looked at is no free one": {
			cart: func(s *v1alpha1.ShopServiceSpec) { s.EnvFrom = allEnv("payments") }, facts: Facts{},
			copies: []v1alpha1.ConfigCopy{{Kind: v1alpha1.SecretKind, Name: "payments", Copy: "acme-s-payments-12345678"}},
			want:   []string{"ShopService cart: spec.envFrom[0].secretRef names Secret payments, which is being replaced, so nobody can say whom it allows; this ends by itself"}},
		"a Secret that is not there is told elsewhere": {
			cart: func(s *v1alpha1.ShopServiceSpec) { s.EnvFrom = allEnv("payments") }, facts: Facts{},
			copies: []v1alpha1.ConfigCopy{{Kind: v1alpha1.ConfigMapKind, Name: "payments", Copy: "acme-c-payments-12345678"}}},
		"a service that names nothing needs nothing": {cart: func(*v1alpha1.ShopServiceSpec) {}},
		"ConfigMaps are free": {cart: func(s *v1alpha1.ShopServiceSpec) {
			s.EnvFrom = []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: named("flags")}}}
			s.Pod = mounting(v1alpha1.Volume{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: named("flags")}})
		}},
		"a Secret in envFrom that allows nobody is refused": {
			cart: func(s *v1alpha1.ShopServiceSpec) { s.EnvFrom = allEnv("payments") }, facts: Facts{payments: {}},
			want: []string{"ShopService cart: spec.envFrom[0].secretRef names Secret payments, which does not allow the service" + annotateBy + "secret payments shop.emporium.dev/allowed-services=cart"}},
		"a Secret in env that allows others is refused": {
			cart: func(s *v1alpha1.ShopServiceSpec) { s.Env = []corev1.EnvVar{envSecret("payments", "KEY")} }, facts: Facts{payments: {Allowed: "payments, cart-2"}},
			want: []string{"ShopService cart: spec.env[X].valueFrom.secretKeyRef names Secret payments, which does not allow the service" + annotateBy +
				"secret payments --overwrite shop.emporium.dev/allowed-services=payments,cart-2,cart"}},
		"a Secret in a volume that allows nobody is refused": {
			cart: func(s *v1alpha1.ShopServiceSpec) {
				s.Pod = mounting(v1alpha1.Volume{Secret: &corev1.SecretVolumeSource{SecretName: "payments"}})
			}, facts: Facts{payments: {}},
			want: []string{"ShopService cart: spec.pod.volumes[v].secret names Secret payments, which does not allow the service" + annotateBy + "secret payments shop.emporium.dev/allowed-services=cart"}},
		"a pull Secret of the service's own that allows nobody is refused": {
			cart: func(s *v1alpha1.ShopServiceSpec) {
				s.Pod = &v1alpha1.PodOptions{ImagePullSecrets: []corev1.LocalObjectReference{named("payments")}}
			},
			facts: Facts{payments: {}},
			want:  []string{"ShopService cart: spec.pod.imagePullSecrets names Secret payments, which does not allow the service" + annotateBy + "secret payments shop.emporium.dev/allowed-services=cart"}},
		"what is optional is refused too where it exists": {
			cart: func(s *v1alpha1.ShopServiceSpec) {
				s.EnvFrom = allEnv("payments")
				s.EnvFrom[0].SecretRef.Optional = ptr.To(true)
			}, facts: Facts{payments: {}},
			want: []string{"ShopService cart: spec.envFrom[0].secretRef names Secret payments, which does not allow the service" + annotateBy + "secret payments shop.emporium.dev/allowed-services=cart"}},
		"a Secret that names the service is granted": {
			cart: func(s *v1alpha1.ShopServiceSpec) { s.EnvFrom = allEnv("payments") }, facts: Facts{payments: {Allowed: "catalog, cart"}}},
		"a Secret that names * is granted to everybody": {
			cart: func(s *v1alpha1.ShopServiceSpec) { s.EnvFrom = allEnv("payments") }, facts: Facts{payments: {Allowed: "*"}}},
		"several fields that name one Secret are told once": {
			cart: func(s *v1alpha1.ShopServiceSpec) {
				s.Env = []corev1.EnvVar{envSecret("payments", "A"), envSecret("payments", "B")}
				s.EnvFrom = allEnv("payments")
			}, facts: Facts{payments: {}},
			want: []string{"ShopService cart: spec.env[X].valueFrom.secretKeyRef names Secret payments, which does not allow the service" + annotateBy + "secret payments shop.emporium.dev/allowed-services=cart"}},
		"a key that spec.defaults.env names is granted by that": {
			cart:     func(s *v1alpha1.ShopServiceSpec) { s.Env = []corev1.EnvVar{envSecret("payments", "KEY")} },
			defaults: v1alpha1.ServiceDefaults{Env: []corev1.EnvVar{envSecret("payments", "KEY")}}, facts: Facts{payments: {}}},
		"the other keys of that Secret are not": {
			cart:     func(s *v1alpha1.ShopServiceSpec) { s.EnvFrom = allEnv("payments") },
			defaults: v1alpha1.ServiceDefaults{Env: []corev1.EnvVar{envSecret("payments", "KEY")}}, facts: Facts{payments: {}},
			want: []string{"ShopService cart: spec.envFrom[0].secretRef names Secret payments, which does not allow the service" + annotateBy + "secret payments shop.emporium.dev/allowed-services=cart"}},
		"a pull Secret of spec.defaults is granted to pull with": {
			cart: func(s *v1alpha1.ShopServiceSpec) {
				s.Pod = &v1alpha1.PodOptions{ImagePullSecrets: []corev1.LocalObjectReference{named("payments")}}
			},
			defaults: v1alpha1.ServiceDefaults{ImagePullSecrets: []corev1.LocalObjectReference{named("payments")}}, facts: Facts{payments: {}}},
		"a pull Secret of spec.defaults cannot be read": {
			cart:     func(s *v1alpha1.ShopServiceSpec) { s.EnvFrom = allEnv("payments") },
			defaults: v1alpha1.ServiceDefaults{ImagePullSecrets: []corev1.LocalObjectReference{named("payments")}}, facts: Facts{payments: {}},
			want: []string{"ShopService cart: spec.envFrom[0].secretRef names Secret payments, which does not allow the service" + annotateBy + "secret payments shop.emporium.dev/allowed-services=cart"}},
		"a pull Secret that does not exist is told": {
			cart: func(s *v1alpha1.ShopServiceSpec) {
				s.Pod = &v1alpha1.PodOptions{ImagePullSecrets: []corev1.LocalObjectReference{named("gone")}}
			},
			want: []string{"ShopService cart: spec.pod.imagePullSecrets needs Secret gone, which does not exist; create it, or name another"}},
		"a ServiceAccount that allows nobody is refused": {
			cart: func(s *v1alpha1.ShopServiceSpec) { s.Pod = runningAs("deployer") }, facts: Facts{deployer: {}},
			want: []string{"ShopService cart: spec.pod.serviceAccountName names ServiceAccount deployer, which does not allow the service" + annotateBy + "serviceaccount deployer shop.emporium.dev/allowed-services=cart"}},
		"a ServiceAccount that names the service is granted": {
			cart: func(s *v1alpha1.ShopServiceSpec) { s.Pod = runningAs("deployer") }, facts: Facts{deployer: {Allowed: "cart"}}},
		"a ServiceAccount that does not exist is told": {
			cart: func(s *v1alpha1.ShopServiceSpec) { s.Pod = runningAs("cart-sa") },
			want: []string{"ShopService cart: spec.pod.serviceAccountName needs ServiceAccount cart-sa, which does not exist; create it, or name another"}},
		"the front door's account is nobody's, whatever it allows": {
			cart: func(s *v1alpha1.ShopServiceSpec) { s.Pod = runningAs("acme-front-door") }, facts: Facts{Object{AccountKind, "acme-front-door"}: {Allowed: "*"}},
			want: []string{"ShopService cart: spec.pod.serviceAccountName names acme-front-door, the account of the shop's front door, which no service may run as; name another"}},
		"a claim that allows nobody is refused": {
			cart: func(s *v1alpha1.ShopServiceSpec) { s.Pod = claimed("data") }, facts: Facts{data: {}},
			want: []string{"ShopService cart: spec.pod.volumes[v].persistentVolumeClaim names PersistentVolumeClaim data, which does not allow the service" + annotateBy + "persistentvolumeclaim data shop.emporium.dev/allowed-services=cart"}},
		"a claim that names the service is granted": {
			cart: func(s *v1alpha1.ShopServiceSpec) { s.Pod = claimed("data") }, facts: Facts{data: {Allowed: "cart"}}},
		"a claim that does not exist is told": {
			cart: func(s *v1alpha1.ShopServiceSpec) { s.Pod = claimed("data") },
			want: []string{"ShopService cart: spec.pod.volumes[v].persistentVolumeClaim needs PersistentVolumeClaim data, which does not exist; create it, or name another"}},
		"a claim for one pod, mounted by the release that serves, is told before anything starts": {
			cart: func(s *v1alpha1.ShopServiceSpec) { s.Pod, s.Replicas = claimed("data"), ptr.To[int32](1) }, facts: Facts{data: {Allowed: "cart", OnePod: true}},
			serving: &v1alpha1.ShopReleaseSpec{Revision: "11111111", Services: []v1alpha1.ReleaseService{{Name: "cart", ServiceTemplate: v1alpha1.ServiceTemplate{Pod: claimed("data")}}}},
			want:    []string{"ShopService cart: spec.pod.volumes[v].persistentVolumeClaim names PersistentVolumeClaim data, which is ReadWriteOncePod and mounted by cart of the release that serves, so no second stack can start; use a claim that is ReadWriteMany"}},
		"a claim for one pod is no trouble to the release that serves itself": {
			cart: func(s *v1alpha1.ShopServiceSpec) { s.Pod, s.Replicas = claimed("data"), ptr.To[int32](1) }, facts: Facts{data: {Allowed: "cart", OnePod: true}},
			serving: &v1alpha1.ShopReleaseSpec{Revision: "22222222", Services: []v1alpha1.ReleaseService{{Name: "cart", ServiceTemplate: v1alpha1.ServiceTemplate{Pod: claimed("data")}}}}},
		"a claim for one pod is handed over by workers that run with traffic": {
			cart: func(s *v1alpha1.ShopServiceSpec) {
				s.Pod, s.Replicas, s.Activation = claimed("data"), ptr.To[int32](1), v1alpha1.ActivationWithTraffic
			}, facts: Facts{data: {Allowed: "cart", OnePod: true}},
			serving: &v1alpha1.ShopReleaseSpec{Revision: "11111111", Services: []v1alpha1.ReleaseService{{Name: "cart",
				ServiceTemplate: v1alpha1.ServiceTemplate{Pod: claimed("data"), Activation: v1alpha1.ActivationWithTraffic}}}}},
		"a claim for one pod cannot be in two": {
			cart: func(s *v1alpha1.ShopServiceSpec) { s.Pod, s.Replicas = claimed("data"), ptr.To[int32](2) }, facts: Facts{data: {Allowed: "cart", OnePod: true}},
			want: []string{"ShopService cart: spec.pod.volumes[v].persistentVolumeClaim names PersistentVolumeClaim data, which is ReadWriteOncePod, so one pod alone can mount it; set spec.replicas to 1, or use a claim that is ReadWriteMany"}},
	} {
		t.Run(name, func(t *testing.T) {
			shop := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: "acme", Namespace: "acme"}, Spec: v1alpha1.ShopSpec{Defaults: c.defaults}}
			got := Refusals(Tenancy{Shop: shop, Services: []v1alpha1.ShopService{serviceNamed("cart", c.cart)}, Facts: c.facts, Revision: "22222222", Copies: c.copies, Serving: c.serving})
			if diff := cmp.Diff(c.want, messagesOf(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			for _, p := range got {
				if p.Service != "cart" {
					t.Errorf("the problem is said to be of %q", p.Service)
				}
			}
		})
	}
}

func TestACommandHoldsNothingThatAShellWouldRun(t *testing.T) {
	got := annotate("acme", "secret", "mail", "catalog, $(reboot),`id`,a;b,cart-2", "cart")
	if want := "kubectl -n acme annotate secret mail --overwrite shop.emporium.dev/allowed-services=catalog,cart-2,cart"; got != want {
		t.Errorf("got:  %s\nwant: %s", got, want)
	}
	s := serviceNamed("cart", func(s *v1alpha1.ShopServiceSpec) { s.EnvFrom = allEnv("x; reboot") })
	shop := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: "acme", Namespace: "acme"}}
	for _, p := range Refusals(Tenancy{Shop: shop, Services: []v1alpha1.ShopService{s}}) {
		t.Errorf("a name that no object can have ends in a command: %s", p.Message)
	}
}

func TestMissing(t *testing.T) {
	rel := &v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Name: "acme-11111111"}, Spec: v1alpha1.ShopReleaseSpec{Services: []v1alpha1.ReleaseService{
		{Name: "cart", ServiceTemplate: v1alpha1.ServiceTemplate{Pod: runningAs("cart-sa"), EnvFrom: allEnv("copied")}},
		{Name: "catalog", ServiceTemplate: v1alpha1.ServiceTemplate{Pod: runningAs("cart-sa")}},
		{Name: "media", ServiceTemplate: v1alpha1.ServiceTemplate{Pod: claimed("data")}},
	}}}
	want := []string{
		"release acme-11111111 needs PersistentVolumeClaim data, which does not exist; create it, or name another",
		"release acme-11111111 needs ServiceAccount cart-sa, which does not exist; create it, or name another",
	}
	if diff := cmp.Diff(want, Missing(rel, Facts{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := Missing(rel, Facts{Object{AccountKind, "cart-sa"}: {}, Object{ClaimKind, "data"}: {}}); got != nil {
		t.Errorf("nothing is missing, but: %v", got)
	}
}

func TestAShopThatNamesItsServicesTakesNoOthers(t *testing.T) {
	shop := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: "acme", Namespace: "acme"}}
	services := []v1alpha1.ShopService{serviceNamed("cart", func(*v1alpha1.ShopServiceSpec) {}), serviceNamed("thief", func(*v1alpha1.ShopServiceSpec) {})}
	for list, want := range map[string]string{"unset": "cart thief/", "*": "cart thief/", "catalog,cart": "cart/thief", "": "/cart thief"} {
		shop.Annotations = map[string]string{v1alpha1.AnnotationAllowedServices: list}
		if list == "unset" {
			shop.Annotations = nil
		}
		in, out := Admit(shop, services)
		if got := names(in) + "/" + names(out); got != want {
			t.Errorf("%q: taken/left out are %s, want %s", list, got, want)
		}
	}
	shop.Annotations = map[string]string{v1alpha1.AnnotationAllowedServices: "cart"}
	if got := NotAdmitted(shop, "thief"); !strings.HasSuffix(got, "kubectl -n acme annotate shop acme --field-manager=emporium-user --overwrite shop.emporium.dev/allowed-services=cart,thief") {
		t.Errorf("the sentence does not end in the command that allows it: %s", got)
	}
}

func names(services []v1alpha1.ShopService) string {
	var out []string
	for _, s := range services {
		out = append(out, s.Name)
	}
	return strings.Join(out, " ")
}

func TestAllowedServicesAreNoPartOfARelease(t *testing.T) {
	shop := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: "acme", Namespace: "acme"}}
	take := func(allowed ...string) Snapshot {
		s := serviceNamed("cart", func(s *v1alpha1.ShopServiceSpec) { s.Routes = []v1alpha1.Route{{Path: "/", AllowedServices: allowed}} })
		snapshot, err := Take(shop, []v1alpha1.ShopService{s}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(allowed) > 0 && s.Spec.Routes[0].AllowedServices == nil {
			t.Fatal("the ShopService, which is a cache's, was changed")
		}
		return snapshot
	}
	if diff := cmp.Diff(take(), take("catalog", "*")); diff != "" {
		t.Errorf("allowing a service is another release: %s", diff)
	}
}
