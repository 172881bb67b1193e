package stage

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// CPUUsed is what a container, or a whole node, has used since it began.
type CPUUsed struct {
	// Of is the ShopService of the container, or what else it is a part of: front-door, postgres, emporium-system.
	Of string
	// ID tells it from all others, and from the one that it takes the place of in the same pod of another day.
	ID string
	// At is when its kubelet measured, which it does every 10 to 15 seconds, whenever it is asked.
	At   time.Time
	Used time.Duration
}

// CPULook is what the kubelets say at one time.
type CPULook struct{ Containers, Nodes []CPUUsed }

// Cores is how many the nodes have.
func (s Stage) Cores(ctx context.Context) (int, error) {
	text, err := s.Kubectl(ctx, "get", "nodes", "-o", "json")
	if err != nil {
		return 0, err
	}
	return coresOf([]byte(text))
}

func coresOf(list []byte) (sum int, err error) {
	var nodes struct {
		Items []struct {
			Status struct {
				Capacity struct {
					CPU int `json:"cpu,string"`
				} `json:"capacity"`
			} `json:"status"`
		} `json:"items"`
	}
	if err := json.Unmarshal(list, &nodes); err != nil {
		return 0, fmt.Errorf("reading the nodes: %w", err)
	}
	for _, node := range nodes.Items {
		sum += node.Status.Capacity.CPU
	}
	return sum, nil
}

// CPU asks the kubelets of the sample shop's nodes. What is not measured yet is left out.
func (s Stage) CPU(ctx context.Context) (look CPULook, err error) {
	pods, err := s.running(ctx)
	if err != nil {
		return look, err
	}
	for _, node := range pods.nodes() {
		text, err := s.Kubectl(ctx, "get", "--raw", summaryPath(node))
		if err == nil {
			err = look.add(pods, []byte(text))
		}
		if err != nil {
			return look, fmt.Errorf("reading what node %s uses: %w", node, err)
		}
	}
	return look, nil
}

func summaryPath(node string) string {
	return "/api/v1/nodes/" + node + "/proxy/stats/summary?only_cpu_and_memory=true"
}

// measuredCPU is how a kubelet tells it.
type measuredCPU struct {
	Time time.Time `json:"time"`
	Used int64     `json:"usageCoreNanoSeconds"`
}

func (m measuredCPU) of(what, id string) CPUUsed {
	return CPUUsed{Of: what, ID: id, At: m.Time, Used: time.Duration(m.Used)}
}

// add takes what one kubelet says in.
func (l *CPULook) add(pods podList, summary []byte) error {
	var said struct {
		Node struct {
			Name string      `json:"nodeName"`
			CPU  measuredCPU `json:"cpu"`
		} `json:"node"`
		Pods []struct {
			PodRef struct {
				Namespace string `json:"namespace"`
				UID       string `json:"uid"`
			} `json:"podRef"`
			Containers []struct {
				Name    string      `json:"name"`
				Started time.Time   `json:"startTime"`
				CPU     measuredCPU `json:"cpu"`
			} `json:"containers"`
		} `json:"pods"`
	}
	if err := json.Unmarshal(summary, &said); err != nil {
		return err
	}
	l.Nodes = append(l.Nodes, said.Node.CPU.of(said.Node.Name, said.Node.Name))
	for _, pod := range said.Pods {
		what := cmp.Or(pods.serviceOf(pod.PodRef.UID), pod.PodRef.Namespace)
		for _, c := range pod.Containers {
			if c.CPU.Used > 0 {
				l.Containers = append(l.Containers, c.CPU.of(what, pod.PodRef.UID+"/"+c.Name+"/"+c.Started.UTC().Format(time.RFC3339)))
			}
		}
	}
	return nil
}

// serviceOf names what a pod of the shop is a part of; empty for the pods of others.
func (l podList) serviceOf(uid string) string {
	for _, pod := range l.Items {
		if pod.Metadata.UID == uid {
			of := pod.Metadata.Labels
			return cmp.Or(of[frontdoor.LabelService], of[frontdoor.LabelComponent], of["app.kubernetes.io/name"], pod.Metadata.Name)
		}
	}
	return ""
}
