package observe

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
)

// newborn is what an operator that was just started knows: a Secret that a service names, and
// perhaps a copy of it. reads counts what it read of the Secret's content.
type newborn struct {
	Configs
	secret *corev1.Secret
	reads  int
}

func start(t *testing.T, from func(secret *corev1.Secret, hash string) string) *newborn {
	t.Helper()
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "mail", Namespace: "shops", UID: "1", ResourceVersion: "7"}, Data: map[string][]byte{"TOKEN": []byte("x")},
	}
	hash, err := release.HashSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	copied := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Name: "acme-s-mail-" + hash[:8], Namespace: "shops", Labels: map[string]string{frontdoor.LabelComponent: ComponentCopy},
		Annotations: map[string]string{AnnotationCopiedFrom: from(secret, hash)},
	}}
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	n := &newborn{secret: secret}
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(secret, copied).Build()
	live := interceptor.NewClient(c, interceptor.Funcs{Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
		n.reads++
		return c.Get(ctx, key, o, opts...)
	}})
	n.Configs = Configs{Metadata: c, Live: live, Copies: c}
	return n
}

// hashes asks twice, as two passes do.
func (n *newborn) hashes(t *testing.T) map[release.Ref]string {
	t.Helper()
	shop := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: "acme", Namespace: "shops"}}
	service := v1alpha1.ShopService{}
	service.Spec.EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "mail"}}}}
	var out map[release.Ref]string
	for range 2 {
		var err error
		if out, _, err = n.Hashes(context.Background(), shop, []v1alpha1.ShopService{service}); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestAnOperatorThatStartsDoesNotReadASecretThatACopyTellsOf(t *testing.T) {
	n := start(t, func(s *corev1.Secret, hash string) string { return CopiedFrom(s, hash) })
	want, _ := release.HashSecret(n.secret)
	if got := n.hashes(t)[release.Ref{Kind: v1alpha1.SecretKind, Name: "mail"}]; got != want || n.reads != 0 {
		t.Errorf("hash %q after %d reads, want %q after none", got, n.reads, want)
	}
}

func TestASecretThatChangedSinceItWasCopiedIsReadOnce(t *testing.T) {
	for name, from := range map[string]func(*corev1.Secret, string) string{
		"changed":              func(*corev1.Secret, string) string { return "1 6 old" },
		"made anew":            func(*corev1.Secret, string) string { return "0 7 old" },
		"copied by an old one": func(*corev1.Secret, string) string { return "" },
		"edited by hand":       func(s *corev1.Secret, hash string) string { return CopiedFrom(s, strings.Repeat("0", 64)) },
		"unreadable":           func(*corev1.Secret, string) string { return "1 7" },
	} {
		n := start(t, from)
		want, _ := release.HashSecret(n.secret)
		if got := n.hashes(t)[release.Ref{Kind: v1alpha1.SecretKind, Name: "mail"}]; got != want || n.reads != 1 {
			t.Errorf("%s: hash %q after %d reads, want %q after one", name, got, n.reads, want)
		}
	}
}

func TestWhatWasReadAtAStartIsToldToItsCopyOnce(t *testing.T) {
	shop := types.NamespacedName{Namespace: "shops", Name: "acme"}
	old := func(*corev1.Secret, string) string { return "1 6 " + strings.Repeat("0", 64) }
	n := start(t, old)
	hash, _ := release.HashSecret(n.secret)
	copied := v1alpha1.ConfigCopy{Kind: v1alpha1.SecretKind, Name: "mail", Copy: "acme-s-mail-" + hash[:8]}
	n.hashes(t)
	for name, c := range map[string]v1alpha1.ConfigCopy{
		"of another source":  {Kind: v1alpha1.SecretKind, Name: "other", Copy: copied.Copy},
		"of another kind":    {Kind: v1alpha1.ConfigMapKind, Name: "mail", Copy: copied.Copy},
		"with other content": {Kind: v1alpha1.SecretKind, Name: "mail", Copy: "acme-s-mail-00000000"},
	} {
		if got := n.Untold(shop, c); got != "" {
			t.Errorf("a copy %s is told %q", name, got)
		}
	}
	if got, want := n.Untold(shop, copied), "1 7 "+hash; got != want {
		t.Errorf("it is told %q, want %q", got, want)
	}
	if got := n.Untold(shop, copied); got != "" {
		t.Errorf("it is told again: %q", got)
	}
	n.hashes(t)
	if got := n.Untold(shop, copied); got != "" {
		t.Errorf("of what was read before it is told %q", got)
	}
	n = start(t, func(s *corev1.Secret, hash string) string { return CopiedFrom(s, hash) })
	n.hashes(t)
	if got := n.Untold(shop, copied); got != "" {
		t.Errorf("a copy that tells of its source is told %q", got)
	}
}

// Some tools write an object every few seconds: a write for each would be a fight.
func TestWhatChangesWhileTheOperatorRunsIsNotTold(t *testing.T) {
	n := start(t, func(s *corev1.Secret, hash string) string { return CopiedFrom(s, hash) })
	n.hashes(t)
	n.secret.Labels = map[string]string{"team": "mail"}
	if err := n.Live.(client.Client).Update(t.Context(), n.secret); err != nil {
		t.Fatal(err)
	}
	hash, _ := release.HashSecret(n.secret)
	n.hashes(t)
	if got := n.Untold(types.NamespacedName{Namespace: "shops", Name: "acme"}, v1alpha1.ConfigCopy{Kind: v1alpha1.SecretKind, Name: "mail", Copy: "acme-s-mail-" + hash[:8]}); got != "" || n.reads != 1 {
		t.Errorf("told %q after %d reads", got, n.reads)
	}
}

// hashed is a ConfigMap with its own UID, as kustomize makes a new one for each content.
func hashed(name string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "shops", UID: types.UID("uid-" + name), ResourceVersion: "1"}, Data: map[string]string{"x": name}}
}

