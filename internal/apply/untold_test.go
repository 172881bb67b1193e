package apply

import (
	"context"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// reads counts what is read without a cache.
type reads struct {
	client.Reader
	n int
}

func (r *reads) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	r.n++
	return r.Reader.Get(ctx, key, o, opts...)
}

// startsAnew is an operator that looks at the sources of a shop for the first time; it returns how many it read.
func (s *site) startsAnew(t *testing.T) int {
	t.Helper()
	live := &reads{Reader: cluster.Live{Store: s.store}}
	s.configs = &observe.Configs{Metadata: s.operator, Live: live, Copies: s.operator}
	service := v1alpha1.ShopService{}
	service.Spec.EnvFrom = []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "mail"}}}}
	if _, unread, err := s.configs.Hashes(t.Context(), s.world.Shop, []v1alpha1.ShopService{service}); err != nil || len(unread) > 0 {
		t.Fatal(unread, err)
	}
	return live.n
}

// Somebody labels a Secret, or a backup brings it back: its version is another, its content is not.
func TestASecretThatWasWrittenWithTheSameContentIsReadAtOneStartOnly(t *testing.T) {
	s, c := withSecret(t)
	if n := s.startsAnew(t); n != 0 {
		t.Fatalf("%d reads of what a copy tells of", n)
	}
	s.user.Set(s.store.Get("Secret", "shops", "mail"), func(o client.Object) { o.SetLabels(map[string]string{"team": "mail"}) })
	if n := s.startsAnew(t); n != 1 {
		t.Fatalf("%d reads of what was written since", n)
	}
	s.must(t)
	if got, want := s.written(), []string{"patch Secret/" + c.Copy}; !slices.Equal(got, want) {
		t.Errorf("it wrote %v, want %v", got, want)
	}
	if n := s.passWrites(t); n > 0 {
		t.Errorf("%d writes in the next pass", n)
	}
	if n := s.startsAnew(t); n != 0 {
		t.Errorf("the next start reads it again: %d", n)
	}
	if got := s.store.Get("Secret", "shops", c.Copy).(*corev1.Secret); string(got.Data["TOKEN"]) != "1" || got.Immutable == nil || !*got.Immutable {
		t.Errorf("the copy is now %+v", got)
	}
}
