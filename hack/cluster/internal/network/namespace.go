package network

import (
	"fmt"
	"net"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"

	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
)

// namespace is a node's network namespace.
type namespace struct{ handle netns.NsHandle }

// newNamespace makes a namespace with a name, as "ip netns add" does. It forwards, as a node must.
func newNamespace(name string) (*namespace, error) {
	made := &namespace{}
	err := onOwnThread(func() (err error) {
		if made.handle, err = netns.NewNamed(name); err != nil {
			return err
		}
		return forward()
	})
	return made, err
}

// forward acts on the namespace of the thread that calls it.
func forward() error {
	// Pods on one node reach each other over a bridge; a service's address is translated back only if the bridge shows its packets to netfilter.
	const bridged = "/proc/sys/net/bridge/bridge-nf-call-iptables"
	if err := os.WriteFile(bridged, []byte("1"), 0o644); err != nil {
		return err
	}
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644)
}

// onOwnThread runs f on a thread that is thrown away after it, since f moves it to another namespace.
func onOwnThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: then the thread ends with the goroutine
		done <- f()
	}()
	return <-done
}

func (n *namespace) Close() { _ = n.handle.Close() }

// configure gives the node its address, its way to the host, and its ways to the other nodes' pods, which the host does not forward.
func (n *namespace) configure(node layout.Node, all []layout.Node) error {
	inside, err := netlink.NewHandleAt(n.handle)
	if err != nil {
		return err
	}
	defer inside.Close()
	if err := up(inside, "lo", ""); err != nil {
		return err
	}
	if err := up(inside, "eth0", node.Address); err != nil {
		return err
	}
	for _, other := range all {
		if other.Name == node.Name {
			continue
		}
		if err := inside.RouteAdd(&netlink.Route{Dst: cidr(other.PodCIDR), Gw: net.ParseIP(other.Address)}); err != nil {
			return fmt.Errorf("adding the route to the pods of %s: %w", other.Name, err)
		}
	}
	return inside.RouteAdd(&netlink.Route{Gw: net.ParseIP(layout.HostAddress)})
}

func up(inside *netlink.Handle, name, ip string) error {
	link, err := inside.LinkByName(name)
	if err != nil {
		return err
	}
	if ip != "" {
		if err := inside.AddrAdd(link, address(ip)); err != nil {
			return err
		}
	}
	return inside.LinkSetUp(link)
}
