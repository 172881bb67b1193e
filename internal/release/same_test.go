package release

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func TestSame(t *testing.T) {
	snapshot := func(change func(*v1alpha1.ShopReleaseSpec)) *v1alpha1.ShopReleaseSpec {
		s := &v1alpha1.ShopReleaseSpec{
			Services: []v1alpha1.ReleaseService{
				{Name: "cart", ServiceTemplate: v1alpha1.ServiceTemplate{Image: "cart:1", EnvFrom: []corev1.EnvFromSource{
					{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "mail"}}}}}},
				{Name: "catalog", ServiceTemplate: v1alpha1.ServiceTemplate{Image: "catalog:1"}},
			},
			Copies: []v1alpha1.ConfigCopy{{Kind: v1alpha1.SecretKind, Name: "mail", Copy: "acme-mail-1"}},
		}
		change(s)
		return s
	}
	for name, c := range map[string]struct {
		change        func(*v1alpha1.ShopReleaseSpec)
		cart, catalog bool
	}{
		"nothing changed":                   {func(*v1alpha1.ShopReleaseSpec) {}, true, true},
		"another image":                     {func(s *v1alpha1.ShopReleaseSpec) { s.Services[1].Image = "catalog:2" }, true, false},
		"another route":                     {func(s *v1alpha1.ShopReleaseSpec) { s.Services[0].Routes = []v1alpha1.Route{{Path: "/"}} }, false, true},
		"another content of its Secret":     {func(s *v1alpha1.ShopReleaseSpec) { s.Copies[0].Copy = "acme-mail-2" }, false, true},
		"another number of replicas":        {func(s *v1alpha1.ShopReleaseSpec) { s.Services[0].Replicas = ptr.To[int32](9) }, true, true},
		"another version of the whole shop": {func(s *v1alpha1.ShopReleaseSpec) { s.Version = "2" }, true, true},
		"without the other service":         {func(s *v1alpha1.ShopReleaseSpec) { s.Services = s.Services[:1] }, true, false},
	} {
		was, is := snapshot(func(*v1alpha1.ShopReleaseSpec) {}), snapshot(c.change)
		if cart, catalog := Same(was, is, "cart"), Same(was, is, "catalog"); cart != c.cart || catalog != c.catalog {
			t.Errorf("%s: cart the same: %t, catalog: %t", name, cart, catalog)
		}
	}
}
