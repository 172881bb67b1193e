package foresee

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
)

// needs adds up what a stack takes of the namespace when its services have these numbers of pods.
func needs(services []plan.Service, pods map[string]int32) map[string]resource.Quantity {
	out := map[string]resource.Quantity{}
	add := func(all map[string]resource.Quantity, times int64) {
		for name, q := range all {
			sum, more := out[name], q.DeepCopy()
			more.Mul(times)
			sum.Add(more)
			out[name] = sum
		}
	}
	for _, s := range services {
		add(s.Fixed, 1)
		add(s.PerPod, int64(pods[s.Name]))
	}
	return out
}

// asked are the words for what people think of first when pods start.
var asked = []struct{ name, word string }{{"requests.cpu", "CPU"}, {"requests.memory", "memory"}}

// takes says what a stack takes, as +1300m CPU, +832Mi memory; "": its services ask for nothing.
func takes(needs map[string]resource.Quantity) string {
	var out []string
	for _, a := range asked {
		if q, is := needs[a.name]; is && q.Sign() > 0 {
			out = append(out, "+"+q.String()+" "+a.word)
		}
	}
	return strings.Join(out, ", ")
}

// room says of the namespace's ResourceQuotas what they have of what a stack needs, and lacks what is too little; both "": none bounds it.
func room(quotas []plan.Quota, needs map[string]resource.Quantity) (has, lacks string) {
	var enough, short []string
	for _, q := range quotas {
		for _, name := range slices.Sorted(maps.Keys(q.Left)) {
			need, left := needs[name], q.Left[name]
			if need.Sign() <= 0 {
				continue
			}
			if left.Sign() < 0 { // more is used than may be, since the quota was lowered
				left = resource.Quantity{}
			}
			sentence := fmt.Sprintf("ResourceQuota %s has %s of %s left, and it takes %s", q.Name, left.String(), name, need.String())
			if need.Cmp(left) > 0 {
				short = append(short, sentence)
			} else {
				enough = append(enough, sentence)
			}
		}
	}
	return strings.Join(enough, "; "), strings.Join(short, "; ")
}

// startOf is the step in which a stack gets its pods beside those that serve.
func (p *player) startOf(release string, pods map[string]int32) {
	r := p.o.Releases[slices.IndexFunc(p.o.Releases, func(r plan.Release) bool { return r.Name == release })]
	var come, there int32
	for _, n := range pods {
		come += n
	}
	for _, run := range p.o.Stacks[p.o.Table.Active] {
		there += run.Wanted
	}
	need := needs(r.Services, pods)
	has, lacks := room(p.o.Quotas, need)
	parts := []string{fmt.Sprintf("%d pods beside %d", come, there), takes(need), has}
	p.step("start", strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "; "), lacks)
}

// withoutRoom is the start of a stack for which there is none, of what the quotas say: the operator does not begin it.
func (p *player) withoutRoom(d *plan.Decision) {
	i := slices.IndexFunc(p.o.Releases, func(r plan.Release) bool { return r.Name == p.wanted(d) })
	if d.Reason != v1alpha1.ReasonQuotaExceeded || i < 0 {
		return
	}
	pods := map[string]int32{}
	for _, s := range p.o.Releases[i].Services {
		if !s.WithTraffic {
			pods[s.Name] = s.Scale.Min
		}
		if live, is := p.o.Live[s.Name]; is && !s.WithTraffic {
			pods[s.Name] = live.Min
		}
	}
	p.startOf(p.o.Releases[i].Name, pods)
}
