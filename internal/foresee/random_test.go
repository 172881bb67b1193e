package foresee

import (
	"fmt"
	"math/rand"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
	"github.com/emporium-shop/emporium/internal/testing/harness"
)

// reads is the cluster as a person reads it.
func reads(w *harness.World) Cluster { return cluster.NewClient(w.Store, "person") }

// random changes one or two fields of a service.
func random(w *harness.World, seed int64) client.Object {
	r := rand.New(rand.NewSource(seed))
	changes := []func(*v1alpha1.ShopServiceSpec){
		func(s *v1alpha1.ShopServiceSpec) { s.Image = fmt.Sprintf("image:%d", seed) },
		func(s *v1alpha1.ShopServiceSpec) {
			s.Env = append(s.Env, corev1.EnvVar{Name: "SEED", Value: fmt.Sprint(seed)})
		},
		func(s *v1alpha1.ShopServiceSpec) { s.Args = []string{fmt.Sprint(seed)} },
		func(s *v1alpha1.ShopServiceSpec) { s.Replicas, s.Autoscaling = ptr.To[int32](int32(1+r.Intn(4))), nil },
		func(s *v1alpha1.ShopServiceSpec) { s.DependsOn = []string{"nobody"} },
		func(s *v1alpha1.ShopServiceSpec) {
			s.Routes = append(s.Routes, v1alpha1.Route{Path: fmt.Sprintf("/r%d", seed)})
		},
		func(s *v1alpha1.ShopServiceSpec) { s.Routes = []v1alpha1.Route{{Path: "/"}} },
		func(s *v1alpha1.ShopServiceSpec) {
			s.Migration = &v1alpha1.Migration{Args: []string{"migrate"}, Irreversible: r.Intn(2) == 0}
		},
		func(*v1alpha1.ShopServiceSpec) {},
	}
	return edited(w, []string{"cart", "storefront"}[r.Intn(2)], func(s *v1alpha1.ShopServiceSpec) {
		for range 1 + r.Intn(2) {
			changes[r.Intn(len(changes))](s)
		}
	})
}
