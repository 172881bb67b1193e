package manifests

import (
	"bytes"
	"errors"
	"io"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/emporium-shop/emporium/hack/cluster/internal/images"
	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
)

func objects(t *testing.T) map[string]unstructured.Unstructured {
	t.Helper()
	all, err := All([]Volume{{Name: "node1-00", Path: "/a/.cluster/volumes/node1-00", Node: "node1"}})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]unstructured.Unstructured{}
	for decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(all), 4096); ; {
		var object unstructured.Unstructured
		if err := decoder.Decode(&object); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		found[object.GetKind()+"/"+object.GetName()] = object
	}
}

func TestAllHoldsWhatAClusterNeeds(t *testing.T) {
	all := objects(t)
	for _, name := range []string{
		"StorageClass/host", "PersistentVolume/node1-00", "Deployment/coredns", "Service/kube-dns",
		"Deployment/metrics-server", "APIService/v1beta1.metrics.k8s.io", "ClusterRoleBinding/emporium:kube-proxy",
	} {
		if _, there := all[name]; !there {
			t.Errorf("%s is missing", name)
		}
	}
}

// TestNamesAgree holds together what manifests and programs must both write down.
func TestNamesAgree(t *testing.T) {
	all := objects(t)
	service := all["Service/kube-dns"]
	if ip, _, _ := unstructured.NestedString(service.Object, "spec", "clusterIP"); ip != layout.DNSService {
		t.Errorf("DNS is at %s, but pods ask %s", ip, layout.DNSService)
	}
	for name, image := range map[string]string{"Deployment/coredns": images.CoreDNS, "Deployment/metrics-server": images.MetricsServer} {
		var deployment appsv1.Deployment
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(all[name].Object, &deployment); err != nil {
			t.Fatal(err)
		}
		if got := deployment.Spec.Template.Spec.Containers[0].Image; got != image {
			t.Errorf("%s runs %s, but the image made is %s", name, got, image)
		}
	}
}
