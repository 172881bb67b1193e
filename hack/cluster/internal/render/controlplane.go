// Package render writes down the settings of every program of the cluster. It is pure: the same cluster gives the same text.
// Why each unusual setting is there is told in hack/cluster/README.md.
package render

import (
	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
	"github.com/emporium-shop/emporium/hack/cluster/internal/pki"
)

// Etcd does not wait for the disk: its data die with the cluster anyway.
func Etcd(c layout.Cluster) []string {
	return []string{
		c.Bin("etcd"), "--name=emporium", "--data-dir=" + c.Etcd(), "--unsafe-no-fsync",
		"--listen-client-urls=" + layout.EtcdClient, "--advertise-client-urls=" + layout.EtcdClient,
		"--listen-peer-urls=" + layout.EtcdPeer, "--initial-advertise-peer-urls=" + layout.EtcdPeer,
		"--initial-cluster=emporium=" + layout.EtcdPeer,
	}
}

// APIServer calls services at their pods' addresses (aggregator routing), because the host has no kube-proxy.
func APIServer(c layout.Cluster) []string {
	ca := c.PKI("ca.crt")
	return []string{
		c.Bin("kube-apiserver"), "--etcd-servers=" + layout.EtcdClient,
		"--advertise-address=" + layout.HostAddress, "--bind-address=" + layout.HostAddress, "--secure-port=6443",
		"--tls-cert-file=" + c.PKI("apiserver.crt"), "--tls-private-key-file=" + c.PKI("apiserver.key"), "--client-ca-file=" + ca,
		"--service-account-key-file=" + c.PKI("sa.pub"), "--service-account-signing-key-file=" + c.PKI("sa.key"),
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-cluster-ip-range=" + layout.ServiceCIDR,
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--allow-privileged=true",
		"--kubelet-client-certificate=" + c.PKI("apiserver-kubelet.crt"), "--kubelet-client-key=" + c.PKI("apiserver-kubelet.key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--requestheader-client-ca-file=" + ca, "--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + c.PKI("front-proxy.crt"), "--proxy-client-key-file=" + c.PKI("front-proxy.key"),
		"--enable-aggregator-routing=true",
	}
}

// ControllerManager runs alone, so it elects no leader, which saves its writes and its wait.
func ControllerManager(c layout.Cluster) []string {
	return []string{
		c.Bin("kube-controller-manager"), "--kubeconfig=" + pki.Kubeconfig(c, "controller-manager"), "--bind-address=127.0.0.1",
		"--service-account-private-key-file=" + c.PKI("sa.key"), "--root-ca-file=" + c.PKI("ca.crt"),
		"--cluster-signing-cert-file=" + c.PKI("ca.crt"), "--cluster-signing-key-file=" + c.PKI("ca.key"),
		"--allocate-node-cidrs=true", "--cluster-cidr=" + layout.PodCIDR, "--node-cidr-mask-size=24",
		"--service-cluster-ip-range=" + layout.ServiceCIDR,
		"--use-service-account-credentials", "--leader-elect=false",
	}
}

// Scheduler runs alone as well.
func Scheduler(c layout.Cluster) []string {
	return []string{
		c.Bin("kube-scheduler"), "--kubeconfig=" + pki.Kubeconfig(c, "scheduler"), "--bind-address=127.0.0.1", "--leader-elect=false",
	}
}
