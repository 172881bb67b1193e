package tax

import (
	"context"
	"log/slog"
	"time"
)

// A customer with a VAT number, who may be free of tax.

// business is what is known of a customer with a VAT number.
type business struct {
	number, reason  string
	exempt, checked bool
}

// business asks the register only for who could be free of tax by it.
func (a *api) business(ctx context.Context, in quoteAsked, now time.Time) (business, error) {
	if in.VATNumber == "" {
		return business{}, nil
	}
	n, err := ParseNumber(in.VATNumber)
	if err != nil {
		return business{}, err
	}
	v := Unchecked
	if n.eligible(a.seller, in.Country) {
		if v, err = a.verdict(ctx, n, now); err != nil {
			return business{}, err
		}
	}
	why, exempt := n.reason(a.seller, in.Country, v)
	return business{n.String(), why, exempt, v != Unchecked}, nil
}

// verdict takes what the register said lately, so that an order is taxed as its quote was.
func (a *api) verdict(ctx context.Context, n Number, now time.Time) (Verdict, error) {
	v, err := a.store.checked(ctx, n, now)
	if err != nil || v != Unchecked {
		return v, err
	}
	if v = a.register.ask(ctx, n); v == Unchecked {
		return v, nil
	}
	if err := a.store.note(ctx, n, v, now); err != nil {
		slog.WarnContext(ctx, "asking the register again next time", "error", err)
	}
	return v, nil
}
