// Package frontdoor is what the operator and the gateway agree on: the routing
// table that the operator writes and every front-door replica routes by, and the
// report in which a replica says which table that is.
//
// The table lives in one ConfigMap, so replacing it is one write: that write is
// the switch of a release. The report lives in one Lease a replica, so "every
// replica routes by the new table" can be seen through the API.
package frontdoor
