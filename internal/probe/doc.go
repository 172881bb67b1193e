// Package probe asks Gateways, as a customer would, which release answers. A
// Gateway's status tells that it took a route up, not that its proxies follow: only
// an answer proves that.
package probe
