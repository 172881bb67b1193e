package load

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
)

func TestARegistryIsToldToTheNodesAndToldAnew(t *testing.T) {
	c := Into(layout.Cluster{State: t.TempDir()})
	for _, url := range []string{"http://198.18.128.20:5000", "http://198.18.128.21:5000"} {
		if err := c.Registry("registry.acme.svc:5000", url); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(c.layout.State, "certs.d", "registry.acme.svc:5000", "hosts.toml"))
		want := "server = \"" + url + "\"\n[host.\"" + url + "\"]\n  capabilities = [\"pull\", \"resolve\"]\n"
		if err != nil || string(got) != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
}
