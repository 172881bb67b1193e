// Package programs takes programs of a running cluster away and brings them back: an API server that hangs, an etcd that is
// killed, a kubelet that is stopped. It is for tests that ask what a shop does meanwhile.
package programs

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
	"github.com/emporium-shop/emporium/hack/cluster/internal/owner"
	"github.com/emporium-shop/emporium/hack/cluster/internal/process"
)

// Names of the programs, as `cluster status` lists them.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	Kubelet           = "node1-kubelet"
)

// patience bounds how long a killed program may take to be gone.
const patience = 10 * time.Second

// Cluster is the running cluster of a checkout.
type Cluster struct {
	state, record, lock string
	size                int
}

// Of names the cluster of a checkout.
func Of(c layout.Cluster) Cluster {
	return Cluster{c.State, layout.OwnerFile, layout.LockFile, c.Size}
}

// Locked is the same cluster for who has the machine's lock already, as up does.
func (c Cluster) Locked() Cluster {
	c.lock = ""
	return c
}

// Here finds the cluster of the checkout that contains folder.
func Here(folder string) (Cluster, error) {
	found, err := layout.Here(folder)
	return Of(found), err
}

// Stop lets programs hang: their connections stay open, and nobody answers.
func (c Cluster) Stop(names ...string) error { return c.signal(unix.SIGSTOP, names) }

// Continue ends that.
func (c Cluster) Continue(names ...string) error { return c.signal(unix.SIGCONT, names) }

// Kill ends programs at once: connections to them break, and new ones are refused.
func (c Cluster) Kill(ctx context.Context, names ...string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return c.each(names, func(r *owner.Record, name string) error {
		p, _ := r.Process(name)
		p.Kill()
		if left := process.WaitGone(ctx, []process.Process{p}); len(left) > 0 {
			return fmt.Errorf("killing %s: it does not end", name)
		}
		return nil
	})
}

// Start starts programs again as they were started the first time, where they have ended, and records them. It does not wait
// until they answer.
func (c Cluster) Start(names ...string) error {
	return c.each(names, func(r *owner.Record, name string) error {
		if p, _ := r.Process(name); p.Alive() {
			return nil
		}
		spec, known := r.Spec(name)
		if !known {
			return fmt.Errorf("starting %s: the record does not say how it was started; the cluster is of an older version: make down up", name)
		}
		spec.KeepLog = true
		child, err := process.Start(spec)
		if err != nil {
			return err
		}
		r.Remember(child.Process, spec)
		return r.Write(c.record)
	})
}

func (c Cluster) signal(s unix.Signal, names []string) error {
	return c.each(names, func(r *owner.Record, name string) error {
		p, _ := r.Process(name)
		return p.Signal(s)
	})
}

// each does something to programs, of this checkout's cluster alone, while nobody else builds or ends it.
func (c Cluster) each(names []string, do func(r *owner.Record, name string) error) error {
	if c.lock != "" {
		lock, err := owner.Acquire(c.lock, func() {})
		if err != nil {
			return err
		}
		defer lock.Release()
	}
	r, err := owner.Read(c.record)
	if err != nil {
		return err
	}
	if r == nil || r.State != c.state {
		return fmt.Errorf("looking for %v: this checkout runs no cluster", names)
	}
	for _, name := range names {
		if _, known := r.Process(name); !known {
			return fmt.Errorf("looking for %s: the cluster has no such program", name)
		}
		if err := do(r, name); err != nil {
			return err
		}
	}
	return nil
}
