package cluster

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Status implements client.StatusClient.
func (c *Client) Status() client.SubResourceWriter { return c.SubResource("status") }

// SubResource implements client.SubResourceClientConstructor: the status is the one that is known.
func (c *Client) SubResource(name string) client.SubResourceClient { return subresource{c, name} }

type subresource struct {
	client *Client
	name   string
}

func (s subresource) known() error {
	if s.name == "status" {
		return nil
	}
	return apierrors.NewBadRequest(fmt.Sprintf("the harness's API server does not know the subresource %q", s.name))
}

func (s subresource) unknown(verb string) error {
	return apierrors.NewBadRequest(fmt.Sprintf("the harness's API server cannot %s the subresource %q", verb, s.name))
}

func (s subresource) Get(context.Context, client.Object, client.Object, ...client.SubResourceGetOption) error {
	return s.unknown("get")
}

func (s subresource) Create(context.Context, client.Object, client.Object, ...client.SubResourceCreateOption) error {
	return s.unknown("create")
}

func (s subresource) Update(ctx context.Context, o client.Object, opts ...client.SubResourceUpdateOption) error {
	if err := s.known(); err != nil {
		return err
	}
	options := client.SubResourceUpdateOptions{}
	options.ApplyOptions(opts)
	return s.client.change(ctx, "status", o, s.client.manager(options.FieldManager), len(options.DryRun) > 0, onlyStatus,
		func(client.Object) (client.Object, error) { return typedCopy(o) })
}

func (s subresource) Patch(ctx context.Context, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
	if err := s.known(); err != nil {
		return err
	}
	options := client.SubResourcePatchOptions{}
	options.ApplyOptions(opts)
	return s.client.patch(ctx, "status", o, p, s.client.manager(options.FieldManager), len(options.DryRun) > 0, onlyStatus)
}

func (s subresource) Apply(ctx context.Context, o runtime.ApplyConfiguration, opts ...client.SubResourceApplyOption) error {
	if err := s.known(); err != nil {
		return err
	}
	options := client.SubResourceApplyOptions{}
	options.ApplyOpts(opts)
	return s.client.apply(ctx, "status", o, options.ApplyOptions, onlyStatus)
}
