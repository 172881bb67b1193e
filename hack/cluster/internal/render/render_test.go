package render

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
)

var update = flag.Bool("update", false, "write the golden file anew")

// TestSettings shows every setting of every program in one golden file: a change to any of them is seen in review.
func TestSettings(t *testing.T) {
	const golden = "testdata/settings.txt"
	got := settings(t, layout.Cluster{State: "/checkout/.cluster"})
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("settings differ from %s (-want +got; accept with -update):\n%s", golden, diff)
	}
}

func settings(t *testing.T, c layout.Cluster) string {
	t.Helper()
	node := c.Nodes()[0]
	var text strings.Builder
	for _, command := range [][]string{
		Etcd(c), APIServer(c), ControllerManager(c), Scheduler(c), Containerd(c, node), Kubelet(c, node), KubeProxy(c, node),
	} {
		fmt.Fprintf(&text, "%s\n\n", strings.Join(command, "\n  "))
	}
	files, err := NodeFiles(c, node, Host{Runc: "/usr/sbin/runc", CNI: "/usr/lib/cni"})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&text, "--- %s\n%s\n", filepath.ToSlash(path), files[path])
	}
	return text.String()
}
