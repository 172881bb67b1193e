package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ErrDead is what a client answers whose process has died.
var ErrDead = fmt.Errorf("the process of this client died: %w", context.Canceled)

// Call is a write before it is made.
type Call struct {
	// N counts the writes of the client from 1.
	N      int
	Verb   string
	Key    Key
	DryRun bool
}

// Fault is what becomes of a write. The zero value: it is made.
type Fault struct {
	// Instead is answered, and nothing is written.
	Instead error
	// Reply is answered although the write was made, as when the connection breaks.
	Reply error
	// Dies ends the process after that.
	Dies bool
}

// Client is the client of one process. Its reads go to a Reader, a cache as a rule.
type Client struct {
	client.Reader
	Store *Store
	// Who is named in the journal.
	Who string
	// Part that its writes may change; actors change the whole.
	Whole bool
	// OnCall decides what becomes of a write; nil: it is made.
	OnCall func(Call) Fault

	deciding sync.Mutex

	mu   sync.Mutex
	n    int
	dead bool
	woke bool
}

var _ client.Client = &Client{}

// NewClient returns a client that reads what is stored.
func NewClient(s *Store, who string) *Client { return &Client{Reader: Live{s}, Store: s, Who: who} }

// Kill lets every request from now on fail.
func (c *Client) Kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = true
}

// Dead tells whether the process died.
func (c *Client) Dead() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dead
}

// Wake lets the process go on after it stood still for longer than any of its deadlines.
func (c *Client) Wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.woke = true
}

func (c *Client) late() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.woke
}

// Get implements client.Reader.
func (c *Client) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	if c.Dead() {
		return ErrDead
	}
	return c.Reader.Get(ctx, key, o, opts...)
}

// List implements client.Reader.
func (c *Client) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	if c.Dead() {
		return ErrDead
	}
	return c.Reader.List(ctx, list, opts...)
}

// write makes a write, or what OnCall makes of it.
func (c *Client) write(ctx context.Context, verb string, key Key, dryRun bool, produce func(*Write) error) error {
	c.mu.Lock()
	if c.dead {
		c.mu.Unlock()
		return ErrDead
	}
	c.n++
	w := &Write{Who: c.Who, N: c.n, Verb: verb, Key: key, DryRun: dryRun}
	decide := c.OnCall
	c.mu.Unlock()
	var f Fault
	if decide != nil {
		c.deciding.Lock() // who stands still there stops the whole process
		f = decide(Call{w.N, verb, key, dryRun})
		c.deciding.Unlock()
	}
	if f.Dies {
		defer c.Kill()
	}
	if _, bound := ctx.Deadline(); bound && c.late() {
		return context.DeadlineExceeded
	}
	if f.Instead != nil {
		return f.Instead
	}
	err := produce(w)
	if f.Reply != nil {
		return f.Reply
	}
	return err
}

func (c *Client) part() part {
	if c.Whole {
		return whole
	}
	return exceptStatus
}

// manager names the owner of the fields that a write sets.
func (c *Client) manager(owner string) string {
	if owner == "" {
		return c.Who
	}
	return owner
}

// Create implements client.Writer.
func (c *Client) Create(ctx context.Context, o client.Object, opts ...client.CreateOption) error {
	options := client.CreateOptions{}
	options.ApplyOptions(opts)
	key, _, err := keyOf(o)
	if err != nil {
		return err
	}
	made, err := typedCopy(o)
	if err != nil {
		return err
	}
	err = c.write(ctx, "create", key, len(options.DryRun) > 0, func(w *Write) error {
		return c.Store.create(w, made, c.manager(options.FieldManager), c.part())
	})
	if err != nil || len(options.DryRun) > 0 {
		return err
	}
	return fill(o, made)
}

// Update implements client.Writer.
func (c *Client) Update(ctx context.Context, o client.Object, opts ...client.UpdateOption) error {
	options := client.UpdateOptions{}
	options.ApplyOptions(opts)
	return c.change(ctx, "update", o, c.manager(options.FieldManager), len(options.DryRun) > 0, c.part(), func(client.Object) (client.Object, error) { return typedCopy(o) })
}

// Patch implements client.Writer. Of the kinds of patches, merge patches are known.
func (c *Client) Patch(ctx context.Context, o client.Object, p client.Patch, opts ...client.PatchOption) error {
	options := client.PatchOptions{}
	options.ApplyOptions(opts)
	return c.patch(ctx, "patch", o, p, c.manager(options.FieldManager), len(options.DryRun) > 0, c.part())
}

