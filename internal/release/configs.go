package release

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// Ref names a ConfigMap or Secret in the shop's namespace.
type Ref struct {
	Kind v1alpha1.ConfigKind
	Name string
}

// References returns the ConfigMaps and Secrets that a service takes values from,
// each once, sorted. The value is true where every mention says optional.
func References(t *v1alpha1.ServiceTemplate) map[Ref]bool {
	refs := map[Ref]bool{}
	eachRef(t, func(kind v1alpha1.ConfigKind, name *string, optional *bool) {
		ref := Ref{kind, *name}
		before, seen := refs[ref]
		refs[ref] = optional != nil && *optional && (!seen || before)
	})
	return refs
}

// Rename puts the copies' names where the template names the originals.
func Rename(t *v1alpha1.ServiceTemplate, copies map[Ref]string) {
	eachRef(t, func(kind v1alpha1.ConfigKind, name *string, _ *bool) {
		if renamed, ok := copies[Ref{kind, *name}]; ok {
			*name = renamed
		}
	})
}

// RenameMissing puts names that nothing has where the template names ConfigMaps and Secrets of which
// the release holds no copy: optional ones that were not there when it was cut. Under the real name,
// a pod that starts later would read what came since, without its owner's yes; and it would read a copy that
// was made for another service.
func RenameMissing(t *v1alpha1.ServiceTemplate, shop string, copies map[Ref]string) {
	eachRef(t, func(kind v1alpha1.ConfigKind, name *string, _ *bool) {
		ref := Ref{kind, *name}
		if _, copied := copies[ref]; !copied && ref.Name != "" {
			*name = copyName(shop, ref, noHash)
		}
	})
}

// noHash stands where the name of a copy has hexadecimal digits.
const noHash = "notthere"

// eachRef visits every place of a template that names a ConfigMap or Secret. It is
// the one list of such places, so that what is copied is also what is renamed.
func eachRef(t *v1alpha1.ServiceTemplate, visit func(kind v1alpha1.ConfigKind, name *string, optional *bool)) {
	for i := range t.Env {
		visitEnv(t.Env[i].ValueFrom, visit)
	}
	for i := range t.EnvFrom {
		if r := t.EnvFrom[i].ConfigMapRef; r != nil {
			visit(v1alpha1.ConfigMapKind, &r.Name, r.Optional)
		}
		if r := t.EnvFrom[i].SecretRef; r != nil {
			visit(v1alpha1.SecretKind, &r.Name, r.Optional)
		}
	}
	if t.Pod == nil {
		return
	}
	for i := range t.Pod.Volumes {
		if v := t.Pod.Volumes[i].ConfigMap; v != nil {
			visit(v1alpha1.ConfigMapKind, &v.Name, v.Optional)
		}
		if v := t.Pod.Volumes[i].Secret; v != nil {
			visit(v1alpha1.SecretKind, &v.SecretName, v.Optional)
		}
	}
}

func visitEnv(from *corev1.EnvVarSource, visit func(v1alpha1.ConfigKind, *string, *bool)) {
	if from == nil {
		return
	}
	if r := from.ConfigMapKeyRef; r != nil {
		visit(v1alpha1.ConfigMapKind, &r.Name, r.Optional)
	}
	if r := from.SecretKeyRef; r != nil {
		visit(v1alpha1.SecretKind, &r.Name, r.Optional)
	}
}

// HashConfigMap returns the hash of what a ConfigMap holds.
func HashConfigMap(m *corev1.ConfigMap) (string, error) {
	return digest([]any{v1alpha1.ConfigMapKind, m.Data, m.BinaryData})
}

// HashSecret returns the hash of what a Secret holds.
func HashSecret(s *corev1.Secret) (string, error) {
	return digest([]any{v1alpha1.SecretKind, s.Type, s.Data})
}

func compareRefs(a, b Ref) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
}

func sortedRefs(refs map[Ref]bool) []Ref {
	out := make([]Ref, 0, len(refs))
	for ref := range refs {
		out = append(out, ref)
	}
	slices.SortFunc(out, compareRefs)
	return out
}
