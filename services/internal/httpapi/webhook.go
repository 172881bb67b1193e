package httpapi

// Webhook says that a stranger, who keeps rules of his own, sends this POST: it has
// no Idempotency-Key, and its JSON may hold members that nobody described. What
// tells a second delivery is in its body.
func Webhook() Option {
	return func(r *route) { r.webhook, r.takes = true, []string{jsonType} }
}
