package git

import (
	"context"
	"net"
	"net/netip"
	"testing"
)

func TestOnlyListedHostsAreAsked(t *testing.T) {
	for name, c := range map[string]struct {
		client       Client
		scheme, host string
		want         Reason
	}{
		"no list":                         {Client{}, "https", "git.example", ""},
		"listed":                          {Client{Hosts: []string{"git.example"}}, "https", "git.example", ""},
		"listed, by ssh":                  {Client{Hosts: []string{"git.example"}}, "ssh", "git.example", ""},
		"not listed":                      {Client{Hosts: []string{"git.example"}}, "https", "evil.example", HostNotAllowed},
		"a pattern":                       {Client{Hosts: []string{"*.example.com"}}, "https", "git.example.com", ""},
		"a pattern, deeper":               {Client{Hosts: []string{"*.example.com"}}, "https", "a.b.example.com", ""},
		"a pattern is not its own parent": {Client{Hosts: []string{"*.example.com"}}, "https", "example.com", HostNotAllowed},
		"a pattern ends at a dot":         {Client{Hosts: []string{"*.example.com"}}, "https", "evilexample.com", HostNotAllowed},
		"a name that ends so":             {Client{Hosts: []string{"example.com"}}, "https", "evil-example.com", HostNotAllowed},
		"http":                            {Client{}, "http", "git.example", InvalidURL},
		"http, listed":                    {Client{Hosts: []string{"git.example"}}, "http", "git.example", InvalidURL},
		"http, insecure":                  {Client{InsecureHosts: []string{"198.18.0.1"}}, "http", "198.18.0.1", ""},
		"insecure need not be listed":     {Client{Hosts: []string{"git.example"}, InsecureHosts: []string{"198.18.0.1"}}, "http", "198.18.0.1", ""},
		"http at another host":            {Client{InsecureHosts: []string{"198.18.0.1"}}, "http", "198.18.0.2", InvalidURL},
	} {
		if got := ReasonOf(c.client.mayAsk(c.scheme, c.host)); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestSpecialAddressesAreNotAsked(t *testing.T) {
	c := Client{Forbidden: []netip.Prefix{netip.MustParsePrefix("10.96.0.1/32")}}
	for _, bad := range []string{
		"127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192",
		"198.18.0.1", "198.19.255.255", "224.0.0.1", "255.255.255.255", "240.0.0.1", "::", "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
		"::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "fe80::1", "fe80::1%eth0", "ff02::1", "fd00:ec2::254", "fd20:ce::254", "10.96.0.1",
		"::ffff:10.96.0.1", "64:ff9b::a60:1",
	} {
		if !c.forbids(netip.MustParseAddr(bad)) {
			t.Errorf("%s may be asked", bad)
		}
	}
	for _, good := range []string{"192.0.2.1", "10.0.0.1", "10.96.0.2", "192.168.1.1", "140.82.121.4", "2606:50c0::1", "fd12::1", "64:ff9b::8c52:7904", "100.100.100.201"} {
		if c.forbids(netip.MustParseAddr(good)) {
			t.Errorf("%s may not be asked", good)
		}
	}
}

// TestAHostByAPatternIsNotAskedAtASpecialAddress: who owns a name below the pattern chooses its address.
func TestAHostByAPatternIsNotAskedAtASpecialAddress(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for name, c := range map[string]struct {
		client Client
		host   string
		reach  bool
	}{
		"no list":       {Client{}, "localhost", false},
		"by a pattern":  {Client{Hosts: []string{"*.localhost"}}, "git.localhost", false},
		"named":         {Client{Hosts: []string{"git.localhost"}}, "git.localhost", true},
		"insecure":      {Client{InsecureHosts: []string{"git.localhost"}}, "git.localhost", true},
		"another named": {Client{Hosts: []string{"other.localhost"}}, "git.localhost", false},
	} {
		conn, err := c.client.dialer(c.host).DialContext(context.Background(), "tcp", listener.Addr().String())
		if (err == nil) != c.reach {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			conn.Close()
			continue
		}
		if got := c.client.explain(c.host, err); ReasonOf(got) != HostNotAllowed {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAListOfHostsIsChecked(t *testing.T) {
	if err := CheckHosts([]string{"git.example", "*.example.com", "198.18.0.1", "2001:db8::1"}); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "*", "*.", "git*.example", "https://git.example", "git.example:443", "*.10.0.0.1x/8", "Git.Example", "-x", "fe80::1%eth0", "*.::1", "a b"} {
		if err := CheckHosts([]string{"git.example", bad}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
