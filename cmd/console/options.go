package main

import (
	"flag"
	"fmt"
	"net"
	"net/url"

	"github.com/emporium-shop/emporium/internal/console"
)

type options struct {
	listen, health, server, ca string
	urls                       []*url.URL
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("console", flag.ContinueOnError)
	flags.StringVar(&o.listen, "listen", ":8080", "address of the pages. They are served without TLS: an ingress or Gateway before them speaks it")
	flags.StringVar(&o.health, "health", ":8081", "address of /healthz, /readyz and /metrics")
	flags.StringVar(&o.server, "api-server", "https://kubernetes.default.svc", "address of the API server, which is sent the tokens of those who sign in")
	flags.StringVar(&o.ca, "api-server-ca", "/etc/console/ca.crt", "file with the certificate authority of the API server; it is never asked without TLS")
	flags.Func("url", "address at which browsers reach the console, https://console.example; may be given more than once. Unset: by port-forward alone, at http://localhost with the port of --listen", func(text string) error {
		u, err := address(text)
		o.urls = append(o.urls, u)
		return err
	})
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if u, err := url.Parse(o.server); err != nil || u.Scheme != "https" || u.Host == "" {
		return o, fmt.Errorf("--api-server is %q: it must begin with https://, since it is sent tokens", o.server)
	}
	return o, nil
}

// address is a place where browsers may send a token to: over HTTPS, or on one machine.
func address(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.User != nil:
		return nil, fmt.Errorf("it must be like https://console.example, without a path")
	case u.Scheme == "https":
		return u, nil
	case u.Scheme == "http" && loopback(u.Hostname()):
		return u, nil
	}
	return nil, fmt.Errorf("it must begin with https://, since people send their tokens there")
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// hosts are the Host headers that are answered. Where one address is HTTPS, cookies are for HTTPS alone.
func (o options) hosts(listener net.Addr) (all []string, secure bool) {
	for _, u := range o.urls {
		all = append(all, u.Host)
		secure = secure || u.Scheme == "https"
	}
	return console.Hosts(listener, all...), secure
}
