package main

import (
	"context"

	"github.com/emporium-shop/emporium/hack/cluster/programs"
)

// What people do by hand to see what a shop does without a part of its cluster. An up that finds one missing rebuilds
// the cluster, so it has to be brought back before.
func stopPrograms(_ context.Context, s session) error { return programs.Of(s.Cluster).Stop(s.args...) }

func continuePrograms(_ context.Context, s session) error {
	return programs.Of(s.Cluster).Continue(s.args...)
}

func killPrograms(ctx context.Context, s session) error {
	return programs.Of(s.Cluster).Kill(ctx, s.args...)
}

func powerOff(ctx context.Context, s session) error {
	return programs.Of(s.Cluster).PowerOff(ctx, s.args[0])
}

func powerOn(_ context.Context, s session) error { return programs.Of(s.Cluster).PowerOn(s.args[0]) }

func startPrograms(_ context.Context, s session) error {
	return programs.Of(s.Cluster).Start(s.args...)
}
