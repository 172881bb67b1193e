package programs

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/emporium-shop/emporium/hack/cluster/internal/cgroup"
	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
	"github.com/emporium-shop/emporium/hack/cluster/internal/network"
	"github.com/emporium-shop/emporium/hack/cluster/internal/process"
)

// ofNode are the programs of a node, in the order in which they start.
var ofNode = []string{"containerd", "kube-proxy", "kubelet"}

// PowerOff lets a node die at once, with all that runs on it. It is silent from the first moment, as a machine without power is: its
// cable is cut before anything ends, so that nobody is told that a connection ended.
func (c Cluster) PowerOff(ctx context.Context, name string) error {
	node, err := c.node(name)
	if err != nil {
		return err
	}
	if err := network.Unplug(node); err != nil {
		return err
	}
	if err := c.Kill(ctx, programsOf(node)...); err != nil {
		return err
	}
	return endAll(ctx, node)
}

// PowerOn lets it start again: its kubelet finds its pods dead and makes them anew.
func (c Cluster) PowerOn(name string) error {
	node, err := c.node(name)
	if err != nil {
		return err
	}
	if err := network.Plug(node); err != nil {
		return err
	}
	return c.Start(programsOf(node)...)
}

func (c Cluster) node(name string) (layout.Node, error) {
	return layout.Cluster{State: c.state, Size: c.size}.Node(name)
}

func programsOf(node layout.Node) (names []string) {
	for _, program := range ofNode {
		names = append(names, node.Process(program))
	}
	return names
}

// endAll ends containers and their shims: whatever is in the node's cgroup or its namespace.
func endAll(ctx context.Context, node layout.Node) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var left []int
	err := wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, func(context.Context) (bool, error) {
		left = append(cgroup.MembersOf(node), network.Inside(node)...)
		for _, pid := range left {
			if p, err := process.Find("part of "+node.Name, pid); err == nil {
				p.Kill()
			}
		}
		return len(left) == 0, nil
	})
	if err != nil {
		return fmt.Errorf("ending what runs on %s: %v do not end", node.Name, left)
	}
	return nil
}