// A tool that puts a hash into the names of ConfigMaps makes a new object for each release.
func TestWhatAShopDoesNotNameAnyMoreIsForgotten(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	c := fake.NewClientBuilder().WithScheme(scheme).Build()
	reads := 0
	live := interceptor.NewClient(c, interceptor.Funcs{Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
		reads++
		return c.Get(ctx, key, o, opts...)
	}})
	configs := &Configs{Metadata: c, Live: live}
	hash := func(shop string, names ...string) {
		t.Helper()
		service := v1alpha1.ShopService{}
		for _, name := range names {
			service.Spec.EnvFrom = append(service.Spec.EnvFrom, corev1.EnvFromSource{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}}})
		}
		of := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: shop, Namespace: "shops"}}
		got, _, err := configs.Hashes(context.Background(), of, []v1alpha1.ShopService{service})
		if err != nil || len(got) != len(names) {
			t.Fatalf("%v: %v %v", names, got, err)
		}
	}
	const releases = 50
	for n := range releases {
		if err := c.Create(context.Background(), without(hashed(fmt.Sprint("prices-", n)))); err != nil {
			t.Fatal(err)
		}
		hash("acme", fmt.Sprint("prices-", n))
		hash("bazaar", "prices-0")
	}
	acme, bazaar := types.NamespacedName{Namespace: "shops", Name: "acme"}, types.NamespacedName{Namespace: "shops", Name: "bazaar"}
	if len(configs.known[acme]) != 1 || len(configs.known[bazaar]) != 1 {
		t.Errorf("after %d releases %d and %d objects are remembered, of which the shops name one each", releases, len(configs.known[acme]), len(configs.known[bazaar]))
	}
	if reads != releases+1 {
		t.Errorf("%d reads of %d objects, one of which two shops name", reads, releases)
	}
	hash("acme", "prices-1", "prices-2")
	if hash("acme", "prices-1", "prices-2"); reads != releases+3 {
		t.Errorf("what is named is read again: %d reads", reads-releases-1)
	}
	if configs.Forget(acme); len(configs.known) != 1 {
		t.Errorf("of a shop that is gone is remembered: %v", configs.known)
	}
}

// without drops what an object that is created must not have.
func without(m *corev1.ConfigMap) *corev1.ConfigMap {
	m.ResourceVersion = ""
	return m
}
