package load

import (
	"fmt"
	"os"
	"path/filepath"
)

// Registry lets the nodes fetch images whose names begin with a registry, such as registry.acme.svc:5000, from a URL, which may be
// of plain HTTP. It holds for the next pull: nothing is restarted. Saying it again with another URL replaces the first.
func (c Cluster) Registry(name, url string) error {
	file := filepath.Join(c.layout.Registries(name), "hosts.toml")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("telling the nodes of registry %s: %w", name, err)
	}
	// In one step: a node may be reading it.
	err := os.WriteFile(file+".new", []byte(hosts(url)), 0o644)
	if err == nil {
		err = os.Rename(file+".new", file)
	}
	if err != nil {
		return fmt.Errorf("telling the nodes of registry %s: %w", name, err)
	}
	return nil
}

// hosts is what containerd reads. The server is named too: else a pull that fails would go on at the name, over HTTPS.
func hosts(url string) string {
	return fmt.Sprintf("server = %q\n[host.%q]\n  capabilities = [\"pull\", \"resolve\"]\n", url, url)
}
