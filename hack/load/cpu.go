package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/emporium-shop/emporium/test/stage"
)

const (
	// shortest is the least time between two measurements that says something.
	shortest = 5 * time.Second
	// generator is this process, rest what a node uses beside its pods: the kubelet, the API where it runs there, the kernel.
	generator, rest = "(generator)", "(rest of the machine)"
)

// cpu is where the time went while customers came.
type cpu struct {
	// Cores are those of the machine, Used how many were busy.
	Cores    int     `json:"cores"`
	Used     float64 `json:"usedCores"`
	Services []spent `json:"services"`
	// Unknown were measured less than twice meanwhile, by service.
	Unknown []string `json:"notMeasured,omitempty"`
}

// spent is what the pods of one service used together, those of all stacks.
type spent struct {
	Service string  `json:"service"`
	Cores   float64 `json:"cores"`
	// Millis are for one request of any kind.
	Millis float64 `json:"millisPerRequest"`
}

// spentBetween sums what containers used between two moments, by service, and what nodes did.
func spentBetween(looks []stage.CPULook, from, to time.Time) (c cpu) {
	containers, nodes := map[string][]stage.CPUUsed{}, map[string][]stage.CPUUsed{}
	for n, look := range looks {
		for _, u := range look.Containers {
			if n > 0 && containers[u.ID] == nil { // it began meanwhile, with nothing used
				containers[u.ID] = []stage.CPUUsed{{Of: u.Of, ID: u.ID, At: from}}
			}
			containers[u.ID] = append(containers[u.ID], u)
		}
		for _, u := range look.Nodes {
			nodes[u.ID] = append(nodes[u.ID], u)
		}
	}
	services := map[string]float64{}
	for _, id := range slices.Sorted(maps.Keys(containers)) {
		of := containers[id][0].Of
		if cores, known := rate(containers[id], from, to); known {
			services[of] += cores
		} else if !slices.Contains(c.Unknown, of) {
			c.Unknown = append(c.Unknown, of)
		}
	}
	for name, cores := range services {
		c.Services = append(c.Services, spent{Service: name, Cores: cores})
	}
	for _, all := range nodes {
		cores, _ := rate(all, from, to)
		c.Used += cores
	}
	return c
}

// rate is how many cores were used between the first and the last measurement of a time; not known where they are too close.
func rate(all []stage.CPUUsed, from, to time.Time) (cores float64, known bool) {
	all = slices.DeleteFunc(slices.Clone(all), func(u stage.CPUUsed) bool { return u.At.Before(from) || u.At.After(to) })
	if len(all) == 0 {
		return 0, false
	}
	first, last := all[0], all[len(all)-1]
	took := last.At.Sub(first.At)
	if took < shortest {
		return 0, false
	}
	return (last.Used - first.Used).Seconds() / took.Seconds(), true
}

// settle puts what no pod used at its place, the largest first, and tells what each cost a request. here says that this process is
// on the machine that was measured.
func (c *cpu) settle(here bool, requests float64) {
	left := c.Used
	for _, s := range c.Services {
		if s.Service != generator || here {
			left -= s.Cores
		}
	}
	c.Services = append(c.Services, spent{Service: rest, Cores: max(0, left)})
	for n := range c.Services {
		if requests > 0 {
			c.Services[n].Millis = 1000 * c.Services[n].Cores / requests
		}
	}
	slices.SortFunc(c.Services, func(a, b spent) int {
		return cmp.Or(cmp.Compare(b.Cores, a.Cores), cmp.Compare(a.Service, b.Service))
	})
	slices.Sort(c.Unknown)
}

// table is for people; nothing without a cluster.
func (c *cpu) table(out io.Writer) {
	if c == nil {
		return
	}
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "CPU\tCORES\tOF ALL\tms A REQUEST\t")
	sum := spent{Service: fmt.Sprintf("of %d cores", c.Cores)}
	for _, s := range c.Services {
		sum.Cores, sum.Millis = sum.Cores+s.Cores, sum.Millis+s.Millis
	}
	for _, s := range append(slices.Clone(c.Services), sum) {
		fmt.Fprintf(w, "%s\t%.3f\t%.0f%%\t%.2f\t\n", s.Service, s.Cores, 100*s.Cores/float64(max(c.Cores, 1)), s.Millis)
	}
	_ = w.Flush()
	if len(c.Unknown) > 0 {
		fmt.Fprintf(out, "not measured twice meanwhile: %s; a longer -time shows them\n", strings.Join(c.Unknown, ", "))
	}
	fmt.Fprintln(out)
}
