package layout

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHereFindsTheCheckoutFromBelow(t *testing.T) {
	root, err := os.MkdirTemp("", "co") // short: the path's length is limited
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	below := filepath.Join(root, "hack", "cluster", "components", "etcd")
	if err := os.MkdirAll(below, 0o755); err != nil {
		t.Fatal(err)
	}
	for folder, text := range map[string]string{root: module, below: "module github.com/emporium-shop/emporium/hack\n"} {
		if err := os.WriteFile(filepath.Join(folder, "go.mod"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Here(below)
	if want := filepath.Join(root, ".cluster"); err != nil || got.State != want {
		t.Errorf("got %q, %v, want %q", got.State, err, want)
	}
}

func TestHereRefuses(t *testing.T) {
	if _, err := Here("/"); err == nil || !strings.Contains(err.Error(), "inside a checkout") {
		t.Errorf("outside of a checkout: %v", err)
	}
	if _, err := in("/" + strings.Repeat("long", 20)); err == nil || !strings.Contains(err.Error(), "move the checkout") {
		t.Errorf("a path too long for sockets: %v", err)
	}
}

// TestACheckoutKnowsHowManyNodesItsClusterHas: whoever loads an image must not forget one.
func TestACheckoutKnowsHowManyNodesItsClusterHas(t *testing.T) {
	at := Cluster{State: t.TempDir()}
	for text, want := range map[string]int{"": 1, "1\n": 1, "3\n": 3, "5": 5} {
		if text != "" {
			if err := os.WriteFile(at.SizeFile(), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := at.sized()
		if err != nil || len(got.Nodes()) != want {
			t.Errorf("%q: %d nodes, %v", text, len(got.Nodes()), err)
		}
		_ = os.Remove(at.SizeFile())
	}
	for _, text := range []string{"0", "6", "three", ""} {
		if err := os.WriteFile(at.SizeFile(), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := at.sized(); err == nil || !strings.Contains(err.Error(), "make down up") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestNodesShareNothing: neither an address nor a name in the kernel, and every node's files go with the cluster.
func TestNodesShareNothing(t *testing.T) {
	at := Cluster{State: "/checkout/.cluster", Size: MostNodes}
	seen, data := map[string]bool{}, at.data()
	for _, node := range at.Nodes() {
		for _, name := range []string{node.Name, node.Address, node.PodCIDR, node.Netns(), node.Veth(), node.Cgroup(), node.Socket(), node.State(), node.Process("kubelet")} {
			if seen[name] && name != node.Veth() {
				t.Errorf("%s is there twice", name)
			}
			seen[name] = true
		}
		if !strings.Contains((Cluster{State: at.State}).data(), node.State()+"\n") {
			t.Errorf("%s stays behind when a cluster of one node follows", node.State())
		}
	}
	if _, err := at.Node("node6"); err == nil || !strings.Contains(err.Error(), "node1 to node5") {
		t.Errorf("a node that is none: %v", err)
	}
	if !strings.Contains(data, at.SizeFile()+"\n") {
		t.Error("the number of nodes outlives its cluster")
	}
}

func (c Cluster) data() string { return strings.Join(c.Data(), "\n") + "\n" }

// TestNames holds what the kernel allows: 15 characters for a link, 107 for a socket.
func TestNames(t *testing.T) {
	for _, node := range (Cluster{State: "/" + strings.Repeat("x", longest-1), Size: MostNodes}).Nodes() {
		if len(node.Veth()) > 15 {
			t.Errorf("link %s is too long", node.Veth())
		}
		if socket := node.State("kubelet", "pod-resources", "kubelet.sock"); len(socket) > 107 {
			t.Errorf("socket %s is too long", socket)
		}
	}
}
