package view

import (
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func TestADiffNamesTheFieldsOfTheAPI(t *testing.T) {
	secret := corev1.EnvVar{Name: "KEY", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "keys"}, Key: "k"}}}
	for name, x := range map[string]struct {
		from, to func(*v1alpha1.ShopRelease)
		want     []string
	}{
		"nothing":            {nil, nil, nil},
		"a variable came":    {nil, func(r *v1alpha1.ShopRelease) { r.Spec.Services[0].Env = []corev1.EnvVar{{Name: "TRY", Value: "2"}} }, []string{"cart env.TRY added:  -> 2"}},
		"a variable went":    {func(r *v1alpha1.ShopRelease) { r.Spec.Services[0].Env = []corev1.EnvVar{{Name: "TRY", Value: "2"}} }, nil, []string{"cart env.TRY removed: 2 -> "}},
		"a variable changed": {func(r *v1alpha1.ShopRelease) { r.Spec.Services[0].Env = []corev1.EnvVar{{Name: "TRY", Value: "1"}} }, func(r *v1alpha1.ShopRelease) { r.Spec.Services[0].Env = []corev1.EnvVar{{Name: "TRY", Value: "2"}} }, []string{"cart env.TRY changed: 1 -> 2"}},
		"a service came": {nil, func(r *v1alpha1.ShopRelease) {
			r.Spec.Services = append(r.Spec.Services, v1alpha1.ReleaseService{Name: "tax", ServiceTemplate: v1alpha1.ServiceTemplate{Image: "tax:1"}})
		}, []string{"tax  added:  -> tax:1"}},
		"a service went":      {nil, func(r *v1alpha1.ShopRelease) { r.Spec.Services = r.Spec.Services[:1] }, []string{"mailer  removed: mailer:4 -> "}},
		"a port":              {nil, func(r *v1alpha1.ShopRelease) { r.Spec.Services[0].Port = 9000 }, []string{"cart port added:  -> 9000"}},
		"a tag was moved":     {func(r *v1alpha1.ShopRelease) { r.Spec.Services[0].ImageDigest = "sha256:a" }, func(r *v1alpha1.ShopRelease) { r.Spec.Services[0].ImageDigest = "sha256:b" }, []string{"cart imageDigest changed: sha256:a -> sha256:b"}},
		"a digest got known":  {nil, func(r *v1alpha1.ShopRelease) { r.Spec.Services[0].ImageDigest = "sha256:b" }, nil},
		"another commit only": {nil, func(r *v1alpha1.ShopRelease) { r.Spec.Services[0].Source = &v1alpha1.ReleaseSource{Commit: "b"} }, nil},
		"the content of a Secret": {func(r *v1alpha1.ShopRelease) {
			r.Spec.Services[0].Env, r.Spec.Copies = []corev1.EnvVar{secret}, []v1alpha1.ConfigCopy{{Kind: "Secret", Name: "keys", Copy: "keys-1"}}
		}, func(r *v1alpha1.ShopRelease) {
			r.Spec.Services[0].Env, r.Spec.Copies = []corev1.EnvVar{secret}, []v1alpha1.ConfigCopy{{Kind: "Secret", Name: "keys", Copy: "keys-2"}}
		}, []string{"cart secret keys changed: its content -> another content"}},
		"the content of what has no kind in a record that somebody restored": {func(r *v1alpha1.ShopRelease) {
			r.Spec.Services[0].Env, r.Spec.Copies = []corev1.EnvVar{secret}, []v1alpha1.ConfigCopy{{Name: "keys", Copy: "keys-1"}}
		}, func(r *v1alpha1.ShopRelease) {
			r.Spec.Services[0].Env, r.Spec.Copies = []corev1.EnvVar{secret}, []v1alpha1.ConfigCopy{{Name: "keys", Copy: "keys-2"}}
		}, []string{"cart  keys changed: its content -> another content"}},
		"the end of a long variable": {func(r *v1alpha1.ShopRelease) {
			r.Spec.Services[0].Env = []corev1.EnvVar{{Name: "URL", Value: "https://payments.example/v1/checkout?currency=EUR&country=DE&retries=3"}}
		}, func(r *v1alpha1.ShopRelease) {
			r.Spec.Services[0].Env = []corev1.EnvVar{{Name: "URL", Value: "https://payments.example/v1/checkout?currency=EUR&country=DE&retries=5"}}
		}, []string{"cart env.URL changed: …ntry=DE&retries=3 -> …ntry=DE&retries=5"}},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := record(relA, "cart:1", 0), record(relB, "cart:1", 0)
			if x.from != nil {
				x.from(&a)
			}
			if x.to != nil {
				x.to(&b)
			}
			var got []string
			for _, s := range Diff(&a, &b) {
				for _, c := range s.Changes {
					got = append(got, fmt.Sprintf("%s %s %s: %s -> %s", s.Service, c.Field, c.Op, c.From, c.To))
				}
			}
			if !slices.Equal(got, x.want) {
				t.Errorf("it says %q, want %q", got, x.want)
			}
		})
	}
}

func TestADiffWithNothingIsAllOfIt(t *testing.T) {
	b := record(relB, "cart:1", 0)
	if d := Diff(nil, &b); len(d) != 2 || d[0].Changes[0].Op != added {
		t.Errorf("it says %v", d)
	}
}
