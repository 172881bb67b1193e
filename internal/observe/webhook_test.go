package observe

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// reads counts the reads past the caches.
type reads struct {
	client.Reader
	n int
}

func (r *reads) Get(ctx context.Context, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
	r.n++
	return r.Reader.Get(ctx, key, o, options...)
}

// hooked is a source that shares a Secret with its Git host, which allows the sources of the annotation.
func hooked(t *testing.T, secret, allowed string) (*Webhooks, *reads) {
	t.Helper()
	s := &v1alpha1.ShopSource{ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: "wishlist"}, Spec: v1alpha1.ShopSourceSpec{WebhookSecret: secret}}
	hook := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: "hook", UID: "1"}, Data: map[string][]byte{"token": []byte("s3cret")}}
	hook.Annotations = map[string]string{v1alpha1.AnnotationAllowedSources: allowed}
	c := reading(t, s, hook).Cache
	live := &reads{Reader: c}
	return &Webhooks{Cache: c, Metadata: c, Live: live}, live
}

func TestASourceSharesASecretWithItsGitHostOnlyWhereThatAllowsIt(t *testing.T) {
	for name, x := range map[string]struct{ secret, allowed, of, want string }{
		"it is allowed":              {"hook", "cart, wishlist", "wishlist", "s3cret"},
		"all are":                    {"hook", "*", "wishlist", "s3cret"},
		"another source is":          {"hook", "cart", "wishlist", ""},
		"nobody is":                  {"hook", "", "wishlist", ""},
		"the Secret is not there":    {"gone", "*", "wishlist", ""},
		"the source names none":      {"", "*", "wishlist", ""},
		"there is no such source":    {"hook", "*", "cart", ""},
		"a name that is a path, too": {"hook", "*", "../wishlist", ""},
	} {
		w, _ := hooked(t, x.secret, x.allowed)
		got, err := w.WebhookSecret(t.Context(), types.NamespacedName{Namespace: "shops", Name: x.of})
		if err != nil || string(got) != x.want {
			t.Errorf("%s: %q (%v), want %q", name, got, err, x.want)
		}
	}
}

func TestCallsOfAnybodyReadASecretOnce(t *testing.T) {
	w, live := hooked(t, "hook", "*")
	for range 100 {
		if _, err := w.WebhookSecret(t.Context(), types.NamespacedName{Namespace: "shops", Name: "wishlist"}); err != nil {
			t.Fatal(err)
		}
	}
	if live.n != 1 {
		t.Errorf("a hundred calls read the Secret %d times", live.n)
	}
}
