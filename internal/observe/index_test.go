package observe

import (
	"context"
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// handedOut counts what lists hand out: each is a deep copy.
type handedOut struct{ services, releases int }

func (n *handedOut) list(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
	err := c.List(ctx, list, opts...)
	switch list := list.(type) {
	case *v1alpha1.ShopServiceList:
		n.services += len(list.Items)
	case *v1alpha1.ShopReleaseList:
		n.releases += len(list.Items)
	}
	return err
}

func TestALookAtAShopCostsNothingOfOtherShopsOfItsNamespace(t *testing.T) {
	var all []client.Object
	for shop := range 50 {
		name := "acme"
		if shop > 0 {
			name = fmt.Sprint("other", shop)
		}
		meta := metav1.ObjectMeta{Namespace: "shops", Name: name}
		all = append(all, &v1alpha1.ShopService{ObjectMeta: meta, Spec: v1alpha1.ShopServiceSpec{Shop: name}},
			&v1alpha1.ShopRelease{ObjectMeta: meta, Spec: v1alpha1.ShopReleaseSpec{Shop: name}})
	}
	r, seen := reading(t, all...), &handedOut{}
	r.Cache = interceptor.NewClient(r.Cache.(client.WithWatch), interceptor.Funcs{List: seen.list})
	if got, err := r.ServicesOf(t.Context(), "shops", "acme"); err != nil || len(got) != 1 {
		t.Fatalf("services %v, %v", got, err)
	}
	w := &World{Shop: acme(), Releases: map[string]*v1alpha1.ShopRelease{}}
	if err := r.readReleases(t.Context(), w); err != nil || len(w.Releases) != 1 {
		t.Fatalf("releases %v, %v", w.Releases, err)
	}
	if *seen != (handedOut{1, 1}) {
		t.Errorf("a look at a shop of one service and one release copied %+v", *seen)
	}
}
