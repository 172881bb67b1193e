package view

import (
	"bytes"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// ownerOf is who applies a ShopService again and again; nil: nobody is known to.
func (m *model) ownerOf(service string) *Holder {
	s := m.service(service)
	if s == nil {
		return nil
	}
	return HolderOf(s, "spec")
}

// HolderOf is the tool that holds a field of an object, and so puts back what people change of it by hand; nil: none does. A path
// that leads to a map or a list asks for whoever holds anything below it.
func HolderOf(o client.Object, path ...string) *Holder {
	var managers []string
	for _, e := range o.GetManagedFields() {
		if e.FieldsV1 == nil || e.Subresource != "" || isPerson(e.Manager) || slices.Contains(managers, e.Manager) {
			continue
		}
		fields := &fieldpath.Set{}
		if fields.FromJSON(bytes.NewReader(e.FieldsV1.GetRawBytes())) == nil && holds(fields, path) {
			managers = append(managers, e.Manager)
		}
	}
	if len(managers) == 0 {
		return nil
	}
	slices.Sort(managers)
	return named(o, managers[0])
}

func holds(fields *fieldpath.Set, path []string) bool {
	for i := range path {
		element := fieldpath.PathElement{FieldName: &path[i]}
		if i == len(path)-1 && fields.Members.Has(element) {
			return true
		}
		below, there := fields.Children.Get(element)
		if !there {
			return false
		}
		fields = below
	}
	return !fields.Empty()
}

// isPerson tells managers that are people at a terminal or at the console: nothing puts their fields back.
func isPerson(manager string) bool {
	return strings.HasPrefix(manager, "kubectl") || strings.HasPrefix(manager, "emporium") || manager == "before-first-apply"
}

// named says what a tool applies the object by, where the tool left word of it.
func named(o client.Object, manager string) *Holder {
	h := &Holder{Manager: manager}
	labels, annotations := o.GetLabels(), o.GetAnnotations()
	switch {
	case labels["kustomize.toolkit.fluxcd.io/name"] != "":
		h.Kind, h.Namespace, h.Name = "Kustomization", labels["kustomize.toolkit.fluxcd.io/namespace"], labels["kustomize.toolkit.fluxcd.io/name"]
	case annotations["argocd.argoproj.io/tracking-id"] != "":
		h.Kind = "Application"
		h.Name, _, _ = strings.Cut(annotations["argocd.argoproj.io/tracking-id"], ":")
	case annotations["meta.helm.sh/release-name"] != "":
		h.Kind, h.Namespace, h.Name = "Helm release", annotations["meta.helm.sh/release-namespace"], annotations["meta.helm.sh/release-name"]
	}
	return h
}
