//go:build !linux

package engine

import (
	"context"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Engine cannot run here.
type Engine struct{}

// Able says why not.
func Able() error { return Unable{"needs Linux"} }

// Start fails.
func Start(context.Context, Options) (*Engine, error) { return nil, Able() }

// Image fails.
func (*Engine) Image(context.Context, Job, io.Writer) (v1.Image, error) { return nil, Able() }

// Run fails.
func (*Engine) Run(context.Context, Job, io.Writer) error { return Able() }

// Close has nothing to end.
func (*Engine) Close() {}