func (c *Client) patch(ctx context.Context, verb string, o client.Object, p client.Patch, manager string, dryRun bool, of part) error {
	if p.Type() != "application/merge-patch+json" {
		return apierrors.NewBadRequest(fmt.Sprintf("the harness's API server does not know %s", p.Type()))
	}
	data, err := p.Data(o)
	if err != nil {
		return err
	}
	return c.change(ctx, verb, o, manager, dryRun, of, func(live client.Object) (client.Object, error) { return patched(live, data) })
}

func (c *Client) change(ctx context.Context, verb string, o client.Object, manager string, dryRun bool, of part, produce func(client.Object) (client.Object, error)) error {
	key, _, err := keyOf(o)
	if err != nil {
		return err
	}
	var stored client.Object
	err = c.write(ctx, verb, key, dryRun, func(w *Write) error {
		err := c.Store.change(w, manager, of, produce)
		stored = w.After
		return err
	})
	if err != nil || stored == nil || dryRun {
		return err
	}
	return fill(o, stored)
}

// Delete implements client.Writer.
func (c *Client) Delete(ctx context.Context, o client.Object, opts ...client.DeleteOption) error {
	options := client.DeleteOptions{}
	options.ApplyOptions(opts)
	key, _, err := keyOf(o)
	if err != nil {
		return err
	}
	return c.write(ctx, "delete", key, len(options.DryRun) > 0, func(w *Write) error { return c.Store.delete(w, options) })
}

// DeleteAllOf implements client.Writer: one request, and a deletion of each object.
func (c *Client) DeleteAllOf(ctx context.Context, o client.Object, opts ...client.DeleteAllOfOption) error {
	options := client.DeleteAllOfOptions{}
	options.ApplyOptions(opts)
	key, _, err := keyOf(o)
	if err != nil {
		return err
	}
	key.Namespace = options.Namespace
	return c.write(ctx, "deletecollection", key, len(options.DryRun) > 0, func(w *Write) error {
		var errs []error
		for _, each := range c.Store.All(key.Kind) {
			if !selected(each, &options.ListOptions) {
				continue
			}
			one := &Write{Who: w.Who, N: w.N, Verb: w.Verb, DryRun: w.DryRun, Key: Key{key.Kind, each.GetNamespace(), each.GetName()}}
			errs = append(errs, client.IgnoreNotFound(c.Store.delete(one, options.DeleteOptions)))
		}
		return errors.Join(errs...)
	})
}

// Apply implements client.Writer.
func (c *Client) Apply(ctx context.Context, o runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
	options := client.ApplyOptions{}
	options.ApplyOptions(opts)
	return c.apply(ctx, "apply", o, options, exceptStatus)
}

func (c *Client) apply(ctx context.Context, verb string, o runtime.ApplyConfiguration, options client.ApplyOptions, of part) error {
	content, gvk, err := contentOf(o)
	if err != nil {
		return err
	}
	key := Key{gvk.Kind, metadataField(content, "namespace"), metadataField(content, "name")}
	force := options.Force != nil && *options.Force
	var stored client.Object
	err = c.write(ctx, verb, key, len(options.DryRun) > 0, func(w *Write) error {
		err := c.Store.apply(w, gvk, content, c.manager(options.FieldManager), force, of)
		stored = w.After
		return err
	})
	if u, is := o.(interface{ SetUnstructuredContent(map[string]any) }); is && err == nil && stored != nil {
		answer, err := runtime.DefaultUnstructuredConverter.ToUnstructured(stored)
		if err != nil {
			return err
		}
		u.SetUnstructuredContent(answer)
	}
	return err
}

func contentOf(o runtime.ApplyConfiguration) (map[string]any, schema.GroupVersionKind, error) {
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, schema.GroupVersionKind{}, err
	}
	var content map[string]any
	if err := utiljson.Unmarshal(raw, &content); err != nil {
		return nil, schema.GroupVersionKind{}, err
	}
	version, _ := content["apiVersion"].(string)
	kind, _ := content["kind"].(string)
	gv, err := schema.ParseGroupVersion(version)
	return content, gv.WithKind(kind), err
}

func metadataField(content map[string]any, field string) string {
	m, _ := content["metadata"].(map[string]any)
	s, _ := m[field].(string)
	return s
}

// Scheme implements client.Client.
func (c *Client) Scheme() *runtime.Scheme { return Scheme() }

// RESTMapper implements client.Client.
func (c *Client) RESTMapper() meta.RESTMapper { return shared().mapper }

// GroupVersionKindFor implements client.Client.
func (c *Client) GroupVersionKindFor(o runtime.Object) (schema.GroupVersionKind, error) {
	return kindOf(o)
}

// IsObjectNamespaced implements client.Client.
func (c *Client) IsObjectNamespaced(runtime.Object) (bool, error) { return true, nil }
