// Package pki makes the cluster's certificates and kubeconfigs: one authority for everything, made anew with each cluster.
package pki

import (
	"fmt"
	"os"

	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
)

// client is someone who calls the API server (or, for the first two, is called with its certificate).
type client struct {
	name   string // of its files
	common string
	group  string
}

var clients = []client{
	{"apiserver-kubelet", "kube-apiserver-kubelet", "system:masters"},
	{"front-proxy", "front-proxy-client", ""},
	{"admin", "emporium-admin", "system:masters"},
	{"controller-manager", "system:kube-controller-manager", ""},
	{"scheduler", "system:kube-scheduler", ""},
	{"kube-proxy", "system:kube-proxy", ""},
}

// Make writes all keys, certificates and kubeconfigs of a new cluster.
func Make(c layout.Cluster) error {
	if err := os.MkdirAll(c.PKI(), 0o700); err != nil {
		return fmt.Errorf("making the folder for certificates: %w", err)
	}
	ca, err := newAuthority()
	if err != nil {
		return fmt.Errorf("making the authority: %w", err)
	}
	if err := ca.write(c); err != nil {
		return fmt.Errorf("writing the authority: %w", err)
	}
	if err := writeServiceAccountKeys(c); err != nil {
		return fmt.Errorf("making the service account keys: %w", err)
	}
	return issue(c, ca)
}

func issue(c layout.Cluster, ca *authority) error {
	if err := ca.issue(c, serverTemplate(), "apiserver"); err != nil {
		return fmt.Errorf("issuing the API server's certificate: %w", err)
	}
	for _, client := range withNodes(c) {
		if err := ca.issue(c, clientTemplate(client), client.name); err != nil {
			return fmt.Errorf("issuing the certificate of %s: %w", client.name, err)
		}
		if err := writeKubeconfig(c, client.name); err != nil {
			return fmt.Errorf("writing the kubeconfig of %s: %w", client.name, err)
		}
	}
	return nil
}

func withNodes(c layout.Cluster) []client {
	all := clients
	for _, node := range c.Nodes() {
		all = append(all, client{node.Name, "system:node:" + node.Name, "system:nodes"})
	}
	return all
}
