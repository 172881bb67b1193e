package gitops

import (
	"fmt"
	"os"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

var (
	server   *envtest.Environment
	started  sync.Once
	config   *rest.Config
	startErr error
	names    int
)

func TestMain(m *testing.M) {
	ctrl.SetLogger(zap.New(zap.WriteTo(os.Stderr)))
	code := m.Run()
	if server != nil {
		_ = server.Stop() // the process ends anyway
	}
	os.Exit(code)
}

// api is a client of a real API server that has the CRDs, and a namespace of its own.
func api(t *testing.T) (c client.Client, namespace string) {
	t.Helper()
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		t.Skip("left out: KUBEBUILDER_ASSETS does not name a kube-apiserver; run make gitops")
	}
	started.Do(func() {
		server = &envtest.Environment{CRDDirectoryPaths: []string{"../../config/crd/bases"}, ErrorIfCRDPathMissing: true}
		config, startErr = server.Start()
	})
	if startErr != nil {
		t.Fatal(startErr)
	}
	config.QPS, config.Burst = 500, 1000
	c, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	names++
	namespace = fmt.Sprintf("test-%d", names)
	if err := c.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}); err != nil {
		t.Fatal(err)
	}
	return c, namespace
}

// live reads an object as it is.
func live(t *testing.T, c client.Client, of *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(of.GroupVersionKind())
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(of), u); err != nil {
		t.Fatal(err)
	}
	return u
}

// patch is kubectl patch --type=merge under a field manager.
func patch(t *testing.T, c client.Client, of *unstructured.Unstructured, manager, text string) {
	t.Helper()
	if err := c.Patch(t.Context(), live(t, c, of), client.RawPatch(types.MergePatchType, []byte(text)), client.FieldOwner(manager)); err != nil {
		t.Fatal(err)
	}
}

// says writes a status, as the operator does.
func says(t *testing.T, c client.Client, u *unstructured.Unstructured, status map[string]any) {
	t.Helper()
	now := live(t, c, u)
	status["observedGeneration"] = now.GetGeneration()
	now.Object["status"] = status
	if err := c.Status().Update(t.Context(), now, client.FieldOwner("emporium")); err != nil {
		t.Fatal(err)
	}
}

func field(t *testing.T, u *unstructured.Unstructured, path ...string) any {
	t.Helper()
	v, _, err := unstructured.NestedFieldNoCopy(u.Object, path...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func named(kind, namespace, name string, spec map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{}}
	u.SetGroupVersionKind(schema.GroupVersionKind{Group: v1alpha1.GroupVersion.Group, Version: v1alpha1.GroupVersion.Version, Kind: kind})
	u.SetNamespace(namespace)
	u.SetName(name)
	u.Object["spec"] = spec
	return u
}
