// Package network makes the cluster's network: a bridge on the host and one network namespace for each node.
// Nothing leaves the machine: the host forwards nothing for the bridge, and what has no target is refused on the spot.
package network

import (
	"fmt"
	"net"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
)

// Make builds the network of a cluster. It expects that nothing of an earlier one is left.
func Make(c layout.Cluster) error {
	// First, so that there is no moment in which packets for the cluster follow the default route.
	if err := netlink.RouteReplace(refusal()); err != nil {
		return fmt.Errorf("adding the route that refuses %s: %w", layout.AllCIDR, err)
	}
	bridge, err := makeBridge()
	if err != nil {
		return fmt.Errorf("making the bridge: %w", err)
	}
	for _, node := range c.Nodes() {
		if err := makeNode(node, c.Nodes(), bridge); err != nil {
			return fmt.Errorf("making the network of %s: %w", node.Name, err)
		}
	}
	// Services are reached through any node; the first is as good as another.
	return route(layout.ServiceCIDR, c.Nodes()[0].Address)
}

func refusal() *netlink.Route {
	return &netlink.Route{Dst: cidr(layout.AllCIDR), Type: unix.RTN_UNREACHABLE}
}

func makeBridge() (netlink.Link, error) {
	attributes := netlink.NewLinkAttrs()
	attributes.Name = layout.Bridge
	bridge := &netlink.Bridge{LinkAttrs: attributes}
	if err := netlink.LinkAdd(bridge); err != nil {
		return nil, err
	}
	// Whatever the host does elsewhere, it forwards nothing that comes from here.
	if err := os.WriteFile("/proc/sys/net/ipv4/conf/"+layout.Bridge+"/forwarding", []byte("0"), 0o644); err != nil {
		return nil, err
	}
	if err := netlink.AddrAdd(bridge, address(layout.HostAddress)); err != nil {
		return nil, err
	}
	return bridge, netlink.LinkSetUp(bridge)
}

func makeNode(node layout.Node, all []layout.Node, bridge netlink.Link) error {
	inside, err := newNamespace(node.NetnsName())
	if err != nil {
		return fmt.Errorf("making the namespace: %w", err)
	}
	defer inside.Close()
	if err := plug(node, bridge, inside); err != nil {
		return fmt.Errorf("plugging it into the bridge: %w", err)
	}
	if err := inside.configure(node, all); err != nil {
		return fmt.Errorf("setting it up inside: %w", err)
	}
	return route(node.PodCIDR, node.Address)
}

// plug lays a cable whose one end is on the bridge, the other inside the node.
func plug(node layout.Node, bridge netlink.Link, inside *namespace) error {
	attributes := netlink.NewLinkAttrs()
	attributes.Name = node.Veth()
	attributes.MasterIndex = bridge.Attrs().Index
	veth := &netlink.Veth{LinkAttrs: attributes, PeerName: "eth0", PeerNamespace: netlink.NsFd(int(inside.handle))}
	if err := netlink.LinkAdd(veth); err != nil {
		return err
	}
	return netlink.LinkSetUp(veth)
}

// Unplug takes a node off the network, as when its cable is cut: nobody gets an answer, nor a refusal.
func Unplug(node layout.Node) error { return cable(node, netlink.LinkSetDown) }

// Plug ends that.
func Plug(node layout.Node) error { return cable(node, netlink.LinkSetUp) }

func cable(node layout.Node, set func(netlink.Link) error) error {
	link, err := netlink.LinkByName(node.Veth())
	if err == nil {
		err = set(link)
	}
	if err != nil {
		return fmt.Errorf("changing the cable of %s: %w", node.Name, err)
	}
	return nil
}

func route(to, via string) error {
	err := netlink.RouteReplace(&netlink.Route{Dst: cidr(to), Gw: net.ParseIP(via)})
	if err != nil {
		return fmt.Errorf("adding the route to %s: %w", to, err)
	}
	return nil
}

func address(ip string) *netlink.Addr {
	return &netlink.Addr{IPNet: &net.IPNet{IP: net.ParseIP(ip).To4(), Mask: cidr(layout.NodeNetwork).Mask}}
}

func cidr(text string) *net.IPNet {
	_, network, err := net.ParseCIDR(text)
	if err != nil {
		panic(err) // a constant of layout
	}
	return network
}
