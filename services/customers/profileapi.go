package customers

import (
	"context"

	"github.com/emporium-shop/emporium/services/internal/contact"
	"github.com/emporium-shop/emporium/services/internal/page"
)

// The profile of a customer, for himself and for staff.

func (a *api) profile(ctx context.Context, _ *profileRead) (*tagged[profileBody], error) {
	p, err := profile(ctx, a.store.db, customer(ctx))
	return answerProfile(p, err)
}

func answerProfile(p Profile, err error) (*tagged[profileBody], error) {
	if err != nil {
		return nil, err
	}
	return &tagged[profileBody]{profileShape.Tag(p.Version), profileBody{p.Customer, p.Email.Spelled, p.Name, p.Phone, p.Locale}}, nil
}

func (a *api) putProfile(ctx context.Context, in *profilePut) (*tagged[profileBody], error) {
	before, err := profile(ctx, a.store.db, customer(ctx))
	if err != nil {
		return nil, err
	}
	after, err := before.Change(Said(in.Body))
	if err != nil {
		return nil, err
	}
	if in.Repeated(before.Version, after.same(before)) {
		return answerProfile(before, nil)
	}
	if err := in.Check(before.Version); err != nil {
		return nil, err
	}
	return answerProfile(after, a.store.save(ctx, before, after))
}

func (a *api) find(ctx context.Context, in *staffList) (*listOf[profileBody], error) {
	key := ""
	if in.Email != "" {
		m, err := contact.ParseMail("#/email", in.Email)
		if err != nil {
			return nil, err
		}
		key = m.Key
	}
	after, err := page.After[string](in.Query, key)
	if err != nil {
		return nil, err
	}
	found, err := a.store.byMail(ctx, key, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	piece, err := page.New(in.Query, found, func(p Profile) string { return p.Customer }, key)
	if err != nil {
		return nil, err
	}
	out := &listOf[profileBody]{page.Of[profileBody]{Items: make([]profileBody, len(piece.Items)), Next: piece.Next}}
	for n, p := range piece.Items {
		out.Body.Items[n] = profileBody{p.Customer, p.Email.Spelled, p.Name, p.Phone, p.Locale}
	}
	return out, nil
}

func (a *api) anyone(ctx context.Context, in *staffRead) (*tagged[profileBody], error) {
	return answerProfile(profile(ctx, a.store.db, in.Customer))
}
