package view

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func managed(manager, fields string) metav1.ManagedFieldsEntry {
	return metav1.ManagedFieldsEntry{Manager: manager, FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(fields)}
}

func TestWhoPutsBackWhatPeopleChange(t *testing.T) {
	const active, paused = `{"f:spec":{"f:release":{"f:active":{}}}}`, `{"f:spec":{"f:paused":{}}}`
	for name, x := range map[string]struct {
		entries             []metav1.ManagedFieldsEntry
		labels, annotations map[string]string
		want                string
	}{
		"nobody":                      {nil, nil, nil, ""},
		"a person":                    {[]metav1.ManagedFieldsEntry{managed("kubectl-patch", active), managed("emporium-user", active)}, nil, nil, ""},
		"a tool that holds another":   {[]metav1.ManagedFieldsEntry{managed("kustomize-controller", paused)}, nil, nil, ""},
		"Flux":                        {[]metav1.ManagedFieldsEntry{managed("kustomize-controller", active)}, map[string]string{"kustomize.toolkit.fluxcd.io/name": "acme", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}, nil, "kustomize-controller Kustomization flux-system/acme"},
		"Argo CD":                     {[]metav1.ManagedFieldsEntry{managed("argocd-controller", active)}, nil, map[string]string{"argocd.argoproj.io/tracking-id": "acme:shop.emporium.dev/Shop:shops/acme"}, "argocd-controller Application /acme"},
		"Helm":                        {[]metav1.ManagedFieldsEntry{managed("helm", active)}, nil, map[string]string{"meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "shops"}, "helm Helm release shops/shop"},
		"what cannot be read is none": {[]metav1.ManagedFieldsEntry{managed("helm", `{`)}, nil, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{ManagedFields: x.entries, Labels: x.labels, Annotations: x.annotations}}
			got := ""
			if h := HolderOf(s, "spec", "release", "active"); h != nil {
				got = h.Manager + " " + h.Kind + " " + h.Namespace + "/" + h.Name
			}
			if got != x.want {
				t.Errorf("%q, want %q", got, x.want)
			}
		})
	}
}

func TestAPathToAMapAsksForAnythingBelow(t *testing.T) {
	s := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{managed("helm", `{"f:spec":{"f:image":{}}}`)}}}
	if HolderOf(s, "spec") == nil || HolderOf(s, "status") != nil {
		t.Error("spec is held by helm, and status is not")
	}
}
