package owner

import (
	"strings"
	"testing"
)

func TestDecide(t *testing.T) {
	const mine, other = "/work/main/.cluster", "/tmp/other/.cluster"
	tests := map[string]struct {
		facts  Facts
		want   Action
		reason string
	}{
		"nothing there":              {Facts{}, Build, "nothing"},
		"remains without a record":   {Facts{Remains: true}, Rebuild, "without an owner"},
		"ours and well":              {Facts{Owner: mine, OwnerExists: true, Complete: true, Alive: []string{"etcd"}, Remains: true}, Reuse, "well"},
		"ours, one process dead":     {Facts{Owner: mine, OwnerExists: true, Complete: true, Alive: []string{"etcd"}, Dead: []string{"node1-kubelet"}}, Rebuild, "node1-kubelet"},
		"ours, all dead":             {Facts{Owner: mine, OwnerExists: true, Complete: true, Dead: []string{"etcd"}}, Rebuild, "etcd"},
		"ours, never finished":       {Facts{Owner: mine, OwnerExists: true, Alive: []string{"etcd"}}, Rebuild, "never finished"},
		"ours, does not answer":      {Facts{Owner: mine, OwnerExists: true, Complete: true, Alive: []string{"etcd"}, Sick: "node1 is not ready"}, Rebuild, "not ready"},
		"ours, as many nodes":        {Facts{Owner: mine, OwnerExists: true, Complete: true, Alive: []string{"etcd"}, Nodes: 3, Asked: 3}, Reuse, "well"},
		"ours, however many nodes":   {Facts{Owner: mine, OwnerExists: true, Complete: true, Alive: []string{"etcd"}, Nodes: 3}, Reuse, "well"},
		"ours, other nodes":          {Facts{Owner: mine, OwnerExists: true, Complete: true, Alive: []string{"etcd"}, Nodes: 1, Asked: 3}, Refuse, "make down, then up --nodes 3"},
		"ours, dead, other nodes":    {Facts{Owner: mine, OwnerExists: true, Complete: true, Dead: []string{"etcd"}, Nodes: 1, Asked: 3}, Rebuild, "etcd"},
		"other's, alive":             {Facts{Owner: other, OwnerExists: true, Complete: true, Alive: []string{"etcd"}}, Refuse, "make -C /tmp/other down"},
		"other's, half dead":         {Facts{Owner: other, OwnerExists: true, Alive: []string{"etcd"}, Dead: []string{"kubelet"}}, Refuse, "/tmp/other"},
		"other's, dead":              {Facts{Owner: other, OwnerExists: true, Dead: []string{"etcd"}}, Rebuild, "dead cluster of /tmp/other"},
		"other's, folder is deleted": {Facts{Owner: other, Alive: []string{"etcd"}}, Rebuild, "no longer exists"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.facts.Mine = mine
			got := Decide(test.facts)
			if got.Action != test.want || !strings.Contains(got.Reason, test.reason) {
				t.Errorf("got %s because %q, want %s because of %q", got.Action, got.Reason, test.want, test.reason)
			}
		})
	}
}
