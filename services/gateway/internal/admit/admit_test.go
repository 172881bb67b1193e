package admit

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestHosts(t *testing.T) {
	for _, host := range []string{
		"shop", "shop.example", "shop.example:8443", "xn--bcher-kva.example", "10.0.0.1", "10.0.0.1:80", "[::1]", "[2001:db8::1]:8080",
		"a_b.svc.cluster.local", "A-1~x", strings.Repeat("a", 255),
	} {
		if !Host(host) {
			t.Errorf("%q is refused", host)
		}
	}
	for _, host := range []string{
		"", ":80", "shop:", "shop:x", "shop:443;x", "shop:123456", `a",for=6.6.6.6;host="b`, "a,b", "a b", "a\tb", "a/b", "a@b", "xn--!.é", "bücher.example",
		"[::1", "::1", "[::1]x", "[fe80::1%25eth0]", "[10.0.0.1]", "[[::1]]", "a%41", "a\x00", "<a>", strings.Repeat("a", 256), strings.Repeat("é", 20000),
	} {
		if Host(host) {
			t.Errorf("%q is admitted", host)
		}
	}
}

func TestHiddenPaths(t *testing.T) {
	for _, path := range []string{
		"/metrics", "//metrics", "/METRICS", "/Metrics", "/metric\u017f", "/metrics/", "/metrics//", "/metrics.json", "/metrics;x", "/metrics;a=b/", "/..;/metrics", "/x/..;y/metrics",
		"//x/metrics", "//x//metrics", "/metrics ", "/ metrics", "/metrics\x00", "/metrics\t", "/metrics?x", "/metrics#", "/contract#x", "/\\metrics", "\\metrics",
		"/x/../metrics", "/x/../../metrics", "/./metrics", "/;a/metrics", "/%6detrics", "/%256detrics", "/x/%2e%2e/metrics", "/x%2f..%2fmetrics", "/livez", "/readyz.", "/startupz%00", "/contract/.",
		"/internal", "/internal/", "/internal/pricing/quotes", "/INTERNAL/x", "//internal/x", "/x/../internal/y", "/%69nternal/x", "/%2569nternal/x", "/internal;a=b/x", "//host/internal/x", "\\internal\\x",
	} {
		if !Hidden(path) {
			t.Errorf("%q is shown", path)
		}
	}
	for _, path := range []string{
		"", "/", "/livezz", "/shop/metrics", "/contracts", "/metrics/cpu", "/contract/7", "/metricsx.json", "/x//metrics", "/100%", "/a;metrics", "//metrics/x/y", "/my.metrics", "/internals/x", "/shop/internal/x", "/internal.css/x", "/..", "/../..",
	} {
		if Hidden(path) {
			t.Errorf("%q is hidden", path)
		}
	}
}

func TestPlainPaths(t *testing.T) {
	for _, path := range []string{"/", "/a.png", "/.well-known/x", "/a..b", "/...", "/100%", "/a%20b", "/a//b", "/é", "/a;v=1/b", "/a/b.", "/%zz"} {
		if !HasPlainPath(path) {
			t.Errorf("%q is refused", path)
		}
	}
	for _, path := range []string{"/a/../b", "/..", "/.", "/a/./b", "/..;/b", "/a/.;x/b", "/a\\b", "/a\x00", "/a\n", "/a\x7f", "/%2e%2e/b", "/%252e%252e/b", "/a%5cb", "/a%00"} {
		if HasPlainPath(path) {
			t.Errorf("%q is admitted", path)
		}
	}
}

func TestHeadersThatTellOfTheOrigin(t *testing.T) {
	for _, name := range []string{
		"X-Forwarded-For", "X-Forwarded-Prefix", "X-Forwarded-User", "X-Forwarded-Ssl", "X_forwarded_for", "X_Forwarded-For", "X.Forwarded.For", "x-forwarded-for", "X-Forwarded",
		"Forwarded", "forwarded", "X-Real-Ip", "X_real_ip", "True-Client-Ip", "True_client_ip", "X-Original-Url", "X-Rewrite-Url", "X_shop_release", "X-Forwarded-" + strings.Repeat("x", 100),
	} {
		if !Forwarding(name) {
			t.Errorf("%s passes", name)
		}
	}
	for _, name := range []string{"", "X-Request-Id", "Traceparent", "From", "Cookie", "X", "X-Forward", "Content-Type", "Forwarded-Extra-Long-Name-That-Is-Nothing", "X-Real-Ipx", "Te"} {
		if Forwarding(name) {
			t.Errorf("%s does not pass", name)
		}
	}
	if Misspelled("X-Forwarded-For") || Misspelled("X-Other_Thing") || !Misspelled("X_forwarded_for") {
		t.Error("a trusted proxy may write the registered names, and only those")
	}
}

