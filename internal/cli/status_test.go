package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/view/viewtest"
)

// many is how many services the whole shop has.
const many = 26

// listed are the answers of an API server about a shop of 26 services with a candidate, by resource.
func listed(t testing.TB) map[string][]byte {
	t.Helper()
	o := viewtest.Worlds()[v1alpha1.ReasonAwaitingPromotion]
	services := &v1alpha1.ShopServiceList{}
	releases := &v1alpha1.ShopReleaseList{Items: o.Releases}
	deployments := &appsv1.DeploymentList{Items: o.Deployments}
	for i := range releases.Items {
		r := &releases.Items[i]
		for n := len(r.Spec.Services); n < many; n++ {
			name := fmt.Sprintf("service-%02d", n)
			r.Spec.Services = append(r.Spec.Services, v1alpha1.ReleaseService{Name: name, ServiceTemplate: v1alpha1.ServiceTemplate{Image: fmt.Sprintf("registry.example/%s:%d", name, i)}})
			r.Status.Services = append(r.Status.Services, v1alpha1.ReleaseServiceStatus{Name: name, Ready: 2, Wanted: 2})
			deployments.Items = append(deployments.Items, appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: fmt.Sprintf("acme-%s-%d", name, i),
				Labels: map[string]string{frontdoor.LabelShop: "acme", frontdoor.LabelRelease: r.Name, frontdoor.LabelService: name}}})
		}
	}
	for _, s := range releases.Items[0].Spec.Services {
		services.Items = append(services.Items, v1alpha1.ShopService{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: s.Name}, Spec: v1alpha1.ShopServiceSpec{Shop: "acme"}})
	}
	out := map[string][]byte{}
	for resource, x := range map[string]struct {
		apiVersion, kind string
		value            any
	}{
		"acme": {"shop.emporium.dev/v1alpha1", "Shop", o.Shop}, "shopservices": {"shop.emporium.dev/v1alpha1", "ShopServiceList", services},
		"shopreleases": {"shop.emporium.dev/v1alpha1", "ShopReleaseList", releases}, "deployments": {"apps/v1", "DeploymentList", deployments},
		"horizontalpodautoscalers": {"autoscaling/v2", "HorizontalPodAutoscalerList", metav1.List{}}, "jobs": {"batch/v1", "JobList", metav1.List{}},
	} {
		raw, err := json.Marshal(x.value)
		if err != nil {
			t.Fatal(err)
		}
		var object map[string]any
		if err := json.Unmarshal(raw, &object); err != nil {
			t.Fatal(err)
		}
		object["apiVersion"], object["kind"] = x.apiVersion, x.kind
		if object["items"] == nil && strings.HasSuffix(x.kind, "List") {
			object["items"] = []any{}
		}
		if out[resource], err = json.Marshal(object); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// against is a kubeconfig of a server that answers so; asked counts the requests.
func against(t testing.TB, answers map[string][]byte) (kubeconfig string, asked *atomic.Int64) {
	t.Helper()
	asked = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		answer := answers[path.Base(r.URL.Path)]
		if w.Header().Set("Content-Type", "application/json"); answer == nil {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = w.Write(answer)
	}))
	t.Cleanup(server.Close)
	kubeconfig = filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(kubeconfig, []byte(`{"apiVersion":"v1","kind":"Config","current-context":"c","clusters":[{"name":"k","cluster":{"server":"`+server.URL+`"}}],
		"contexts":[{"name":"c","context":{"cluster":"k","namespace":"acme"}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	return kubeconfig, asked
}

func status(t testing.TB, kubeconfig string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = Main(t.Context(), Streams{In: strings.NewReader(""), Out: &o, Err: &e}, func(string) string { return "" }, "1.2.3", []string{"status", "acme", "--kubeconfig", kubeconfig})
	return code, o.String(), e.String()
}

// TestAStatusAsksSixTimesWhateverTheNumberOfServices: the Shop and five lists; docs/guides/kubectl-shop.md says so.
func TestAStatusAsksSixTimesWhateverTheNumberOfServices(t *testing.T) {
	kubeconfig, asked := against(t, listed(t))
	code, out, errs := status(t, kubeconfig)
	if code != 0 || strings.Count(out, "✔ 2/2") < 2*many-4 || strings.Contains(out, "not seen") {
		t.Errorf("%d %s\n%s", code, out, errs)
	}
	if n := asked.Load(); n != 6 {
		t.Errorf("%d requests", n)
	}
}

func TestEachKindThatMayNotBeReadIsOneLineOfAStatus(t *testing.T) {
	for _, kind := range []string{"shopservices", "shopreleases", "deployments", "horizontalpodautoscalers", "jobs"} {
		answers := listed(t)
		delete(answers, kind)
		kubeconfig, _ := against(t, answers)
		code, out, errs := status(t, kubeconfig)
		if code != 0 || strings.Count(out, "not seen") != 1 || !strings.Contains(out, kind+" in namespace acme") {
			t.Errorf("%s: %d %s\n%s", kind, code, out, errs)
		}
	}
}

// BenchmarkAStatusOf26Services is the whole of kubectl shop status: kubeconfig, connection, six requests, the view and its text.
func BenchmarkAStatusOf26Services(b *testing.B) {
	kubeconfig, _ := against(b, listed(b))
	for b.Loop() {
		if code, _, errs := status(b, kubeconfig); code != 0 {
			b.Fatal(errs)
		}
	}
}
