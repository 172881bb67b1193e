package apply

import (
	"crypto/sha256"
	"encoding/json"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// insisted remembers what the API server made of an intent where that is not what the intent says:
// a policy that changes each object, a value that is rounded when it is stored. Applying it again would
// change nothing, for ever. What somebody changes afterwards is another object, and is put back.
type insisted struct {
	mu   sync.Mutex
	seen map[client.ObjectKey]map[string]version
}

// mostInsisted bounds what is remembered, since releases come and go.
const mostInsisted = 16_384

type version struct{ intent, live [sha256.Size]byte }

// isKnown tells whether the live object is what the server answered to this very intent.
func (k *insisted) isKnown(in intent, live map[string]any) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, ok := k.seen[in.key()][in.kind()]
	return ok && v == version{fingerprint(in.object.Object), fingerprint(live)}
}

// learn looks at the answer of the server.
func (k *insisted) learn(in intent, answer map[string]any, holds bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if holds {
		delete(k.seen[in.key()], in.kind())
		return
	}
	if k.seen == nil || len(k.seen) >= mostInsisted { // forgetting costs one more write an object
		k.seen = map[client.ObjectKey]map[string]version{}
	}
	if k.seen[in.key()] == nil {
		k.seen[in.key()] = map[string]version{}
	}
	k.seen[in.key()][in.kind()] = version{fingerprint(in.object.Object), fingerprint(answer)}
}

// fingerprint leaves out what changes without anybody's wish.
func fingerprint(o map[string]any) [sha256.Size]byte {
	said := map[string]any{}
	for field, v := range o {
		if field != "status" && field != "metadata" && field != "apiVersion" && field != "kind" {
			said[field] = v
		}
	}
	meta, _ := o["metadata"].(map[string]any)
	said["labels"], said["annotations"], said["owners"] = meta["labels"], meta["annotations"], meta["ownerReferences"]
	b, _ := json.Marshal(said) // plain values
	return sha256.Sum256(b)
}

// asCached is what a cache holds of an object that the server returned.
func asCached(o client.Object) (map[string]any, error) {
	o.SetManagedFields(nil)
	if annotations := o.GetAnnotations(); annotations[corev1.LastAppliedConfigAnnotation] != "" {
		delete(annotations, corev1.LastAppliedConfigAnnotation)
		o.SetAnnotations(annotations)
	}
	return runtime.DefaultUnstructuredConverter.ToUnstructured(o)
}
