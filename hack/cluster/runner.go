package main

import (
	"context"
	"sync"

	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
	"github.com/emporium-shop/emporium/hack/cluster/internal/owner"
	"github.com/emporium-shop/emporium/hack/cluster/internal/process"
)

// runner starts the cluster's processes and records each one, so that whoever comes next finds it.
type runner struct {
	layout.Cluster
	mutex  sync.Mutex
	record owner.Record
	// failed ends the whole start, with the reason.
	failed context.CancelCauseFunc
}

// newRunner claims the machine before the first process starts. The context it returns ends when any of them does.
func newRunner(ctx context.Context, c layout.Cluster) (*runner, context.Context, error) {
	ctx, failed := context.WithCancelCause(ctx)
	run := &runner{Cluster: c, record: owner.Record{State: c.State, Nodes: c.Size}, failed: failed}
	return run, ctx, run.record.Write(layout.OwnerFile)
}

func (r *runner) onHost(name string, command []string) error {
	return r.start(process.Spec{Name: name, Command: command})
}

func (r *runner) inNode(node layout.Node, name string, command []string) error {
	return r.start(process.Spec{Name: node.Process(name), Command: command, Netns: node.Netns()})
}

func (r *runner) start(spec process.Spec) error {
	spec.Log = r.Log(spec.Name)
	// Our own binaries first: containerd looks for its shim on the path.
	spec.Env = []string{
		"PATH=" + r.Bin() + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root", layout.MarkVariable + "=" + r.State,
	}
	child, err := process.Start(spec)
	if err != nil {
		return err
	}
	go func() {
		<-child.Exited()
		r.failed(child.Failure())
	}()
	return r.remember(child.Process, spec)
}

func (r *runner) remember(started process.Process, spec process.Spec) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.record.Remember(started, spec)
	return r.record.Write(layout.OwnerFile)
}

// complete marks the cluster as one that may be reused.
func (r *runner) complete() error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.record.Complete = true
	return r.record.Write(layout.OwnerFile)
}
