package access

import (
	"context"
	"slices"
)

// Kind is what sort of caller a principal is.
type Kind string

// The kinds of callers. Everyone without a token is anonymous.
const (
	Anonymous    Kind = ""
	CustomerKind Kind = "customer"
	StaffKind    Kind = "staff"
	ServiceKind  Kind = "service"
)

// Principal is who sends a request.
type Principal struct {
	Kind Kind
	// Subject is the customer's or member of staff's id, or the service's name.
	Subject string
	// Scopes are what staff may do: "catalog:write".
	Scopes []string
	// Session is the login of a customer that the token comes from; empty where auth did not say. It is for auth alone: a token is good
	// until it ends, whatever became of its session.
	Session string
}

// Caller names the principal for what is kept by caller, such as Idempotency-Keys;
// empty for anonymous.
func (p Principal) Caller() string {
	if p.Kind == Anonymous {
		return ""
	}
	return string(p.Kind) + ":" + p.Subject
}

func (p Principal) may(scope string) bool { return slices.Contains(p.Scopes, scope) }

type key struct{}

// With returns a context that carries who asks.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, key{}, p)
}

// From tells who asks; the zero value, anonymous, where nobody said.
func From(ctx context.Context) Principal {
	p, _ := ctx.Value(key{}).(Principal)
	return p
}
