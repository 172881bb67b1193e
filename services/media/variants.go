package media

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/singleflight"
)

// picture is what an address answers.
type picture struct {
	content []byte
	tag     string
}

// answerable is a variant under a strong ETag, which is made of its bytes.
func answerable(content []byte) *picture {
	sum := sha256.Sum256(content)
	return &picture{content, `"1-` + hex.EncodeToString(sum[:8]) + `"`}
}

// variants answers addresses: from memory, else from PostgreSQL, else made. Of many who ask
// for one at once, one does the work.
type variants struct {
	store  *store
	cache  *cache
	queue  *queue
	flight singleflight.Group
	// made is told of each variant that was rendered.
	made func(Format)
}

// patience is how long work goes on that was begun, whoever still waits for it: the next
// who asks finds it done.
const patience = 30 * time.Second

// get returns what an address answers, a fault.NotFound for an original that is not there,
// and a fault.Unavailable where too much is being made.
func (v *variants) get(ctx context.Context, a Address) (*picture, error) {
	if p, there := v.cache.get(a); there {
		return p, nil
	}
	return once(ctx, &v.flight, "ask "+a.String(), func(ctx context.Context) (*picture, error) {
		p, err := v.find(ctx, a)
		if err == nil {
			v.cache.put(a, p)
		}
		return p, err
	})
}

// find reads a variant, or makes it. Two addresses may be one variant: of an original that
// is 800 pixels wide, 960 and 1280 are the same, so that is where the work is shared.
func (v *variants) find(ctx context.Context, a Address) (*picture, error) {
	o, content, err := v.store.variant(ctx, a)
	if err != nil || content != nil {
		return answerable(content), err
	}
	size := o.Fit(a.Width)
	return once(ctx, &v.flight, Address{a.Hash, size.Width, a.Format}.String(), func(ctx context.Context) (*picture, error) {
		// Who waited for its turn here may find it made by who was before.
		if _, content, err := v.store.variant(ctx, a); err != nil || content != nil {
			return answerable(content), err
		}
		return v.make(ctx, o, a.Format, size)
	})
}

// make renders a variant and stores it. Of two replicas that do so at once the first one's
// is answered by both.
func (v *variants) make(ctx context.Context, o Original, format Format, size Size) (*picture, error) {
	var made Variant
	err := v.queue.do(ctx, o.Width*o.Height, func() error {
		content, err := v.store.content(ctx, o.Hash)
		if err == nil {
			made, err = render(content, func(Size) Size { return size }, format)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	v.made(format)
	content, err := v.store.keep(ctx, o.Hash, made)
	return answerable(content), err
}

var errPanic = errors.New("it panicked")

// once does work for all who ask by one key at a time, and lets each leave when his time is
// over. What the work does is its own: no caller can end it for the others.
func once(ctx context.Context, g *singleflight.Group, key string, work func(context.Context) (*picture, error)) (*picture, error) {
	done := g.DoChan(key, func() (p any, err error) {
		defer func() {
			if cause := recover(); cause != nil { // in a goroutine of its own it would end the process
				p, err = nil, fmt.Errorf("making a picture: %w (%T)", errPanic, cause)
			}
		}()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		return work(ctx)
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-done:
		p, _ := r.Val.(*picture)
		return p, r.Err
	}
}
