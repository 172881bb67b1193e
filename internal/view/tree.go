package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// Node is one object of a shop with what belongs to it.
type Node struct {
	Object string `json:"object"` // Shop acme
	State  string `json:"state,omitempty"`
	// Healthy is unset where nobody can say.
	Healthy *bool  `json:"healthy,omitempty"`
	Detail  string `json:"detail,omitempty"`
	Below   []Node `json:"below,omitempty"`
}

// Tree is the shop with its stacks, their services and, where pods are asked for, those.
func Tree(o Objects, release string, pods bool) Node {
	v, m := Of(o), model{Objects: o}
	root := Node{Object: "Shop " + v.Name, State: string(v.Reason), Healthy: &v.Available, Detail: v.Message}
	if o.Shop == nil {
		return root
	}
	root.Below = append(root.Below, m.doors(v, pods))
	for i, c := range v.Columns {
		if c.Release != "" && (release == "" || release == c.Release) {
			root.Below = append(root.Below, m.stack(v, i, pods))
		}
	}
	return root
}

func (m *model) doors(v Shop, pods bool) Node {
	n := Node{Object: "front door", State: counted(v.FrontDoor)}
	if v.FrontDoor.Known {
		healthy := v.FrontDoor.Ready > 0
		n.Healthy = &healthy
	}
	if pods {
		n.Below = m.podNodes(frontdoor.LabelComponent, frontdoor.ComponentFrontDoor, "")
	}
	return n
}

func (m *model) stack(v Shop, column int, pods bool) Node {
	c := v.Columns[column]
	n := Node{Object: "ShopRelease " + c.Release, State: string(c.Role), Detail: c.Version}
	for _, row := range v.Rows {
		cell := row.Cells[column]
		if cell.State == CellNone {
			continue
		}
		service := Node{Object: "service " + row.Service, State: counted(cell.Replicas), Detail: strings.TrimSpace(cell.Tag + " " + cell.Reason)}
		if cell.Replicas.Known {
			healthy := cell.State == CellReady
			service.Healthy = &healthy
		} else {
			service.State = string(cell.State)
		}
		if pods {
			service.Below = m.podNodes(frontdoor.LabelService, row.Service, c.Release)
		}
		n.Below = append(n.Below, service)
	}
	n.Below = append(n.Below, m.jobs(c.Release)...)
	return n
}

func (m *model) podNodes(label, value, release string) (out []Node) {
	for i := range m.Pods {
		p := &m.Pods[i]
		if p.Labels[frontdoor.LabelShop] != m.Shop.Name || p.Labels[label] != value || (release != "" && p.Labels[frontdoor.LabelRelease] != release) {
			continue
		}
		state, detail := trouble(p)
		healthy := state == ""
		if healthy {
			state = string(p.Status.Phase)
		}
		out = append(out, Node{Object: "pod " + p.Name, State: state, Healthy: &healthy, Detail: detail})
	}
	slices.SortFunc(out, func(a, b Node) int { return strings.Compare(a.Object, b.Object) })
	return out
}

func (m *model) jobs(release string) (out []Node) {
	r := m.release(release)
	if r == nil {
		return nil
	}
	for _, j := range slices.Concat(r.Status.Migrations, r.Status.Checks) {
		n := Node{Object: "Job " + j.Job, State: string(j.State)}
		if j.State != "Running" {
			healthy := j.State == "Succeeded"
			n.Healthy = &healthy
		}
		out = append(out, n)
	}
	return out
}

func counted(r Replicas) string {
	if !r.Known {
		return ""
	}
	return fmt.Sprintf("%d/%d", r.Ready, r.Wanted)
}
