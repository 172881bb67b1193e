package release

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/google/go-cmp/cmp"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func TestWhatOneServiceAloneCannotSayIsAProblem(t *testing.T) {
	type services map[string]v1alpha1.ServiceTemplate
	secret := func(name string, optional *bool) []corev1.EnvFromSource {
		return []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Optional: optional}}}
	}
	routes := func(paths ...string) (out []v1alpha1.Route) {
		for _, p := range paths {
			out = append(out, v1alpha1.Route{Path: p})
		}
		return out
	}
	mesh := &v1alpha1.PodOptions{Labels: map[string]string{"team": "b", "app": "postgres"}, Annotations: map[string]string{"mesh.example/inject": "no"}}
	for name, c := range map[string]struct {
		services services
		allowed  []string
		want     []string
	}{
		"no services": {nil, nil, []string{"the shop has no services yet: create a ShopService whose spec.shop names it"}},
		"all is well": {services{"cart": {DependsOn: []string{"catalog"}, Routes: routes("/a"), EnvFrom: secret("a", nil)}, "catalog": {Routes: routes("/b", "/a/b")}}, nil, nil},
		"a dependency that is not there": {services{"cart": {DependsOn: []string{"nobody"}}}, nil,
			[]string{"ShopService cart: spec.dependsOn names nobody, which is no ShopService of this shop; create it or remove the entry"}},
		"a dependency on itself": {services{"cart": {DependsOn: []string{"cart"}}}, nil,
			[]string{"ShopService cart: spec.dependsOn names the service itself; remove the entry"}},
		"one path twice": {services{"cart": {Routes: routes("/", "/x")}, "catalog": {Routes: routes("/x")}}, nil,
			[]string{"ShopServices cart and catalog: spec.routes of both hold /x; a path belongs to one service, so change one of them"}},
		"a Secret that is not there": {services{"cart": {EnvFrom: secret("missing", nil)}}, nil,
			[]string{"ShopService cart: Secret missing, which it takes values from, does not exist; create it or remove the reference"}},
		"an optional Secret that is not there": {services{"cart": {EnvFrom: secret("missing", ptr.To(true))}}, nil, nil},
		"labels and annotations that the shop does not allow": {services{"cart": {Pod: mesh}}, []string{"team"},
			[]string{"ShopService cart: gives its pods the label or annotation app, mesh.example/inject, which the Shop does not allow; remove it, or let the Shop's owner allow it with: kubectl -n shops patch shop acme --type=merge -p '{\"spec\":{\"allowedPodMetadata\":[\"team\",\"app\",\"mesh.example/inject\"]}}'"}},
		"a label of a migration that the shop does not allow": {services{"cart": {Migration: &v1alpha1.Migration{Labels: map[string]string{"app": "postgres"}}}}, nil,
			[]string{"ShopService cart: gives its pods the label or annotation app, which the Shop does not allow; remove it, or let the Shop's owner allow it with: kubectl -n shops patch shop acme --type=merge -p '{\"spec\":{\"allowedPodMetadata\":[\"app\"]}}'"}},
		"a label that would end the command's quotes": {services{"cart": {Pod: &v1alpha1.PodOptions{Labels: map[string]string{"x'; rm": ""}}}}, nil,
			[]string{"ShopService cart: gives its pods the label or annotation x'; rm, which the Shop does not allow; remove it, or let the Shop's owner allow it in spec.allowedPodMetadata"}},
		"labels and annotations that the shop allows": {services{"cart": {Pod: mesh}}, []string{"team", "app", "mesh.example/inject"}, nil},
		"a shop that allows all of them":              {services{"cart": {Pod: mesh}}, []string{"*"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			shop := acme()
			shop.Namespace, shop.Spec.AllowedPodMetadata = "shops", c.allowed
			var all []v1alpha1.ShopService
			for name, template := range c.services {
				all = append(all, v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.ShopServiceSpec{ServiceTemplate: template}})
			}
			s, err := Take(shop, all, existing())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, s.Problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheCopiesOfASnapshotAreThoseOfWhatExists(t *testing.T) {
	service := v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Name: "cart"}}
	service.Spec.EnvFrom = []corev1.EnvFromSource{
		{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "b"}}},
		{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "missing"}, Optional: ptr.To(true)}},
		{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "a"}}},
		{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "b"}}},
	}
	s, err := Take(acme(), []v1alpha1.ShopService{service}, existing())
	if err != nil {
		t.Fatal(err)
	}
	want := []v1alpha1.ConfigCopy{
		{Kind: v1alpha1.ConfigMapKind, Name: "a", Copy: "acme-c-a-00000000"},
		{Kind: v1alpha1.SecretKind, Name: "b", Copy: "acme-s-b-00000000"},
	}
	if diff := cmp.Diff(want, s.Spec.Copies); diff != "" {
		t.Errorf("copies (-want +got):\n%s", diff)
	}
	if s.Name != "acme-"+s.Spec.Revision || len(s.Spec.Revision) != 8 {
		t.Errorf("revision %q of release %s", s.Spec.Revision, s.Name)
	}
}
