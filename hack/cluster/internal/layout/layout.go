// Package layout says where everything of the cluster lies: its addresses, its files and its names in the kernel.
// It only names things; nothing is created here.
package layout

import "path/filepath"

// All addresses come from 198.18.0.0/15, which is reserved for benchmarks and never routed on the internet.
const (
	AllCIDR     = "198.18.0.0/15"
	NodeNetwork = "198.18.0.0/24"
	PodCIDR     = "198.18.16.0/20"
	ServiceCIDR = "198.18.128.0/20"

	HostAddress       = "198.18.0.1"
	KubernetesService = "198.18.128.1"
	DNSService        = "198.18.128.10"
	APIServer         = "https://198.18.0.1:6443"
	EtcdClient        = "http://127.0.0.1:23790"
	EtcdPeer          = "http://127.0.0.1:23800"
)

// Names in the kernel. All start alike, so that remains are recognised without a record of them.
const (
	Bridge     = "emporium0"
	VethPrefix = "emporium-"
	CgroupRoot = "emporium"
	CNINetwork = "emporium"
)

// One machine holds one cluster, so what is not kept in a checkout has a fixed place.
const (
	RunDir    = "/run/emporium"
	OwnerFile = RunDir + "/owner.json"
	LockFile  = "/run/emporium.lock"
	NetnsDir  = "/run/netns"
)

// MarkVariable is set for every process of the cluster, to the state folder it belongs to.
const MarkVariable = "EMPORIUM_CLUSTER"

// Cluster is the cluster of one checkout.
type Cluster struct {
	// State is the absolute path of the checkout's .cluster folder.
	State string
	// Size is how many nodes it has; 0 means 1.
	Size int
}

// Checkout is the folder whose cluster this is.
func (c Cluster) Checkout() string { return filepath.Dir(c.State) }

// Bin is where the binaries are, or one of them.
func (c Cluster) Bin(name ...string) string { return c.at("bin", name) }

// PKI is where certificates and kubeconfigs are, or one of them.
func (c Cluster) PKI(name ...string) string { return c.at("pki", name) }

// Log is the log file of the named process.
func (c Cluster) Log(name string) string { return c.at("logs", []string{name + ".log"}) }

// Etcd is where etcd keeps its data.
func (c Cluster) Etcd() string { return c.at("etcd", nil) }

// Volumes is where the persistent volumes are, or one of them.
func (c Cluster) Volumes(name ...string) string { return c.at("volumes", name) }

// Images is where tarballs of the project's own images are.
func (c Cluster) Images() string { return c.at("images", nil) }

// Registries is where the nodes find how to reach registries, each in a folder of its name; or one of them.
func (c Cluster) Registries(name ...string) string { return c.at("certs.d", name) }

// SizeFile says how many nodes the cluster has, for whoever works in the checkout; there is none while there is no cluster.
func (c Cluster) SizeFile() string { return c.at("nodes", nil) }

// Kubeconfig is the administrator's way in.
func (c Cluster) Kubeconfig() string { return c.at("kubeconfig", nil) }

// Data lists what a cluster creates anew each time it is built, and what down removes.
// Binaries, images and logs stay: the first two are costly, the last are wanted after a failure.
func (c Cluster) Data() []string {
	data := []string{c.PKI(), c.Etcd(), c.Volumes(), c.Kubeconfig(), c.Registries()}
	// Whatever size it had.
	for _, node := range (Cluster{State: c.State, Size: MostNodes}).Nodes() {
		data = append(data, node.State())
	}
	return append(data, c.SizeFile())
}

func (c Cluster) at(folder string, name []string) string {
	return filepath.Join(append([]string{c.State, folder}, name...)...)
}
