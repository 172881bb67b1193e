package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/emporium-shop/emporium/hack/cluster/internal/kube"
	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
	"github.com/emporium-shop/emporium/hack/cluster/internal/owner"
	"github.com/emporium-shop/emporium/hack/cluster/internal/remains"
)

// convalescence is how long a cluster whose processes all run may take to answer: a busy machine must not cost anyone their cluster.
const convalescence = 30 * time.Second

// findings is what there is on this machine.
type findings struct {
	facts  owner.Facts
	record owner.Record
	// states are the state folders that may have something mounted below.
	states []string
}

func look(ctx context.Context, c layout.Cluster) (findings, error) {
	found, err := whose(c)
	if err != nil {
		return found, err
	}
	left, err := remains.Any(found.states)
	if err != nil {
		return found, err
	}
	found.facts.Remains = len(left) > 0
	if f := found.facts; f.Owner == f.Mine && f.Complete && len(f.Dead) == 0 {
		found.facts.Sick = illness(ctx, c)
	}
	return found, nil
}

// whose reads the record. Where it is lost, the processes themselves still tell whose they are.
func whose(c layout.Cluster) (findings, error) {
	found := findings{facts: owner.Facts{Mine: c.State}, states: []string{c.State}}
	record, err := owner.Read(layout.OwnerFile)
	if err != nil {
		return found, err
	}
	if record == nil {
		record = remains.Unrecorded()
	}
	if record == nil {
		return found, nil
	}
	found.record = *record
	found.states = append(found.states, record.State)
	found.facts.Owner, found.facts.Complete = record.State, record.Complete
	found.facts.OwnerExists = exists(layout.Cluster{State: record.State})
	found.facts.Alive, found.facts.Dead = record.Alive(), record.Dead()
	found.facts.Nodes = max(record.Nodes, 1)
	return found, nil
}

// exists asks for the checkout's sources: its state folder survives their removal, held by what is mounted in it.
func exists(c layout.Cluster) bool {
	_, err := os.Stat(filepath.Join(c.Checkout(), "go.mod"))
	return err == nil
}

// illness says what is wrong with a cluster whose processes all run; empty when nothing is.
func illness(ctx context.Context, c layout.Cluster) string {
	ctx, cancel := context.WithTimeout(ctx, convalescence)
	defer cancel()
	api, err := kube.Connect(c)
	if err != nil {
		return err.Error()
	}
	if err := api.WaitReady(ctx); err != nil {
		return err.Error()
	}
	for _, node := range c.Nodes() {
		if err := api.WaitNode(ctx, node.Name); err != nil {
			return err.Error()
		}
	}
	return ""
}
