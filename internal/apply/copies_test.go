package apply

import (
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
)

func lostCopy() v1alpha1.ConfigCopy {
	return v1alpha1.ConfigCopy{Kind: v1alpha1.SecretKind, Name: "never", Copy: "acme-s-never-00000000"}
}

// withSecret is a shop whose release a reads a copy of Secret mail.
func withSecret(t *testing.T) (*site, v1alpha1.ConfigCopy) {
	t.Helper()
	s := serving(t)
	s.user.Create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: "mail"}, Data: map[string][]byte{"TOKEN": []byte("1")}})
	hash, err := release.HashSecret(s.store.Get("Secret", "shops", "mail").(*corev1.Secret))
	if err != nil {
		t.Fatal(err)
	}
	c := v1alpha1.ConfigCopy{Kind: v1alpha1.SecretKind, Name: "mail", Copy: "acme-s-mail-" + hash[:8]}
	s.world.Releases[a].Spec.Copies = []v1alpha1.ConfigCopy{c}
	s.must(t)
	s.written()
	return s, c
}

func TestACopyThatIsThereCostsNoRequest(t *testing.T) {
	s, _ := withSecret(t)
	if n := s.passWrites(t); n > 0 {
		t.Errorf("%d writes", n)
	}
}

func TestACopyThatSomebodyDeletesComesBack(t *testing.T) {
	s, c := withSecret(t)
	s.lose("Secret", c.Copy)
	s.must(t)
	got, _ := s.store.Get("Secret", "shops", c.Copy).(*corev1.Secret)
	if got == nil || string(got.Data["TOKEN"]) != "1" || got.Immutable == nil || !*got.Immutable {
		t.Errorf("got %+v", got)
	}
}

func TestACopyThatCannotComeBackIsToldWithTheWayOut(t *testing.T) {
	for name, c := range map[string]struct {
		happens func(*site)
		why     string
	}{
		"its source changed": {func(s *site) {
			s.user.Set(s.store.Get("Secret", "shops", "mail"), func(o client.Object) { o.(*corev1.Secret).Data = map[string][]byte{"TOKEN": []byte("2")} })
		}, "has changed since"},
		"its source is gone as well": {func(s *site) { s.lose("Secret", "mail") }, "is gone as well"},
	} {
		t.Run(name, func(t *testing.T) {
			s, copied := withSecret(t)
			s.lose("Secret", copied.Copy)
			c.happens(s)
			s.lose("Service", "acme-cart-aaaaaaaa")
			_, err := s.pass(t)
			var lost *LostCopyError
			if !errors.As(err, &lost) || !strings.Contains(err.Error(), c.why) || !strings.Contains(err.Error(), "create mail with the content that it had, or release the services anew") {
				t.Errorf("got %v", err)
			}
			if s.has("Secret", copied.Copy) {
				t.Error("pods of the release would read what it was not released with")
			}
			if !s.has("Service", "acme-cart-aaaaaaaa") {
				t.Error("the rest was not healed")
			}
		})
	}
}

func TestAReleaseIsNotCutOfASecretThatChangedWhileItWasCut(t *testing.T) {
	s, c := withSecret(t)
	s.lose("Secret", c.Copy)
	s.user.Set(s.store.Get("Secret", "shops", "mail"), func(o client.Object) { o.(*corev1.Secret).Data = map[string][]byte{"TOKEN": []byte("2")} })
	s.world.Releases[a].Spec.Copies = nil
	s.d.Cut = true
	s.world.Snapshot = release.Snapshot{Name: "acme-cccccccc", Spec: v1alpha1.ShopReleaseSpec{Shop: "acme", Copies: []v1alpha1.ConfigCopy{c}}}
	if _, err := s.pass(t); !hasConflict(err) || s.has("ShopRelease", "acme-cccccccc") {
		t.Errorf("got %v", err)
	}
}

func TestACopyOfAReleaseThatTheCacheDoesNotKnowYetIsNotPruned(t *testing.T) {
	s, c := withSecret(t)
	s.user.Create(&v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: "acme-cccccccc"}, Spec: v1alpha1.ShopReleaseSpec{Copies: []v1alpha1.ConfigCopy{c}}})
	s.world.Releases[a].Spec.Copies = nil // nothing that the cache holds names the copy
	s.must(t)
	if !s.has("Secret", c.Copy) {
		t.Error("pods of a release that was cut a moment ago would not start")
	}
	s.lose("ShopRelease", "acme-cccccccc")
	s.must(t)
	if s.has("Secret", c.Copy) {
		t.Error("a copy that nobody needs stays")
	}
}

func TestAnotherShopsCopyIsNotPruned(t *testing.T) {
	s, c := withSecret(t)
	s.world.Releases[a].Spec.Copies = nil
	s.user.Set(s.store.Get("Secret", "shops", c.Copy), func(o client.Object) {
		refs := append([]metav1.OwnerReference{}, o.GetOwnerReferences()...)
		refs[0].UID = types.UID("another")
		o.SetOwnerReferences(refs)
	})
	s.must(t)
	if !s.has("Secret", c.Copy) {
		t.Error("it was deleted")
	}
}
