package pspfake

import "context"

// How tests and rehearsals set the provider's mood.

func (a *api) mood(ctx context.Context, _ *struct{}) (*moodOutput, error) {
	m, version, err := a.store.mood(ctx, a.given)
	return &moodOutput{moodShape.Tag(version), m}, err
}

func (a *api) feel(ctx context.Context, in *moodInput) (*moodOutput, error) {
	before, version, err := a.store.mood(ctx, a.given)
	if err != nil {
		return nil, err
	}
	if in.Repeated(version, before == in.Body) {
		return &moodOutput{moodShape.Tag(version), before}, nil
	}
	if err := in.Check(version); err != nil {
		return nil, err
	}
	return &moodOutput{moodShape.Tag(version + 1), in.Body}, a.store.feel(ctx, in.Body, version)
}
