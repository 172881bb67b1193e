package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/emporium-shop/emporium/hack/cluster/internal/kube"
	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
	"github.com/emporium-shop/emporium/hack/cluster/internal/render"
)

// startControlPlane starts what runs on the host, and closes apiReady when nodes can join.
func (s session) startControlPlane(ctx context.Context, run *runner, api *kube.API, apiReady chan<- struct{}) error {
	if err := s.progress.Do("etcd", func() error { return startEtcd(ctx, run) }); err != nil {
		return err
	}
	if err := s.progress.Do("API server", func() error {
		if err := run.onHost("kube-apiserver", render.APIServer(s.Cluster)); err != nil {
			return err
		}
		return api.WaitReady(ctx)
	}); err != nil {
		return err
	}
	close(apiReady)
	// Only now: the controller manager gives up when it finds no API server for ten seconds.
	if err := run.onHost("kube-controller-manager", render.ControllerManager(s.Cluster)); err != nil {
		return err
	}
	if err := run.onHost("kube-scheduler", render.Scheduler(s.Cluster)); err != nil {
		return err
	}
	return s.startAddons(ctx, api)
}

func (s session) startAddons(ctx context.Context, api *kube.API) error {
	if err := s.progress.Do("manifests", func() error {
		if err := api.WaitNamespace(ctx, "kube-system"); err != nil {
			return err
		}
		return s.apply(ctx, api)
	}); err != nil {
		return err
	}
	return s.progress.Do("DNS and metrics", func() error {
		if err := api.WaitDeployment(ctx, "coredns"); err != nil {
			return err
		}
		return api.WaitDeployment(ctx, "metrics-server")
	})
}

func startEtcd(ctx context.Context, run *runner) error {
	if err := run.onHost("etcd", render.Etcd(run.Cluster)); err != nil {
		return err
	}
	return poll(ctx, "etcd", func(ctx context.Context) bool {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, layout.EtcdClient+"/health", nil)
		if err != nil {
			return false
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
}

// poll repeats a question until the answer is yes, or the context knows why it never will be.
func poll(ctx context.Context, what string, ask func(context.Context) bool) error {
	err := wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		return ask(ctx), nil
	})
	if err != nil {
		return fmt.Errorf("waiting for %s: %w", what, context.Cause(ctx))
	}
	return nil
}
