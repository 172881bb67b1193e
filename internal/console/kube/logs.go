package kube

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/internal/console"
)

// Bounds of a page of logs.
const (
	mostContainers = 12
	mostLines      = 200
	mostBytes      = 32 << 10 // of each container
)

// Logs of the pods of a service in a release, the newest pods first.
func (p *Person) Logs(ctx context.Context, shop types.NamespacedName, release, service string) ([]console.Log, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	selector := labels.Set{frontdoor.LabelShop: shop.Name}
	for key, value := range map[string]string{frontdoor.LabelRelease: release, frontdoor.LabelService: service} {
		if value != "" {
			selector[key] = value
		}
	}
	var pods corev1.PodList
	if err := p.api.List(ctx, &pods, client.InNamespace(shop.Namespace), client.MatchingLabels(selector), client.Limit(500)); err != nil {
		return nil, fmt.Errorf("listing pods in namespace %s: %w", shop.Namespace, err)
	}
	slices.SortFunc(pods.Items, func(a, b corev1.Pod) int {
		return cmp.Or(b.CreationTimestamp.Compare(a.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	var out []console.Log
	for _, pod := range pods.Items {
		for _, c := range pod.Spec.Containers {
			if len(out) == mostContainers {
				return out, nil
			}
			out = append(out, p.log(ctx, pod, c.Name))
		}
	}
	return out, nil
}

func (p *Person) log(ctx context.Context, pod corev1.Pod, container string) console.Log {
	out := console.Log{Pod: pod.Name, Container: container}
	text, err := p.tail(ctx, pod, container)
	if out.Text = text; err != nil {
		out.Why = err.Error()
	}
	return out
}

func (p *Person) tail(ctx context.Context, pod corev1.Pod, container string) (string, error) {
	from, err := p.pods.Pods(pod.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{Container: container, TailLines: ptr.To[int64](mostLines)}).Stream(ctx)
	if err != nil {
		return "", err
	}
	defer from.Close()
	text, err := io.ReadAll(io.LimitReader(from, mostBytes))
	return string(text), err
}
