// Package access says who may call a route, and finds out who calls.
//
// Callers show a JSON Web Token that auth signed, or for a call between services
// one that the calling service signed itself. The keys are data: both stacks of a
// shop take each other's tokens. A route has no access by default: whoever adds
// one says who may call it, or the program does not start.
package access

import (
	"errors"
	"slices"
)

// Access is who may call a route. The zero value is no answer.
type Access struct {
	kind  string
	scope string
	names []string
}

var (
	// Public is for everybody. A token is not looked at.
	Public = Access{kind: "public"}
	// Customer is for customers who are signed in.
	Customer = Access{kind: "customer"}
	// Owner is for whoever the thing belongs to, signed in or not: the route's
	// own rule compares access.From(ctx) and what the request shows, such as a
	// cart's unguessable id, with what is stored. What is not theirs is 404.
	Owner = Access{kind: "owner"}
)

// Staff is for members of staff with a scope: Staff("catalog:write").
func Staff(scope string) Access { return Access{kind: "staff", scope: scope} }

// Service is for other services by name; without a name for every service of the shop.
func Service(names ...string) Access { return Access{kind: "service", names: names} }

var (
	// ErrUnauthenticated says that nobody knows who calls (401).
	ErrUnauthenticated = errors.New("the caller is not known")
	// ErrForbidden says that this caller may not (403).
	ErrForbidden = errors.New("the caller may not do this")
)

// Set tells whether somebody decided who may call.
func (a Access) Set() bool { return a.kind != "" }

// Anyone tells whether a caller without a token may call.
func (a Access) Anyone() bool { return a.kind == "public" || a.kind == "owner" }

// Scope is what staff must be allowed to do; empty for others.
func (a Access) Scope() string { return a.scope }

// Admits tells whether a caller may: nil, ErrUnauthenticated or ErrForbidden.
func (a Access) Admits(p Principal) error {
	switch {
	case a.Anyone():
		return nil
	case p.Kind == Anonymous:
		return ErrUnauthenticated
	case a.kind == "customer" && p.Kind == CustomerKind,
		a.kind == "staff" && p.Kind == StaffKind && p.may(a.scope),
		a.kind == "service" && p.Kind == ServiceKind && a.names == nil,
		a.kind == "service" && p.Kind == ServiceKind && slices.Contains(a.names, p.Subject):
		return nil
	}
	return ErrForbidden
}

// Requirements is the "security" of an operation in OpenAPI: any one of the
// entries is enough; none means that the operation is public.
func (a Access) Requirements() []map[string][]string {
	switch a.kind {
	case "public":
		return []map[string][]string{}
	case "owner":
		return []map[string][]string{{"owner": {}}, {}}
	case "staff":
		return []map[string][]string{{"staff": {a.scope}}}
	case "service":
		return []map[string][]string{{"service": append([]string{}, a.names...)}}
	}
	return []map[string][]string{{a.kind: {}}}
}
