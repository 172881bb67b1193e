package layout

import (
	"fmt"
	"path/filepath"
)

// Node is one machine of the cluster: a network namespace on the bridge with its own containerd, kubelet and kube-proxy.
type Node struct {
	Name    string
	Address string
	PodCIDR string

	cluster Cluster
}

// MostNodes is how many nodes a cluster may have: each takes some 200 MB and a /24 of PodCIDR.
const MostNodes = 5

// Nodes lists the cluster's nodes: node1, node2, … One is enough for a shop; with several one can die.
func (c Cluster) Nodes() (nodes []Node) {
	for n := range max(c.Size, 1) {
		nodes = append(nodes, Node{
			Name: fmt.Sprintf("node%d", n+1), Address: fmt.Sprintf("198.18.0.%d", 11+n), PodCIDR: fmt.Sprintf("198.18.%d.0/24", 16+n), cluster: c,
		})
	}
	return nodes
}

// Node finds a node by its name.
func (c Cluster) Node(name string) (Node, error) {
	for _, node := range c.Nodes() {
		if node.Name == name {
			return node, nil
		}
	}
	return Node{}, fmt.Errorf("looking for %s: the cluster has the nodes node1 to node%d", name, max(c.Size, 1))
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
