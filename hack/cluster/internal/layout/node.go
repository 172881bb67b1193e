package layout

import "path/filepath"

// Node is one machine of the cluster: a network namespace on the bridge with its own containerd, kubelet and kube-proxy.
type Node struct {
	Name    string
	Address string
	PodCIDR string

	cluster Cluster
}

// Nodes lists the cluster's nodes. One is enough for a shop; a second would be a second line here.
func (c Cluster) Nodes() []Node {
	return []Node{
		{Name: "node1", Address: "198.18.0.11", PodCIDR: "198.18.16.0/24", cluster: c},
	}
}

// State is where the node keeps its files, or one of them.
func (n Node) State(path ...string) string {
	return filepath.Join(append([]string{n.cluster.State, n.Name}, path...)...)
}

// Run is the node's place for sockets. It is short because the path of a socket may have 107 characters.
func (n Node) Run(path ...string) string {
	return filepath.Join(append([]string{RunDir, n.Name}, path...)...)
}

// Socket is where the node's containerd listens.
func (n Node) Socket() string { return n.Run("containerd.sock") }

// NetnsName names the node's network namespace, as "ip netns" shows it.
func (n Node) NetnsName() string { return VethPrefix + n.Name }

// Netns is the path of the node's network namespace.
func (n Node) Netns() string { return filepath.Join(NetnsDir, n.NetnsName()) }

// Veth names the host's end of the cable between bridge and node. A link's name may have 15 characters.
func (n Node) Veth() string { return VethPrefix + n.Name }

// Cgroup is the node's place below the root of every controller.
func (n Node) Cgroup() string { return filepath.Join(CgroupRoot, n.Name) }

// Process names a process of this node, for its log and the record.
func (n Node) Process(name string) string { return n.Name + "-" + name }
