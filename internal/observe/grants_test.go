package observe

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
)

func metaOf(name, allowed string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: "acme", Name: name, Annotations: map[string]string{v1alpha1.AnnotationAllowedServices: allowed}}
}

func podWith(account, claim string) *v1alpha1.PodOptions {
	return &v1alpha1.PodOptions{ServiceAccountName: account, Volumes: []v1alpha1.Volume{
		{Name: "v", PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim}}}}
}

// reading is a Reader of these objects and no others.
func reading(t *testing.T, objects ...client.Object) *Reader {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	builder := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...)
	if err := Index(t.Context(), indexing{builder}); err != nil {
		t.Fatal(err)
	}
	c := builder.Build()
	return &Reader{Cache: c, Configs: &Configs{Metadata: c, Live: c}}
}

// indexing lets a fake client be indexed as the operator's cache is.
type indexing struct{ builder *fake.ClientBuilder }

func (i indexing) IndexField(_ context.Context, o client.Object, field string, by client.IndexerFunc) error {
	i.builder.WithIndex(o, field, by)
	return nil
}

func TestFactsTellWhatServicesAndOldReleasesUse(t *testing.T) {
	r := reading(t,
		&corev1.Secret{ObjectMeta: metaOf("mail", "cart")}, &corev1.Secret{ObjectMeta: metaOf("others", "cart")},
		&corev1.ServiceAccount{ObjectMeta: metaOf("runner", "")}, &corev1.ServiceAccount{ObjectMeta: metaOf("old", "*")},
		&corev1.PersistentVolumeClaim{ObjectMeta: metaOf("media", "cart"), Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOncePod}}})
	svc := v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "cart"}}
	svc.Spec.Pod = podWith("runner", "media")
	svc.Spec.EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "mail"}}}}
	w := &World{
		Shop: &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "acme"}}, Services: []v1alpha1.ShopService{svc},
		Releases: map[string]*v1alpha1.ShopRelease{"acme-1": {Spec: v1alpha1.ShopReleaseSpec{Services: []v1alpha1.ReleaseService{
			{ServiceTemplate: v1alpha1.ServiceTemplate{Pod: podWith("old", "gone")}}}}}},
	}
	if err := r.readGrants(context.Background(), w); err != nil {
		t.Fatal(err)
	}
	want := release.Facts{
		{Kind: release.SecretKind, Name: "mail"}:    {Allowed: "cart"},
		{Kind: release.AccountKind, Name: "runner"}: {},
		{Kind: release.AccountKind, Name: "old"}:    {Allowed: "*"},
		{Kind: release.ClaimKind, Name: "media"}:    {Allowed: "cart", OnePod: true},
	}
	if diff := cmp.Diff(want, w.Facts); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(w.Snapshot.Problems) != 1 || len(w.Snapshot.Refused) != 1 || w.Snapshot.Refused[0].Service != "cart" {
		t.Errorf("problems: %v, refused: %v; want the account runner to be refused to cart", w.Snapshot.Problems, w.Snapshot.Refused)
	}
}

func TestShopsUsing(t *testing.T) {
	svc := &v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "cart"}}
	svc.Spec.Shop, svc.Spec.Pod = "acme", podWith("runner", "media")
	svc.Spec.Pod.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "registry"}}
	twin := svc.DeepCopy()
	twin.Name = "twin"
	old := &v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "bazaar-1"}, Spec: v1alpha1.ShopReleaseSpec{
		Shop: "bazaar", Services: []v1alpha1.ReleaseService{{ServiceTemplate: v1alpha1.ServiceTemplate{Pod: podWith("runner", "old")}}}}}
	r := reading(t, svc, twin, old)
	for o, want := range map[release.Object][]string{
		{Kind: release.AccountKind, Name: "runner"}:   {"acme", "bazaar"},
		{Kind: release.ClaimKind, Name: "media"}:      {"acme"},
		{Kind: release.ClaimKind, Name: "old"}:        {"bazaar"},
		{Kind: release.SecretKind, Name: "registry"}:  {"acme"},
		{Kind: release.SecretKind, Name: "runner"}:    nil,
		{Kind: release.AccountKind, Name: "media"}:    nil,
		{Kind: release.AccountKind, Name: "registry"}: nil,
	} {
		if diff := cmp.Diff(want, r.ShopsUsing(context.Background(), "acme", o)); diff != "" {
			t.Errorf("%v: -want +got:\n%s", o, diff)
		}
	}
	if got := r.ShopsUsing(context.Background(), "elsewhere", release.Object{Kind: release.AccountKind, Name: "runner"}); got != nil {
		t.Errorf("an object of another namespace wakes %v", got)
	}
}

// Whatever a service can name is in the index, and so are the defaults of a shop; a namespace ends where it ends.
func TestShopsNaming(t *testing.T) {
	svc := &v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "cart"}}
	svc.Spec.Shop, svc.Spec.Pod = "acme", podWith("runner", "media")
	svc.Spec.Env = []corev1.EnvVar{{Name: "A", ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}, Key: "a"}}}}
	svc.Spec.EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "mail"}}}}
	twin, elsewhere := svc.DeepCopy(), svc.DeepCopy()
	twin.Name, elsewhere.Namespace = "twin", "elsewhere"
	bazaar := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "bazaar"}}
	bazaar.Spec.Defaults.Env = []corev1.EnvVar{{Name: "B", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: "mail"}, Key: "b"}}}}
	r := reading(t, svc, twin, elsewhere, bazaar)
	for name, want := range map[release.Ref][]string{
		{Kind: v1alpha1.SecretKind, Name: "mail"}:        {"acme", "bazaar"},
		{Kind: v1alpha1.ConfigMapKind, Name: "settings"}: {"acme"},
		{Kind: v1alpha1.ConfigMapKind, Name: "mail"}:     nil,
		{Kind: v1alpha1.SecretKind, Name: "settings"}:    nil,
	} {
		if diff := cmp.Diff(want, r.ShopsNaming(t.Context(), "acme", name.Kind, name.Name)); diff != "" {
			t.Errorf("%v: -want +got:\n%s", name, diff)
		}
	}
}
