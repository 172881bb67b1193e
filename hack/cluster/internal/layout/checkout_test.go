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

// TestNames holds what the kernel allows: 15 characters for a link, 107 for a socket.
func TestNames(t *testing.T) {
	for _, node := range (Cluster{State: "/" + strings.Repeat("x", longest-1)}).Nodes() {
		if len(node.Veth()) > 15 {
			t.Errorf("link %s is too long", node.Veth())
		}
		if socket := node.State("kubelet", "pod-resources", "kubelet.sock"); len(socket) > 107 {
			t.Errorf("socket %s is too long", socket)
		}
	}
}
