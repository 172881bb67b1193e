package http1

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"
)

// patient returns the patience of an exchange whose client is being watched.
func patient(t *testing.T) (p *patience, leave context.CancelFunc) {
	ours, theirs := net.Pipe()
	t.Cleanup(func() { _, _ = ours.Close(), theirs.Close() })
	ctx, leave := context.WithCancel(t.Context())
	p = &patience{socket: ours}
	now := time.Now()
	if err := errors.Join(p.begin(ctx, nil, now, now.Add(time.Minute)), p.extend()); err != nil {
		t.Fatal(err)
	}
	return p, leave
}

// What ends the reads of a client that left may come a moment after the response:
// then the connection is no good for the next one.
func TestAConnectionOfAClientThatLeftIsNotKept(t *testing.T) {
	p, leave := patient(t)
	leave()
	if p.end() {
		t.Error("it is kept, and its reads are about to be ended")
	}
	p, leave = patient(t)
	defer leave()
	if !p.end() {
		t.Error("a connection of a client that waits is not kept")
	}
}

// The deadline that ends the reads of a client that left may be overwritten by
// the one of the body.
func TestAClientThatLeavesBetweenHeadAndBodyIsHeard(t *testing.T) {
	p, leave := patient(t)
	leave()
	if err := p.unlimited(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAFastAnswerSetsNoDeadlineOfItsOwn(t *testing.T) {
	ours, theirs := net.Pipe()
	defer func() { _, _ = ours.Close(), theirs.Close() }()
	p, now := &patience{socket: ours}, time.Now()
	_ = p.begin(t.Context(), nil, now, now)
	first := p.armed
	_ = p.begin(t.Context(), nil, now.Add(coarse-least), now)
	if p.armed != first {
		t.Error("a deadline is set although there is time left")
	}
	_ = p.begin(t.Context(), nil, now.Add(coarse-least+1), now)
	if p.armed.Equal(first) {
		t.Error("no deadline is set although no time is left")
	}
}
