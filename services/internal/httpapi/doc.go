// Package httpapi is how a service speaks HTTP: routes that describe themselves
// and say who may call them, and around them what every service of a shop has.
//
// A request passes, from the outside: observed (sources, trace, metrics) →
// recovered → the mux → deadline → shed → limited → access → what the route
// demands (406, 415, 413, Idempotency-Key, If-Match) → validation → the handler.
// So a refusal that needs no database comes before one that does, and what a
// caller may not see is not validated for them. The order is that of
// services/contract/v1.
//
// Nobody else imports huma, the library that turns Go types into OpenAPI.
package httpapi
