package admit

import (
	"net/netip"
	"strings"
)

// longestName is what DNS allows.
const longestName = 255

// Host tells whether a client's Host may be passed on, quoted in a header and taken for
// the address of a link: letters, digits and -._~ of ASCII, or an IPv6 address in
// brackets, and a port. Names in other scripts come as punycode; encoding them here would
// cost the square of their length.
func Host(host string) bool {
	name, port, ported := cutPort(host)
	if name == "" || len(name) > longestName || ported && !isPort(port) {
		return false
	}
	if strings.HasPrefix(name, "[") {
		address, err := netip.ParseAddr(strings.Trim(name, "[]"))
		return err == nil && address.Is6() && address.Zone() == "" && name == "["+strings.Trim(name, "[]")+"]"
	}
	for i := range len(name) {
		if !isNameByte(name[i]) {
			return false
		}
	}
	return true
}

func cutPort(host string) (name, port string, ok bool) {
	i := strings.LastIndexByte(host, ':')
	if i < 0 || i < strings.LastIndexByte(host, ']') {
		return host, "", false
	}
	return host[:i], host[i+1:], true
}

func isPort(s string) bool { return s != "" && len(s) <= 5 && strings.Trim(s, "0123456789") == "" }

func isNameByte(c byte) bool {
	return isAlphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~'
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
