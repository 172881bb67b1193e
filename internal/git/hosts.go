package git

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
)

// notAsked are addresses at which a Git server is a mistake or an attack: of the machine itself, of
// the node's link, and where clouds give out credentials. RFC 6890 names the rest.
var notAsked = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.100.100.200/32"), // Alibaba Cloud's metadata
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("168.63.129.16/32"), // Azure's host agent
	netip.MustParsePrefix("169.254.0.0/16"),   // link-local; metadata of most clouds
	netip.MustParsePrefix("192.0.0.0/24"),     // protocol assignments; Oracle Cloud's metadata
	netip.MustParsePrefix("198.18.0.0/15"),    // benchmarks, laboratories
	netip.MustParsePrefix("224.0.0.0/3"),      // multicast, reserved, broadcast
	netip.MustParsePrefix("::/127"),           // unspecified and loopback
	netip.MustParsePrefix("2002::/16"),        // 6to4: any IPv4 address, obsolete
	netip.MustParsePrefix("fd00:ec2::/32"),    // AWS's metadata by IPv6
	netip.MustParsePrefix("fd20:ce::254/128"), // Google's metadata by IPv6
	netip.MustParsePrefix("fe80::/10"),
	netip.MustParsePrefix("ff00::/8"),
}

// carriesIPv4 are IPv6 addresses whose end is an IPv4 address that a gateway may go to.
var carriesIPv4 = []netip.Prefix{
	netip.MustParsePrefix("64:ff9b::/96"), // NAT64
	netip.MustParsePrefix("::/96"),        // IPv4-compatible, obsolete
}

// CheckHosts checks a list as --source-hosts takes it: names, addresses, and *.name for all names below it.
func CheckHosts(list []string) error {
	for _, entry := range list {
		name := strings.TrimPrefix(entry, "*.")
		if _, err := parseIP(name); (err != nil || name != entry) && !hostName.MatchString(name) {
			return fmt.Errorf("%q is no host: write a name or an address without a port, in small letters, or *.name", entry)
		}
	}
	return nil
}

func parseIP(host string) (netip.Addr, error) {
	ip, err := netip.ParseAddr(host)
	if err == nil && ip.Zone() != "" {
		return netip.Addr{}, fmt.Errorf("an address with a zone")
	}
	return ip, err
}

// named reports whether a list has this very host.
func named(list []string, host string) bool { return slices.Contains(list, host) }

// listed reports whether a list has the host, or a pattern of it.
func listed(list []string, host string) bool {
	return named(list, host) || slices.ContainsFunc(list, func(entry string) bool {
		below, pattern := strings.CutPrefix(entry, "*")
		return pattern && strings.HasSuffix(host, below)
	})
}

// mayAsk decides by scheme and name, before anything is looked up.
func (c *Client) mayAsk(scheme, host string) error {
	insecure := listed(c.InsecureHosts, host)
	switch {
	case scheme == "http" && !insecure:
		return refuse(InvalidURL, "spec.git.url begins with http://, which everybody on the way can read and change: "+
			"write https://, or let the operator's --source-insecure-hosts name %s", host)
	case len(c.Hosts) > 0 && !listed(c.Hosts, host) && !insecure:
		return refuse(HostNotAllowed, "host %s is not among those that sources may ask: the operator's --source-hosts has to name it", host)
	}
	return nil
}

// dialer connects to what a host's name leads to, if that may be asked. The check is on the address
// that is connected to: a name may lead elsewhere the next time that it is looked up.
func (c *Client) dialer(host string) *net.Dialer {
	anywhere := named(c.Hosts, host) || named(c.InsecureHosts, host)
	return &net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || (!anywhere && c.forbids(at.Addr())) {
			return errAddress
		}
		return nil
	}}
}

func (c *Client) forbids(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	holds := func(p netip.Prefix) bool { return p.Contains(ip) }
	if slices.ContainsFunc(notAsked, holds) || slices.ContainsFunc(c.Forbidden, holds) {
		return true
	}
	if !slices.ContainsFunc(carriesIPv4, holds) {
		return false
	}
	wide := ip.As16()
	return c.forbids(netip.AddrFrom4([4]byte(wide[12:])))
}
