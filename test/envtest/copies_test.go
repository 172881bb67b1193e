package envtest

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// late is a cache that has not heard of the last change of a Secret yet.
type late struct {
	client.Reader
	meta metav1.ObjectMeta
}

func (l late) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	if p, ok := o.(*metav1.PartialObjectMetadata); ok && key.Name == l.meta.Name {
		p.ObjectMeta = l.meta
		return nil
	}
	return l.Reader.Get(ctx, key, o, opts...)
}

var _ = It("never stores under a name, which holds a hash, content of another hash", func(ctx SpecContext) {
	s := story{ns: namespace(ctx), shop: "bazaar"}
	shop := bazaar()
	shop.Spec.Release.Settle = lasting(5 * time.Second)
	s.create(ctx, mail(), shop, catalog(), cart())
	s.rest(ctx) // the quiet time: the content is hashed, nothing is cut
	old := get(ctx, s, "mail", &corev1.Secret{}).ObjectMeta
	change(ctx, s, "mail", &corev1.Secret{}, func(o *corev1.Secret) { o.Data["PASSWORD"] = []byte("two") })

	before := operator.Reader.Configs.Metadata
	operator.Reader.Configs.Metadata = late{before, old}
	now = now.Add(6 * time.Second)
	_, err := operator.Reconcile(ctx, ctrl.Request{NamespacedName: s.key("bazaar")})
	operator.Reader.Configs.Metadata = before
	Expect(err).NotTo(HaveOccurred())
	s.rest(ctx)
	now = now.Add(6 * time.Second)
	s.rest(ctx)

	var releases v1alpha1.ShopReleaseList
	Expect(api.List(ctx, &releases, client.InNamespace(s.ns))).To(Succeed())
	names := map[string]string{}
	for _, r := range releases.Items {
		data := string(get(ctx, s, r.Spec.Copies[0].Copy, &corev1.Secret{}).Data["PASSWORD"])
		Expect(names).NotTo(HaveKey(data), "two copies of different hashes hold the same")
		names[data] = r.Name
	}
	Expect(names).To(HaveLen(1))
})
