package remains

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
)

// removeFiles removes what lies outside of every state folder.
func removeFiles() error {
	for _, path := range outside() {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("removing %s: %w", path, err)
		}
	}
	for _, folder := range fixed {
		_ = os.Remove(folder) // unless somebody else has something there
	}
	return nil
}

// devicePlugins is a socket of the kubelet, whatever its root folder is.
const devicePlugins = "/var/lib/kubelet/device-plugins/kubelet.sock"

// fixed are folders that the kubelet and CNI make, the inner ones first: their places cannot be configured.
var fixed = []string{
	"/var/log/containers", "/var/lib/cni/results", "/var/lib/cni", "/var/lib/kubelet/device-plugins", "/var/lib/kubelet", layout.NetnsDir,
}

func outside() []string {
	results, _ := filepath.Glob("/var/lib/cni/results/" + layout.CNINetwork + "-*")
	paths := append(results, layout.RunDir)
	if stale(devicePlugins) {
		paths = append(paths, devicePlugins)
	}
	logs, _ := filepath.Glob("/var/log/containers/*")
	for _, link := range logs {
		if target, err := os.Readlink(link); err == nil && strings.Contains(target, "/.cluster/") {
			paths = append(paths, link)
		}
	}
	return paths
}

// stale tells a socket that nobody listens on any more. Another kubelet's is left alone.
func stale(socket string) bool {
	connection, err := net.Dial("unix", socket)
	if err == nil {
		connection.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}
