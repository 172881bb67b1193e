package release

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/google/go-cmp/cmp"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func cpu(n string) *corev1.ResourceRequirements {
	return &corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(n)}}
}

// defaults are those of a shop that sets them all.
func defaults() v1alpha1.ServiceDefaults {
	return v1alpha1.ServiceDefaults{
		Resources:        cpu("1"),
		ImagePullSecrets: []corev1.LocalObjectReference{{Name: "regcred"}},
		NodeSelector:     map[string]string{"pool": "shop"},
		Tolerations:      []corev1.Toleration{{Key: "shop"}},
	}
}

// taken is the one service of a snapshot.
func taken(t *testing.T, d v1alpha1.ServiceDefaults, own v1alpha1.ServiceTemplate) v1alpha1.ServiceTemplate {
	t.Helper()
	shop := acme()
	shop.Spec.Defaults = d
	s, err := Take(shop, []v1alpha1.ShopService{{ObjectMeta: metav1.ObjectMeta{Name: "cart"}, Spec: v1alpha1.ShopServiceSpec{ServiceTemplate: own}}}, existing())
	if err != nil {
		t.Fatal(err)
	}
	return s.Spec.Services[0].ServiceTemplate
}

func TestAServiceThatSaysNothingGetsTheShopsDefaults(t *testing.T) {
	d := defaults()
	want := v1alpha1.ServiceTemplate{Resources: d.Resources, Pod: &v1alpha1.PodOptions{
		ImagePullSecrets: d.ImagePullSecrets, NodeSelector: d.NodeSelector, Tolerations: d.Tolerations,
	}}
	if diff := cmp.Diff(want, taken(t, d, v1alpha1.ServiceTemplate{})); diff != "" {
		t.Errorf("service (-want +got):\n%s", diff)
	}
}

func TestWhatAServiceSaysItselfWinsOverTheShopsDefaults(t *testing.T) {
	own := v1alpha1.ServiceTemplate{Resources: cpu("2"), Pod: &v1alpha1.PodOptions{
		ImagePullSecrets: []corev1.LocalObjectReference{{Name: "own"}}, NodeSelector: map[string]string{}, Tolerations: []corev1.Toleration{},
	}}
	if diff := cmp.Diff(own, taken(t, defaults(), own)); diff != "" {
		t.Errorf("service (-want +got):\n%s", diff)
	}
}

func TestADefaultThatRefersToAnOverriddenVariableSeesTheOverride(t *testing.T) {
	v := func(name, value string) corev1.EnvVar { return corev1.EnvVar{Name: name, Value: value} }
	region, bucket, zone := v("REGION", "eu"), v("BUCKET", "images-$(REGION)"), v("ZONE", "a")
	us, own := v("REGION", "us"), v("OWN", "1")
	for name, c := range map[string]struct{ defaults, own, want []corev1.EnvVar }{
		"nothing overridden":                       {[]corev1.EnvVar{region, bucket}, []corev1.EnvVar{own}, []corev1.EnvVar{region, bucket, own}},
		"overridden, and a later default needs it": {[]corev1.EnvVar{zone, region, bucket}, []corev1.EnvVar{own, us}, []corev1.EnvVar{zone, us, bucket, own}},
		"overridden, and nothing needs it":         {[]corev1.EnvVar{region, zone}, []corev1.EnvVar{own, us}, []corev1.EnvVar{zone, own, us}},
		"overridden with what needs a default":     {[]corev1.EnvVar{region, zone}, []corev1.EnvVar{v("REGION", "us-$(ZONE)")}, []corev1.EnvVar{zone, v("REGION", "us-$(ZONE)")}},
		"what needs it is overridden as well":      {[]corev1.EnvVar{region, bucket}, []corev1.EnvVar{v("BUCKET", "b"), us}, []corev1.EnvVar{v("BUCKET", "b"), us}},
		"no defaults":                              {nil, []corev1.EnvVar{us}, []corev1.EnvVar{us}},
		"nothing of its own":                       {[]corev1.EnvVar{region}, nil, []corev1.EnvVar{region}},
	} {
		t.Run(name, func(t *testing.T) {
			got := taken(t, v1alpha1.ServiceDefaults{Env: c.defaults}, v1alpha1.ServiceTemplate{Env: c.own}).Env
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("env (-want +got):\n%s", diff)
			}
		})
	}
}

func TestASnapshotSharesNothingWithWhatItWasTakenOf(t *testing.T) {
	shop, service := acme(), richService()
	shop.Spec.Defaults = *filled[v1alpha1.ServiceDefaults]()
	service.Spec.Env, service.Spec.Resources, service.Spec.Pod = nil, nil, nil
	s, err := Take(shop, []v1alpha1.ShopService{service}, existing())
	if err != nil {
		t.Fatal(err)
	}
	got := s.Spec.Services[0]
	got.Env[0].ValueFrom.SecretKeyRef.Name, got.Pod.NodeSelector["a"] = "changed", "changed"
	got.EnvFrom[0].SecretRef.Name, got.Autoscaling.MaxReplicas = "changed", 99
	if diff := cmp.Diff(*filled[v1alpha1.ServiceDefaults](), shop.Spec.Defaults); diff != "" {
		t.Errorf("the shop's defaults were changed (-was +is):\n%s", diff)
	}
	if service.Spec.EnvFrom[0].SecretRef.Name != "a" || service.Spec.Autoscaling.MaxReplicas != 1 {
		t.Error("the service was changed")
	}
}
