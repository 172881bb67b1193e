package act

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/emporium-shop/emporium/internal/view"
)

// holderOf finds what a tool applies an object by, in the labels and annotations that it puts there.
func holderOf(live *unstructured.Unstructured, manager string) view.Holder {
	labels, notes := live.GetLabels(), live.GetAnnotations()
	h := view.Holder{Manager: manager}
	switch {
	case strings.HasPrefix(manager, "kustomize-controller"):
		h.Kind, h.Namespace, h.Name = "Kustomization", labels["kustomize.toolkit.fluxcd.io/namespace"], labels["kustomize.toolkit.fluxcd.io/name"]
	case strings.HasPrefix(manager, "argocd"):
		application, _, _ := strings.Cut(notes["argocd.argoproj.io/tracking-id"], ":")
		h.Kind, h.Name = "Application", application
	case strings.HasPrefix(manager, "helm"):
		h.Kind, h.Namespace, h.Name = "HelmRelease", labels["helm.toolkit.fluxcd.io/namespace"], labels["helm.toolkit.fluxcd.io/name"]
		if h.Name == "" {
			h.Kind, h.Namespace, h.Name = "Helm release", notes["meta.helm.sh/release-namespace"], notes["meta.helm.sh/release-name"]
		}
	}
	if h.Name == "" {
		return view.Holder{Manager: manager}
	}
	return h
}
