package console

import (
	"context"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/act"
	"github.com/emporium-shop/emporium/internal/view"
)

// Person is somebody with their credentials. All that the console asks of Kubernetes it asks as one.
type Person interface {
	act.Actor
	// Try says what Act would, and changes nothing.
	Try(ctx context.Context, r act.Request) error
	// Who the API server takes them for.
	Who(ctx context.Context) (Identity, error)
	// Shops that they may see; where they may not list those of all namespaces, of theirs, and a gap says so.
	Shops(ctx context.Context) ([]v1alpha1.Shop, []view.Gap, error)
	// Objects of a shop as they may see them.
	Objects(ctx context.Context, shop types.NamespacedName) (view.Objects, error)
	// Refusals of verbs that they may not use on a shop, each as a sentence.
	Refusals(ctx context.Context, shop types.NamespacedName, verbs []string) (map[string]string, error)
	// Logs of the pods of a service in a release; service empty: all of them.
	Logs(ctx context.Context, shop types.NamespacedName, release, service string) ([]Log, error)
	// Watch calls changed for each change of a namespace's shops, until ctx or the watch ends.
	Watch(ctx context.Context, namespace string, changed func()) error
}

// Identity is a person as the API server knows them.
type Identity struct {
	User   string   `json:"user"`
	Groups []string `json:"groups"`
}

// OwnGroups are those that say something: not the ones that Kubernetes gives to everybody.
func (i Identity) OwnGroups() string {
	var own []string
	for _, g := range i.Groups {
		if g != "system:authenticated" && g != "system:serviceaccounts" {
			own = append(own, g)
		}
	}
	return strings.Join(own, ", ")
}

// Overview is the shops that somebody may see.
type Overview struct {
	APIVersion string      `json:"apiVersion"`
	Kind       string      `json:"kind"` // Shops
	Shops      []view.Shop `json:"shops"`
	Gaps       []view.Gap  `json:"gaps"`
}

// Diff is what differs between two releases, service by service.
type Diff struct {
	APIVersion string             `json:"apiVersion"`
	Kind       string             `json:"kind"` // Diff
	Shop       string             `json:"shop"`
	From       string             `json:"from"`
	To         string             `json:"to"`
	Services   []view.ServiceDiff `json:"services"`
	// Same counts the services that do not differ.
	Same int `json:"same"`
}

// Log is the end of what a container said, or why that could not be read.
type Log struct {
	Pod       string `json:"pod"`
	Container string `json:"container"`
	Text      string `json:"text,omitempty"`
	// Why it could not be read.
	Why string `json:"why,omitempty"`
}
