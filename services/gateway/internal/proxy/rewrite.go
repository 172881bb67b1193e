package proxy

import (
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strings"

	"github.com/emporium-shop/emporium/services/gateway/internal/admit"
)

// rewrite turns the client's request into the pod's. The path, the query and
// the Host stay as they came; hop-by-hop headers are gone already.
func (f *Front) rewrite(pr *httputil.ProxyRequest) {
	out := pr.Out
	out.URL.Scheme = "http" // the host is set when the pod is chosen
	out.URL.RawQuery = pr.In.URL.RawQuery
	hideFromTransport(out.Header)
	f.forward(pr.In, out.Header)
	ex := exchangeOf(pr.In.Context())
	trace := ex.trace()
	if given := out.Header[headerTraceparent]; len(given) != 1 || given[0] != trace {
		out.Header[headerTraceparent] = []string{trace}
		if in := pr.In.Header[headerTraceparent]; len(in) != 1 || in[0] != trace {
			delete(out.Header, headerTracestate) // it belongs to the trace that was not one
		}
	}
}

// hideFromTransport writes a header in lower case, which is the same to a pod. http.Transport
// would take X-Idempotency-Key for leave to send a request twice by itself; the services'
// contract knows Idempotency-Key alone, and the balancer repeats by that.
func hideFromTransport(h http.Header) {
	if values, ok := h["X-Idempotency-Key"]; ok {
		delete(h, "X-Idempotency-Key")
		h["x-idempotency-key"] = values
	}
}

// origin is what is known of the client's own request.
type origin struct{ client, host, proto, port string }

// forwarded are the headers that tell of the client's own request.
var forwarded = [...]string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "Forwarded"}

// told is what a service is told of the client's own request.
type told struct {
	origin
	// chain is X-Forwarded-For, and earlier what Forwarded says of all but the last of it.
	chain, earlier string
	// received is the Host that this front door was asked for.
	received string
	// trusted: who asks is a proxy whose word counts.
	trusted bool
}

// values are those of forwarded.
func (t *told) values() [len(forwarded)]string {
	element := t.element()
	return [...]string{t.chain, t.host, t.proto, t.port, strings.Join(element[:], "")}
}

// element writes the same as RFC 7239 does, in parts.
func (t *told) element() [7]string {
	return [...]string{t.earlier, "for=", node(t.client), `;host="`, t.received, `";proto=`, "http"}
}

// forward tells the service who asked, for which host, over which protocol.
func (f *Front) forward(in *http.Request, out http.Header) {
	t := f.tell(in)
	dropForwarding(out, t.trusted)
	values := t.values()
	all := values[:] // one allocation for all of them
	for i, name := range forwarded {
		out[name] = all[i : i+1 : i+1]
	}
}

// tell finds that out. What a client says of it itself is taken over from trusted
// proxies only.
func (f *Front) tell(in *http.Request) (t told) {
	t.client, t.host, t.proto = clientIP(in), in.Host, "http"
	t.port, t.chain, t.received = portOf(t.host), t.client, in.Host
	if t.trusted = len(f.TrustedProxies) > 0 && f.trusts(t.client); t.trusted {
		t.chain = prepend(in.Header["X-Forwarded-For"], t.client)
		t.earlier = elementsOf(in.Header["X-Forwarded-For"])
		keep(in.Header, "X-Forwarded-Host", &t.host, admit.Host)
		keep(in.Header, "X-Forwarded-Proto", &t.proto, isScheme)
		keep(in.Header, "X-Forwarded-Port", &t.port, isNumber)
	}
	return t
}

// dropForwarding removes what a stranger says of the request's origin. Of a trusted proxy
// only the spellings go that a service might take for the front door's own.
func dropForwarding(h http.Header, trusted bool) {
	for name := range h {
		if isForwarding(name, trusted) {
			delete(h, name)
		}
	}
}

func isForwarding(name string, trusted bool) bool {
	return !trusted && admit.Forwarding(name) || trusted && admit.Misspelled(name) || name == headerRelease
}

// elementsOf writes a chain of X-Forwarded-For as RFC 7239 does. Forwarded is made of the
// chain and not taken over: a load balancer that keeps up only one of the two would let a
// client write the other.
func elementsOf(chain []string) string {
	var b strings.Builder
	for address := range strings.SplitSeq(strings.Join(chain, ","), ",") {
		if address = strings.TrimSpace(address); address != "" {
			b.WriteString("for=" + node(address) + ", ")
		}
	}
	return b.String()
}

// node writes an address; an IPv6 address stands in brackets. What is none is "unknown",
// RFC 7239's word for it.
func node(address string) string {
	parsed, err := netip.ParseAddr(strings.Trim(address, "[]"))
	if err != nil { // nobody who keeps the rules writes a port, and an error costs memory
		var withPort netip.AddrPort
		withPort, err = netip.ParseAddrPort(address)
		parsed = withPort.Addr()
	}
	switch {
	case err != nil || parsed.Zone() != "":
		return "unknown"
	case parsed.Is6():
		return `"[` + parsed.String() + `]"`
	case strings.ContainsAny(address, "[:"):
		return parsed.String()
	}
	return address
}

func (f *Front) trusts(client string) bool {
	address, err := netip.ParseAddr(client)
	if err != nil {
		return false
	}
	for _, prefix := range f.TrustedProxies {
		if prefix.Contains(address.Unmap()) {
			return true
		}
	}
	return false
}

func clientIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return "unknown" // RFC 7239's word for it
	}
	return host
}

func portOf(host string) string {
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		return host[i+1:]
	}
	return "80"
}

func prepend(earlier []string, last string) string {
	return strings.Join(append(earlier[:len(earlier):len(earlier)], last), ", ")
}

func keep(h http.Header, name string, value *string, valid func(string) bool) {
	if said := h.Get(name); valid(said) {
		*value = said
	}
}

func isScheme(s string) bool { return s == "http" || s == "https" }

func isNumber(s string) bool { return s != "" && len(s) <= 5 && strings.Trim(s, "0123456789") == "" }
