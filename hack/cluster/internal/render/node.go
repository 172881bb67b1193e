package render

import (
	"bytes"
	"embed"
	"fmt"
	"text/template"

	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
	"github.com/emporium-shop/emporium/hack/cluster/internal/pki"
)

//go:embed templates
var templates embed.FS

// Host is what the machine itself brings, and where it keeps it.
type Host struct {
	Runc string
	// CNI is the folder of the CNI plugins.
	CNI string
}

// Containerd names the program with its configuration.
func Containerd(c layout.Cluster, n layout.Node) []string {
	return []string{c.Bin("containerd"), "--config", n.State("containerd.toml")}
}

// Kubelet names the program with its configuration.
func Kubelet(c layout.Cluster, n layout.Node) []string {
	return []string{
		c.Bin("kubelet"), "--config=" + n.State("kubelet.yaml"), "--kubeconfig=" + pki.Kubeconfig(c, n.Name),
		"--hostname-override=" + n.Name, "--node-ip=" + n.Address,
		"--root-dir=" + n.State("kubelet"), "--cert-dir=" + n.State("kubelet-pki"),
	}
}

// KubeProxy leaves the machine's conntrack limits alone: they belong to the host, not to the node's namespace.
func KubeProxy(c layout.Cluster, n layout.Node) []string {
	return []string{
		c.Bin("kube-proxy"), "--kubeconfig=" + pki.Kubeconfig(c, "kube-proxy"),
		"--hostname-override=" + n.Name, "--proxy-mode=nftables", "--cluster-cidr=" + layout.PodCIDR,
		"--conntrack-max-per-core=0", "--conntrack-tcp-timeout-established=0", "--conntrack-tcp-timeout-close-wait=0",
	}
}

// NodeFiles are the configuration files of a node, by path.
func NodeFiles(c layout.Cluster, n layout.Node, host Host) (map[string]string, error) {
	files := map[string]string{}
	for path, name := range map[string]string{
		n.State("containerd.toml"):             "containerd.toml",
		n.State("kubelet.yaml"):                "kubelet.yaml",
		n.State("cni", "10-emporium.conflist"): "cni.json",
		n.State("resolv.conf"):                 "resolv.conf",
	} {
		text, err := fill(name, c, n, host)
		if err != nil {
			return nil, fmt.Errorf("rendering %s: %w", name, err)
		}
		files[path] = text
	}
	return files, nil
}

func fill(name string, c layout.Cluster, n layout.Node, host Host) (string, error) {
	parsed, err := template.ParseFS(templates, "templates/"+name)
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	err = parsed.Execute(&text, map[string]any{
		"Cluster": c, "Node": n, "Host": host,
		"DNS": layout.DNSService, "Network": layout.CNINetwork, "PauseImage": PauseImage,
	})
	return text.String(), err
}

// PauseImage is only the name that everyone expects; the image is our own, imported.
const PauseImage = "registry.k8s.io/pause:3.10.1"
