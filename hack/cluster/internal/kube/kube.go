// Package kube talks to the cluster's API server: it waits for what must become true, and applies manifests.
package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
)

const interval = 100 * time.Millisecond

// API is the API server as its administrator sees it.
type API struct {
	cluster layout.Cluster
	client  kubernetes.Interface
}

// Connect prepares calls to the cluster's API server; it makes none.
func Connect(c layout.Cluster) (*API, error) {
	config, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig())
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	// Loopback in all but name: no need to be polite.
	config.QPS = -1
	// One call must not use up the time for all of them.
	config.Timeout = 10 * time.Second
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connecting to the API server: %w", err)
	}
	return &API{c, client}, nil
}

// WaitReady waits until the API server says that it is ready.
func (a *API) WaitReady(ctx context.Context) error {
	return a.until(ctx, "the API server", func(ctx context.Context) (bool, error) {
		_, err := a.client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err == nil, err
	})
}

// WaitNamespace waits for a namespace that the API server makes by itself soon after it is ready.
func (a *API) WaitNamespace(ctx context.Context, name string) error {
	return a.until(ctx, "namespace "+name, func(ctx context.Context) (bool, error) {
		_, err := a.client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
		return err == nil, err
	})
}

// WaitNode waits until the node is ready.
func (a *API) WaitNode(ctx context.Context, name string) error {
	return a.until(ctx, "node "+name, func(ctx context.Context) (bool, error) {
		node, err := a.client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
		return err == nil && ready(node), err
	})
}

func ready(node *corev1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// WaitDeployment waits until a deployment of kube-system has all its replicas available.
func (a *API) WaitDeployment(ctx context.Context, name string) error {
	return a.until(ctx, "deployment "+name, func(ctx context.Context) (bool, error) {
		deployment, err := a.client.AppsV1().Deployments("kube-system").Get(ctx, name, metav1.GetOptions{})
		return err == nil && available(deployment), err
	})
}

func available(d *appsv1.Deployment) bool {
	return d.Status.ObservedGeneration == d.Generation && d.Status.AvailableReplicas == *d.Spec.Replicas &&
		d.Status.UpdatedReplicas == *d.Spec.Replicas
}

// until repeats a question until the answer is yes, and tells the last error when the time is over.
func (a *API) until(ctx context.Context, what string, ask func(context.Context) (bool, error)) error {
	var last error
	err := wait.PollUntilContextCancel(ctx, interval, true, func(ctx context.Context) (done bool, _ error) {
		done, last = ask(ctx)
		return done, nil
	})
	switch cause := context.Cause(ctx); {
	case err == nil:
		return nil
	case !errors.Is(cause, ctx.Err()): // somebody knows better why: a process has died
		return cause
	case last != nil:
		return fmt.Errorf("waiting for %s: %w", what, last)
	default:
		return fmt.Errorf("waiting for %s: %w", what, cause)
	}
}

// Apply applies manifests on the server's side, so that applying them again changes nothing.
func (a *API) Apply(ctx context.Context, manifests []byte) error {
	cmd := exec.CommandContext(ctx, a.cluster.Bin("kubectl"), "--kubeconfig", a.cluster.Kubeconfig(),
		"apply", "--server-side", "--force-conflicts", "--field-manager=emporium-cluster", "-f", "-")
	cmd.Stdin = bytes.NewReader(manifests)
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("applying manifests: %w\n%s", err, output)
	}
	return nil
}
