package stage

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// MemoryAimMiB is what the sample shop may hold at rest, with one replica of all but the front ends: 600 MB.
const MemoryAimMiB = 600_000_000 >> 20

// PodMemory is what the containers of a pod hold, in bytes, without the pause container.
type PodMemory struct {
	Pod string `json:"pod"`
	// Release is that of the stack that the pod belongs to; empty for database, NATS and front door, which serve every release.
	Release string `json:"release,omitempty"`
	// WorkingSet is what `kubectl top` tells and the kubelet evicts by: all that is charged to the containers, less the cached
	// files that nobody looked at lately. Shared memory is in it, PostgreSQL's above all; so are the kernel's own pages.
	WorkingSet int64 `json:"workingSetBytes"`
	// RSS is what processes hold of their own: neither shared memory nor pages of files, such as their programs.
	RSS int64 `json:"rssBytes"`
}

// Memory is what the running pods of the sample shop hold, by their kubelets, the largest first. shop are those of the release
// that serves, and what serves every release; beside are those of other stacks, which a release and the window for a way back keep.
func (s Stage) Memory(ctx context.Context) (shop, beside []PodMemory, err error) {
	now, err := s.Status(ctx)
	if err != nil {
		return nil, nil, err
	}
	pods, err := s.running(ctx)
	if err != nil {
		return nil, nil, err
	}
	all, err := s.measured(ctx, pods)
	if err != nil {
		return nil, nil, err
	}
	active := ""
	if now.Status.Active != nil {
		active = now.Status.Active.Release
	}
	shop, beside = serving(all, active)
	return shop, beside, nil
}

// running are the pods that are no Job's.
func (s Stage) running(ctx context.Context) (pods podList, err error) {
	out, err := s.Kubectl(ctx, "-n", Shop, "get", "pods", "-l", "!"+frontdoor.LabelJob, "--field-selector=status.phase=Running", "-o", "json")
	if err != nil {
		return pods, err
	}
	if err := json.Unmarshal([]byte(out), &pods); err != nil {
		return pods, fmt.Errorf("reading the pods: %w", err)
	}
	return pods, nil
}

// measured asks the kubelets of the pods' nodes.
func (s Stage) measured(ctx context.Context, pods podList) (all []PodMemory, err error) {
	for _, node := range pods.nodes() {
		text, err := s.Kubectl(ctx, "get", "--raw", summaryPath(node))
		if err != nil {
			return nil, err
		}
		here, err := pods.memory([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("reading what node %s holds: %w", node, err)
		}
		all = append(all, here...)
	}
	if missing := len(pods.Items) - len(all); missing > 0 {
		return nil, fmt.Errorf("the kubelet has not measured %d of %d pods yet; ask again in half a minute", missing, len(pods.Items))
	}
	return all, nil
}

// serving parts the pods of other releases from the rest.
func serving(all []PodMemory, active string) (shop, beside []PodMemory) {
	slices.SortFunc(all, func(a, b PodMemory) int {
		return cmp.Or(cmp.Compare(b.WorkingSet, a.WorkingSet), cmp.Compare(a.Pod, b.Pod))
	})
	shop, beside = []PodMemory{}, []PodMemory{} // lists, in JSON too
	for _, pod := range all {
		if pod.Release == "" || pod.Release == active {
			shop = append(shop, pod)
		} else {
			beside = append(beside, pod)
		}
	}
	return shop, beside
}

// WorkingSetMiB is the sum over pods, in MiB, rounded up.
func WorkingSetMiB(pods []PodMemory) (sum int64) {
	for _, pod := range pods {
		sum += pod.WorkingSet
	}
	return (sum + 1<<20 - 1) >> 20
}

// podList is what is read of the API's list of pods.
type podList struct {
	Items []struct {
		Metadata struct {
			Name   string            `json:"name"`
			UID    string            `json:"uid"`
			Labels map[string]string `json:"labels"`
		} `json:"metadata"`
		Spec struct {
			NodeName string `json:"nodeName"`
		} `json:"spec"`
	} `json:"items"`
}

func (l podList) nodes() (names []string) {
	for _, pod := range l.Items {
		names = append(names, pod.Spec.NodeName)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// memory reads a kubelet's summary: of the pods in the list, those that it has measured.
func (l podList) memory(summary []byte) (all []PodMemory, err error) {
	var node struct {
		Pods []struct {
			PodRef struct {
				UID string `json:"uid"`
			} `json:"podRef"`
			Containers []struct {
				Memory struct {
					WorkingSetBytes int64 `json:"workingSetBytes"`
					RSSBytes        int64 `json:"rssBytes"`
				} `json:"memory"`
			} `json:"containers"`
		} `json:"pods"`
	}
	if err := json.Unmarshal(summary, &node); err != nil {
		return nil, err
	}
	for _, seen := range node.Pods {
		for _, pod := range l.Items {
			if pod.Metadata.UID != seen.PodRef.UID {
				continue
			}
			one := PodMemory{Pod: pod.Metadata.Name, Release: pod.Metadata.Labels[frontdoor.LabelRelease]}
			for _, container := range seen.Containers {
				one.WorkingSet += container.Memory.WorkingSetBytes
				one.RSS += container.Memory.RSSBytes
			}
			if one.WorkingSet > 0 {
				all = append(all, one)
			}
		}
	}
	return all, nil
}
