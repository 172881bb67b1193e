package envtest

import (
	"slices"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// recorder keeps which object came to which reason, one after the other.
type recorder struct {
	mu   sync.Mutex
	told map[string][]string
}

var recorded = &recorder{told: map[string][]string{}}

// Eventf is that of an events.EventRecorder.
func (r *recorder) Eventf(regarding, _ runtime.Object, kind, reason, _, _ string, _ ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := regarding.(client.Object)
	key := o.GetNamespace() + "/" + o.GetName()
	r.told[key] = append(r.told[key], strings.TrimPrefix(kind+" "+reason, "Normal "))
}

// of returns the reasons that an object came to.
func (r *recorder) of(s story, name string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.told[s.ns+"/"+name])
}

var _ = Describe("events", func() {
	It("tell each transition of the shop and its releases once, and of a service only trouble", func(ctx SpecContext) {
		s := story{ns: namespace(ctx), shop: "bazaar"}
		s.create(ctx, mail(), bazaar(), catalog(), cart())
		s.rest(ctx)
		s.open(ctx)
		first := s.release(ctx)
		now = now.Add(time.Minute) // the release of before is older, by the API server's clock too
		change(ctx, s, "catalog", &v1alpha1.ShopService{}, func(svc *v1alpha1.ShopService) { svc.Spec.Image = "catalog:2" })
		second := s.release(ctx)
		s.rest(ctx)
		Expect(recorded.of(s, "bazaar")).To(Equal([]string{"Installing", "Switching", "Serving", "Starting", "Switching", "RollbackWindow"}))
		Expect(recorded.of(s, first)).To(Equal([]string{"Installing", "Switching", "Serving", "RollbackWindow"}))
		Expect(recorded.of(s, second)).To(Equal([]string{"Starting", "Switching", "Serving"}))
		Expect(recorded.of(s, "catalog")).To(BeEmpty(), "what the shop tells of all its services")
	})
})
