package release

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// The kinds of objects that a service may use only where they allow it.
const (
	SecretKind  = "Secret"
	ClaimKind   = "PersistentVolumeClaim"
	AccountKind = "ServiceAccount"
)

// Object names such an object of the shop's namespace.
type Object struct{ Kind, Name string }

// Fact is what is known of one that exists and is not the operator's own.
type Fact struct {
	// Allowed is its annotation shop.emporium.dev/allowed-services.
	Allowed string
	// OnePod: it is a claim that one pod alone can mount (ReadWriteOncePod).
	OnePod bool
	// OneNode: it is a claim that pods of one node alone can mount at a time (ReadWriteOnce and nothing wider).
	OneNode bool
}

// Facts of the objects that exist.
type Facts map[Object]Fact

// Use is a field of a service that names an object.
type Use struct {
	Object
	// Field of the ShopService.
	Field string
	// Optional: the pods start without the object as well.
	Optional bool
	// Key of the Secret that is taken; "": all of it.
	Key string
	// pulls: images are pulled with the Secret; its content does not get into the container.
	pulls bool
	// taken: the content is copied into the release, which fails by itself where there is none.
	taken bool
}

// bare is what a Use has in common with other fields that take the same.
func (u Use) bare() Use { return Use{Object: u.Object, Key: u.Key, pulls: u.pulls} }

func (u Use) missing() string {
	return fmt.Sprintf("%s %s, which does not exist; create it, or name another", u.Kind, u.Name)
}

// Uses lists the fields of a service that name a Secret, a claim or an account.
func Uses(t *v1alpha1.ServiceTemplate) (out []Use) {
	for i := range t.Env {
		if u, ok := useOfEnv("spec.env", &t.Env[i]); ok {
			out = append(out, u)
		}
	}
	for i := range t.EnvFrom {
		if r := t.EnvFrom[i].SecretRef; r != nil {
			out = append(out, Use{Object: Object{SecretKind, r.Name}, Field: fmt.Sprintf("spec.envFrom[%d].secretRef", i), Optional: isTrue(r.Optional), taken: true})
		}
	}
	if t.Pod != nil {
		out = append(out, usesOfPod(t.Pod)...)
	}
	return slices.DeleteFunc(out, func(u Use) bool { return u.Name == "" })
}

func useOfEnv(field string, e *corev1.EnvVar) (Use, bool) {
	if e.ValueFrom == nil || e.ValueFrom.SecretKeyRef == nil {
		return Use{}, false
	}
	r := e.ValueFrom.SecretKeyRef
	return Use{Object: Object{SecretKind, r.Name}, Field: fmt.Sprintf("%s[%s].valueFrom.secretKeyRef", field, e.Name), Optional: isTrue(r.Optional), Key: r.Key, taken: true}, true
}

func usesOfPod(p *v1alpha1.PodOptions) (out []Use) {
	for i := range p.Volumes {
		field := fmt.Sprintf("spec.pod.volumes[%s]", p.Volumes[i].Name)
		if v := p.Volumes[i].Secret; v != nil {
			out = append(out, Use{Object: Object{SecretKind, v.SecretName}, Field: field + ".secret", Optional: isTrue(v.Optional), taken: true})
		}
		if v := p.Volumes[i].PersistentVolumeClaim; v != nil {
			out = append(out, Use{Object: Object{ClaimKind, v.ClaimName}, Field: field + ".persistentVolumeClaim"})
		}
	}
	for i := range p.ImagePullSecrets {
		out = append(out, Use{Object: Object{SecretKind, p.ImagePullSecrets[i].Name}, Field: "spec.pod.imagePullSecrets", pulls: true})
	}
	return append(out, Use{Object: Object{AccountKind, p.ServiceAccountName}, Field: "spec.pod.serviceAccountName"})
}

// grantedByDefaults: what the shop's owner hands to every service, every service may name itself:
// the very keys of Secrets that spec.defaults.env takes, and its imagePullSecrets, to pull with.
func grantedByDefaults(d *v1alpha1.ServiceDefaults) map[Use]bool {
	out := map[Use]bool{}
	for i := range d.Env {
		if u, ok := useOfEnv("spec.defaults.env", &d.Env[i]); ok {
			out[u.bare()] = true
		}
	}
	for _, s := range d.ImagePullSecrets {
		out[Use{Object: Object{SecretKind, s.Name}, pulls: true}] = true
	}
	return out
}

func isTrue(b *bool) bool { return b != nil && *b }

// Missing says what a release's pods cannot start without and does not exist, a sentence each.
// Its ConfigMaps and Secrets are copies and not asked for.
func Missing(rel *v1alpha1.ShopRelease, facts Facts) (out []string) {
	seen := map[Object]bool{}
	for i := range rel.Spec.Services {
		for _, u := range Uses(&rel.Spec.Services[i].ServiceTemplate) {
			_, exists := facts[u.Object]
			if u.Kind != SecretKind && !exists && !seen[u.Object] {
				seen[u.Object] = true
				out = append(out, fmt.Sprintf("release %s needs %s", rel.Name, u.missing()))
			}
		}
	}
	slices.Sort(out)
	return out
}
