package main

import (
	"context"
	"fmt"
	"time"
)

// compare builds each image twice by BuildKit: with what its cache has, and with an engine that begins with an empty one. Going
// back to an earlier commit finds the image of then only where both are the same, bit for bit.
func (w workshop) compare(ctx context.Context, names []string) error {
	cached, err := w.digests(ctx, names, false)
	if err != nil {
		return err
	}
	anew, err := w.digests(ctx, names, true)
	if err != nil {
		return err
	}
	for i, name := range names {
		if cached[i] != anew[i] {
			return fmt.Errorf("building %s twice: %s with the cache, %s from an empty one; look in %s for what is another time after time: a date, a "+
				"random name, a package without a version", name, cached[i], anew[i], w.known[name])
		}
		fmt.Printf("          %s is the same from an empty cache: %s\n", name, anew[i])
	}
	return nil
}

// digests builds the images with an engine of their own.
func (w workshop) digests(ctx context.Context, names []string, empty bool) (digests []string, err error) {
	w.engine = &buildKit{empty: empty}
	defer w.engine.close()
	for _, name := range names {
		begun := time.Now()
		image, err := w.byBuildKit(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("making image %s: %w", name, err)
		}
		digest, err := image.Digest()
		if err != nil {
			return nil, fmt.Errorf("making image %s: %w", name, err)
		}
		fmt.Printf("%7.1fs  %s %s\n", time.Since(begun).Seconds(), name, digest)
		digests = append(digests, digest.String())
	}
	return digests, nil
}
