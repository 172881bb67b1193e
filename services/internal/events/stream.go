package events

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
)

// stream is the shop's stream, which whoever needs it first makes.
type stream struct {
	js jetstream.JetStream
	mu sync.Mutex
	// held are the subjects that it was seen to hold.
	held map[string]bool
}

// pattern is the subject under which the stream holds a type and all others of its service.
func (t Type) pattern() string { return t.Domain() + ".>" }

// holds makes sure that the stream is there and holds the types. Subjects are
// only ever added: another release, or a service in another language, may know more.
func (s *stream) holds(ctx context.Context, types []Type) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	missing := s.missing(types)
	if len(missing) == 0 {
		return nil
	}
	there, err := s.js.Stream(ctx, streamName)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		there, err = s.create(ctx, missing)
	}
	if err != nil {
		return fmt.Errorf("looking at the stream %s: %w", streamName, err)
	}
	config := there.CachedInfo().Config // of an older release it may lack some
	if more := without(missing, config.Subjects); len(more) > 0 {
		config.Subjects = append(config.Subjects, more...)
		if _, err := s.js.UpdateStream(ctx, config); err != nil {
			return fmt.Errorf("adding subjects to the stream %s: %w", streamName, err)
		}
	}
	s.remember(missing)
	return nil
}

// create makes it, with the subjects of all services of the contract: so it is seldom changed later, while others are at work on it. Of two who do so at the same moment one may be told that it is
// there already, with other subjects.
func (s *stream) create(ctx context.Context, subjects []string) (jetstream.Stream, error) {
	all, err := Types()
	if err != nil {
		return nil, err
	}
	for _, t := range all {
		if p := t.pattern(); !slices.Contains(subjects, p) {
			subjects = append(subjects, p)
		}
	}
	made, err := s.js.CreateStream(ctx, jetstream.StreamConfig{
		Name: streamName, Description: "What happened in the shop, as CloudEvents. Subject: the event's type.",
		Subjects: subjects, Storage: jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld,
		MaxAge: kept, Duplicates: window, Replicas: 1,
		Compression: jetstream.S2Compression, // JSON is mostly names
	})
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return s.js.Stream(ctx, streamName)
	}
	return made, err
}

func (s *stream) missing(types []Type) (subjects []string) {
	for _, t := range types {
		if p := t.pattern(); !s.held[p] && !slices.Contains(subjects, p) {
			subjects = append(subjects, p)
		}
	}
	return subjects
}

func (s *stream) remember(subjects []string) {
	if s.held == nil {
		s.held = map[string]bool{}
	}
	for _, one := range subjects {
		s.held[one] = true
	}
}

func (s *stream) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = nil
}

func without(all, known []string) (rest []string) {
	for _, one := range all {
		if !slices.Contains(known, one) {
			rest = append(rest, one)
		}
	}
	return rest
}
