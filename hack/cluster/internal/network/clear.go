package network

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
)

// Clear removes every link, namespace and route that a cluster made, whoever made it.
func Clear() error {
	links, err := ours()
	if err != nil {
		return err
	}
	for _, link := range links {
		if err := netlink.LinkDel(link); err != nil && !errors.Is(err, unix.ENODEV) {
			return fmt.Errorf("removing link %s: %w", link.Attrs().Name, err)
		}
	}
	for _, path := range Namespaces() {
		if err := netns.DeleteNamed(filepath.Base(path)); err != nil {
			return fmt.Errorf("removing namespace %s: %w", path, err)
		}
	}
	// Last, so that packets for the vanished cluster never followed the default route.
	if err := netlink.RouteDel(refusal()); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("removing the route that refuses %s: %w", layout.AllCIDR, err)
	}
	return nil
}

// Namespaces lists the paths of all nodes' namespaces, whoever made them.
func Namespaces() []string {
	paths, _ := filepath.Glob(filepath.Join(layout.NetnsDir, layout.VethPrefix+"*"))
	return paths
}

// Remains names what Clear would remove.
func Remains() ([]string, error) {
	links, err := ours()
	if err != nil {
		return nil, err
	}
	names := Namespaces()
	for _, link := range links {
		names = append(names, "link "+link.Attrs().Name)
	}
	return names, nil
}

func ours() (found []netlink.Link, err error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("listing links: %w", err)
	}
	for _, link := range links {
		if name := link.Attrs().Name; name == layout.Bridge || strings.HasPrefix(name, layout.VethPrefix) {
			found = append(found, link)
		}
	}
	return found, nil
}

// Holds tells whether a process is inside one of the nodes' namespaces, or one of the given kind.
func Holds(pid int, inodes map[uint64]bool) bool {
	info, err := os.Stat(fmt.Sprintf("/proc/%d/ns/net", pid))
	if err != nil {
		return false
	}
	return inodes[inode(info)]
}

// Inside lists the processes in a node's own namespace; its pods have others.
func Inside(node layout.Node) (pids []int) {
	inodes := inodesOf([]string{node.Netns()})
	folders, _ := filepath.Glob("/proc/[0-9]*")
	for _, folder := range folders {
		if pid, err := strconv.Atoi(filepath.Base(folder)); err == nil && Holds(pid, inodes) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Inodes identifies the nodes' namespaces, as Holds asks for them.
func Inodes() map[uint64]bool { return inodesOf(Namespaces()) }

func inodesOf(paths []string) map[uint64]bool {
	inodes := map[uint64]bool{}
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			inodes[inode(info)] = true
		}
	}
	return inodes
}