func request(method string, minor int, header http.Header) *http.Request {
	return &http.Request{Method: method, ProtoMajor: 1, ProtoMinor: minor, Host: "shop", Header: header, URL: &url.URL{Path: "/"}}
}

func TestUpgrades(t *testing.T) {
	rules := Rules{Upgrades: []string{"websocket"}}
	for _, row := range []struct{ method, upgrade, left string }{
		{"GET", "websocket", "websocket"}, {"GET", "WebSocket", "WebSocket"}, {"GET", "h2c, websocket", "websocket"},
		{"GET", "h2c", ""}, {"GET", "foo/1", ""}, {"POST", "websocket", ""}, {"GET", "websocket/13", ""},
	} {
		r := request(row.method, 1, http.Header{"Upgrade": {row.upgrade}, "Http2-Settings": {"AAMAAABk"}})
		if refusal := rules.Admit(r); refusal != "" || r.Header.Get("Upgrade") != row.left || r.Header.Get("Http2-Settings") != "" {
			t.Errorf("%s %q: %q, left %v", row.method, row.upgrade, refusal, r.Header)
		}
	}
	for _, upgrade := range []string{"", "\xff", "a\tb", "a b", "websocket,", "a/b/c", `"x"`, "\twebsocket"} {
		if refusal := rules.Admit(request("GET", 1, http.Header{"Upgrade": {upgrade}})); refusal == "" {
			t.Errorf("%q is admitted", upgrade)
		}
	}
	if r := request("GET", 1, http.Header{"Upgrade": {"websocket"}}); (Rules{}).Admit(r) != "" || r.Header.Get("Upgrade") != "" {
		t.Error("what is not allowed passes")
	}
}

func TestHTTP10(t *testing.T) {
	rules := Rules{DefaultHost: "demo"}
	r := request("GET", 0, http.Header{})
	if r.Host = ""; rules.Admit(r) != "" || r.Host != "demo" {
		t.Errorf("a request without Host gets %q", r.Host)
	}
	if rules.Admit(request("POST", 0, http.Header{})) == "" {
		t.Error("a POST without a length is admitted: its body may be chunked for the proxy in front")
	}
	if rules.Admit(request("POST", 0, http.Header{"Content-Length": {"0"}})) != "" {
		t.Error("an empty POST is refused")
	}
	r = request("GET", 1, http.Header{})
	if r.Host = ""; rules.Admit(r) == "" {
		t.Error("HTTP/1.1 without Host is admitted")
	}
}

func TestTrailersAreChecked(t *testing.T) {
	r := request("POST", 1, http.Header{})
	r.Trailer = http.Header{"X-Sum": nil}
	if refusal := (Rules{}).Admit(r); refusal != "" || r.Trailer != nil {
		t.Errorf("%q, %v", refusal, r.Trailer)
	}
	r.Trailer = http.Header{"A b": nil}
	if (Rules{}).Admit(r) == "" {
		t.Error("a trailer whose name has a blank is admitted")
	}
}

// What a client sends may cost time in proportion to its length, no more.
func TestNothingCostsTheSquareOfItsLength(t *testing.T) {
	var runes strings.Builder
	for i := range 20000 {
		runes.WriteRune(rune(0x4e00 + i))
	}
	long := map[string]func(){
		"host":    func() { Host(runes.String()) },
		"slashes": func() { Hidden(strings.Repeat("/", 60000)); HasPlainPath(strings.Repeat("/", 60000)) },
		"dots":    func() { Hidden(strings.Repeat("/..", 20000)); HasPlainPath(strings.Repeat("/a..", 20000)) },
		"percent": func() { Hidden(strings.Repeat("%25", 20000)); HasPlainPath("/" + strings.Repeat("%25", 20000)) },
		"header":  func() { Forwarding("X-" + strings.Repeat("_", 60000)) },
		"upgrade": func() { (Rules{}).Admit(request("GET", 1, http.Header{"Upgrade": {strings.Repeat("a,", 30000)}})) },
	}
	for name, do := range long {
		began := time.Now()
		do()
		if took := time.Since(began); took > 50*time.Millisecond {
			t.Errorf("%s: 60 KB took %s", name, took)
		}
	}
}
