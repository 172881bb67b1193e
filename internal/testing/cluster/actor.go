package cluster

import (
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// As writes as one of Kubernetes' own controllers or as a user: without a cache, and the whole
// object, status included. A write that fails is a bug of the harness.
type As struct {
	Store *Store
	Who   string
}

// Create creates an object.
func (a As) Create(o client.Object) {
	key, _, err := keyOf(o)
	if err == nil {
		o, err = typedCopy(o)
	}
	if err == nil {
		err = a.Store.create(&Write{Who: a.Who, Verb: "create", Key: key}, o, a.Who, whole)
	}
	if err != nil {
		panic(fmt.Sprintf("%s creates %s: %v", a.Who, key, err))
	}
}

// Set changes an object, and owns what it changed.
func (a As) Set(o client.Object, change func(client.Object)) { a.set(o, a.Who, change) }

// Report changes an object without becoming the owner of a field, as who writes a status does.
func (a As) Report(o client.Object, change func(client.Object)) { a.set(o, "", change) }

func (a As) set(o client.Object, manager string, change func(client.Object)) {
	key, _, err := keyOf(o)
	if err == nil {
		err = a.Store.change(&Write{Who: a.Who, Verb: "update", Key: key}, manager, whole, func(live client.Object) (client.Object, error) {
			out := live.DeepCopyObject().(client.Object)
			change(out)
			return out, nil
		})
	}
	if err != nil {
		panic(fmt.Sprintf("%s changes %s: %v", a.Who, key, err))
	}
}

// Delete deletes an object; it may be gone.
func (a As) Delete(o client.Object) {
	key, _, err := keyOf(o)
	if err == nil {
		err = a.Store.delete(&Write{Who: a.Who, Verb: "delete", Key: key}, client.DeleteOptions{})
	}
	if client.IgnoreNotFound(err) != nil {
		panic(fmt.Sprintf("%s deletes %s: %v", a.Who, key, err))
	}
}
