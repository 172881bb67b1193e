package observe

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
)

// readGrants finds out whether the services may use what they name. It comes last: a claim
// that the release that serves has mounted may be no other's.
func (r *Reader) readGrants(ctx context.Context, w *World) error {
	facts, err := r.Configs.facts(ctx, w)
	if err != nil {
		return err
	}
	w.Facts = facts
	t := release.Tenancy{Shop: w.Shop, Services: w.Services, Facts: facts, Revision: w.Snapshot.Spec.Revision, Copies: w.Snapshot.Spec.Copies}
	if active := w.Releases[w.Observed.Table.Active]; active != nil {
		t.Serving = &active.Spec
	}
	w.Snapshot.Add(release.Refusals(t))
	if len(w.Services) == 0 && len(w.NotAdmitted) > 0 {
		w.Snapshot.Problems, w.Snapshot.Refused = nil, nil // "has no services" is not true
		w.Snapshot.Add(release.NobodyAdmitted(w.Shop, w.NotAdmitted))
	}
	for i := range w.Observed.Releases {
		known := &w.Observed.Releases[i]
		known.Missing = release.Missing(w.Releases[known.Name], facts)
	}
	return nil
}

// facts reads what services name that is not theirs for the asking, and what a release needs that one may go back to.
func (c *Configs) facts(ctx context.Context, w *World) (release.Facts, error) {
	out := release.Facts{}
	for _, o := range grantable(w) {
		fact, exists, err := c.fact(ctx, w.Shop.Namespace, o)
		if err != nil {
			return nil, fmt.Errorf("reading %s %s: %w", o.Kind, o.Name, err)
		}
		if exists {
			out[o] = fact
		}
	}
	return out, nil
}

func grantable(w *World) (out []release.Object) {
	seen := map[release.Object]bool{}
	add := func(t *v1alpha1.ServiceTemplate, secrets bool) {
		for _, u := range release.Uses(t) {
			if !seen[u.Object] && (secrets || u.Kind != release.SecretKind) {
				seen[u.Object] = true
				out = append(out, u.Object)
			}
		}
	}
	for i := range w.Services {
		add(&w.Services[i].Spec.ServiceTemplate, true)
	}
	for _, rel := range w.Releases {
		for i := range rel.Spec.Services {
			add(&rel.Spec.Services[i].ServiceTemplate, false) // its Secrets are copies
		}
	}
	return out
}

func (c *Configs) fact(ctx context.Context, namespace string, o release.Object) (fact release.Fact, exists bool, err error) {
	obj := objectOf(o.Kind)
	err = c.Metadata.Get(ctx, client.ObjectKey{Namespace: namespace, Name: o.Name}, obj)
	if apierrors.IsNotFound(err) {
		return release.Fact{}, false, nil
	}
	if err != nil {
		return release.Fact{}, false, err
	}
	if claim, ok := obj.(*corev1.PersistentVolumeClaim); ok {
		fact = access(claim.Spec.AccessModes)
	}
	fact.Allowed = obj.GetAnnotations()[v1alpha1.AnnotationAllowedServices]
	return fact, true, nil
}

// access tells how a claim can be mounted.
func access(modes []corev1.PersistentVolumeAccessMode) release.Fact {
	has := func(m corev1.PersistentVolumeAccessMode) bool { return slices.Contains(modes, m) }
	return release.Fact{
		OnePod:  has(corev1.ReadWriteOncePod),
		OneNode: has(corev1.ReadWriteOnce) && !has(corev1.ReadWriteMany) && !has(corev1.ReadOnlyMany),
	}
}

// objectOf: of a claim it matters how it can be mounted, of the others only whom they allow.
func objectOf(kind string) client.Object {
	if kind == release.ClaimKind {
		return &corev1.PersistentVolumeClaim{}
	}
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind(kind))
	return meta
}

// GrantableKinds are the kinds of objects that services may use where they allow it, as Configs.Metadata holds them.
func GrantableKinds() map[string]client.Object {
	out := map[string]client.Object{}
	for _, kind := range []string{release.SecretKind, release.ClaimKind, release.AccountKind} {
		out[kind] = objectOf(kind)
	}
	return out
}

// ShopsUsing returns the shops of a namespace whose services, or releases, use the object.
func (r *Reader) ShopsUsing(ctx context.Context, namespace string, o release.Object) []string {
	out := r.shopsNaming(ctx, namespace, o.Kind, o.Name)
	if o.Kind == release.SecretKind {
		return out // a release uses copies
	}
	var releases v1alpha1.ShopReleaseList
	if r.Cache.List(ctx, &releases, client.InNamespace(namespace), client.UnsafeDisableDeepCopy) != nil {
		return out
	}
	for i := range releases.Items {
		spec := &releases.Items[i].Spec
		if slices.ContainsFunc(spec.Services, func(s v1alpha1.ReleaseService) bool { return uses(&s.ServiceTemplate, o) }) {
			out = append(out, spec.Shop)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func uses(t *v1alpha1.ServiceTemplate, o release.Object) bool {
	return slices.ContainsFunc(release.Uses(t), func(u release.Use) bool { return u.Object == o })
}
