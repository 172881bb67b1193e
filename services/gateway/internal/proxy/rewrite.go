package proxy

import (
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strings"
)

// rewrite turns the client's request into the pod's. The path, the query and
// the Host stay as they came; hop-by-hop headers are gone already.
func (f *Front) rewrite(pr *httputil.ProxyRequest) {
	out := pr.Out
	out.URL.Scheme = "http" // the host is set when the pod is chosen
	out.URL.RawQuery = pr.In.URL.RawQuery
	delete(out.Header, headerRelease)
	hideFromTransport(out.Header)
	f.forward(pr.In, out.Header)
	ex := exchangeOf(pr.In.Context())
	trace := ex.trace()
	if len(pr.In.Header[headerTraceparent]) != 1 || pr.In.Header[headerTraceparent][0] != trace {
		out.Header[headerTraceparent] = []string{trace}
		delete(out.Header, headerTracestate) // it belongs to the trace that was not one
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

// forward tells the service who asked, for which host, over which protocol.
// What a client says of that itself is taken over from trusted proxies only.
func (f *Front) forward(in *http.Request, out http.Header) {
	o := origin{client: clientIP(in), host: in.Host, proto: "http"}
	o.port = portOf(o.host)
	chain, forwarded := o.client, o.element()
	if len(f.TrustedProxies) > 0 && f.trusts(o.client) {
		chain = prepend(in.Header["X-Forwarded-For"], chain)
		forwarded = prepend(in.Header["Forwarded"], forwarded)
		keep(in.Header, "X-Forwarded-Host", &o.host)
		keep(in.Header, "X-Forwarded-Proto", &o.proto)
		keep(in.Header, "X-Forwarded-Port", &o.port)
	}
	values := []string{chain, o.host, o.proto, o.port, forwarded} // one allocation for all five
	for i, name := range [...]string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "Forwarded"} {
		out[name] = values[i : i+1 : i+1]
	}
}

// element writes the same as RFC 7239 does. An IPv6 address stands in brackets.
func (o origin) element() string {
	client := o.client
	if strings.Contains(client, ":") {
		client = `"[` + client + `]"`
	}
	return "for=" + client + `;host="` + o.host + `";proto=` + o.proto
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

func keep(h http.Header, name string, value *string) {
	if said := h.Get(name); said != "" {
		*value = said
	}
}
