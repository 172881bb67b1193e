package admit

import "strings"

// forwarding are the headers, beside X-Forwarded-*, by which services believe who asks,
// for what, and over what. The front door alone says so.
var forwarding = map[string]bool{
	"forwarded": true, "x-forwarded": true, "x-real-ip": true, "true-client-ip": true, "client-ip": true, "x-client-ip": true,
	"x-cluster-client-ip": true, "x-originating-ip": true, "x-remote-ip": true, "x-remote-addr": true, "x-envoy-external-address": true,
	"cf-connecting-ip": true, "fastly-client-ip": true, "x-original-url": true, "x-original-uri": true, "x-rewrite-url": true,
	"x-original-host": true, "x-original-forwarded-for": true, "x-shop-release": true,
}

const longestForwarding = len("x-original-forwarded-for")

// Forwarding tells whether a header says who asks, for what, and over what, in the eyes of
// some server: WSGI, Rack, PHP and CGI make one variable of X-Forwarded-For and
// X_Forwarded_For, and some of every character that is no letter.
func Forwarding(name string) bool {
	if name == "" {
		return false
	}
	switch name[0] {
	case 'X', 'F', 'T', 'C', 'x', 'f', 't', 'c':
		plain := spelled(name)
		return forwarding[plain] || strings.HasPrefix(plain, "x-forwarded-")
	}
	return false
}

// Misspelled tells whether a name is one of those, but not written as it is registered.
// Nobody has reason to send it, whoever it is.
func Misspelled(name string) bool { return strings.ToLower(name) != spelled(name) && Forwarding(name) }

// spelled writes a name in lower case with dashes only.
func spelled(name string) string {
	var b [longestForwarding]byte
	n := copy(b[:], name) // a longer name is told by its beginning
	for i := range n {
		switch c := b[i]; {
		case 'A' <= c && c <= 'Z':
			b[i] = c + 'a' - 'A'
		case !isAlphanumeric(c):
			b[i] = '-'
		}
	}
	if len(name) > longestForwarding && !strings.HasPrefix(string(b[:n]), "x-forwarded-") {
		return ""
	}
	return string(b[:n])
}
