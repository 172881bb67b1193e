package observe

import (
	"context"
	"fmt"
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
)

const (
	// ComponentCopy marks the copies of ConfigMaps and Secrets that a release keeps.
	ComponentCopy = "config-copy"
	// AnnotationCopiedFrom says of a copy which version of what it was made of, and the hash of
	// its content: an operator that starts need not read the Secrets of every shop for it.
	AnnotationCopiedFrom = "shop.emporium.dev/copied-from"
	// AnnotationApplied is what only the operator writes on the objects that it applies. It tells one
	// that lost its owner from somebody else's.
	AnnotationApplied = "shop.emporium.dev/applied"
)

// copyOf names the version of a ConfigMap or Secret that was copied.
type copyOf struct {
	source          types.UID
	resourceVersion string
}

// CopiedFrom is the value of AnnotationCopiedFrom.
func CopiedFrom(source metav1.Object, hash string) string {
	return fmt.Sprintf("%s %s %s", source.GetUID(), source.GetResourceVersion(), hash)
}

// copied returns the hashes that the copies in a namespace tell of.
func (c *Configs) copied(ctx context.Context, namespace string) (map[copyOf]string, error) {
	out := map[copyOf]string{}
	if c.Copies == nil {
		return out, nil
	}
	of := []client.ListOption{
		client.InNamespace(namespace), client.MatchingLabels{frontdoor.LabelComponent: ComponentCopy}, client.UnsafeDisableDeepCopy,
	}
	var secrets corev1.SecretList
	if err := c.Copies.List(ctx, &secrets, of...); err != nil {
		return nil, fmt.Errorf("listing the copies of Secrets: %w", err)
	}
	for i := range secrets.Items {
		learn(out, &secrets.Items[i])
	}
	var configMaps corev1.ConfigMapList
	if err := c.Copies.List(ctx, &configMaps, of...); err != nil {
		return nil, fmt.Errorf("listing the copies of ConfigMaps: %w", err)
	}
	for i := range configMaps.Items {
		learn(out, &configMaps.Items[i])
	}
	return out, nil
}

func learn(hashes map[copyOf]string, o metav1.Object) {
	if from := strings.Fields(o.GetAnnotations()[AnnotationCopiedFrom]); TellsOfItself(o) {
		hashes[copyOf{types.UID(from[0]), from[1]}] = from[2]
	}
}

// Untold returns what the copy of a source should say that it was made of, once; "": nothing. A source that was written since it was
// copied, with the same content, has another version (somebody labelled it, a backup brought it back), and each operator that
// starts would read it again. What changes while an operator runs is not told: it costs one read at the next start, and some
// tools write such an object every few seconds.
func (c *Configs) Untold(shop types.NamespacedName, of v1alpha1.ConfigCopy) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	ref := release.Ref{Kind: of.Kind, Name: of.Name}
	from := c.untold[shop][ref]
	if from == "" || !release.IsCopyOf(of.Copy, strings.Fields(from)[2]) {
		return ""
	}
	delete(c.untold[shop], ref)
	return from
}

func (c *Configs) tellOf(shop types.NamespacedName, untold map[release.Ref]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(untold) == 0 {
		return
	}
	if c.untold == nil {
		c.untold = map[types.NamespacedName]map[release.Ref]string{}
	}
	if c.untold[shop] == nil {
		c.untold[shop] = map[release.Ref]string{}
	}
	maps.Copy(c.untold[shop], untold)
}

// TellsOfItself tells whether the annotation of a copy can be right: the hash is the one that the copy is named by.
func TellsOfItself(o metav1.Object) bool {
	from := strings.Fields(o.GetAnnotations()[AnnotationCopiedFrom])
	return len(from) == 3 && len(from[2]) == 64 && release.IsCopyOf(o.GetName(), from[2])
}
