package release

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// revisionLength is the number of hex digits of a revision: with the 20 and 30
// characters of shop and service it keeps every name within 63.
const revisionLength = 8

// Name names the ShopRelease of a revision.
func Name(shop, revision string) string { return shop + "-" + revision }

// ObjectName names the objects of one service in one release.
func ObjectName(shop, service, revision string) string {
	return shop + "-" + service + "-" + revision
}

// copyName names the copy of a ConfigMap or Secret. It holds the hash of the
// content, so releases with the same content share one copy.
func copyName(shop string, ref Ref, hash string) string {
	const limit = 253
	kind := strings.ToLower(string(ref.Kind[0]))
	name := ref.Name
	if room := limit - len(shop) - revisionLength - 4; len(name) > room {
		name = strings.TrimRight(name[:room], "-.")
	}
	return shop + "-" + kind + "-" + name + "-" + hash[:revisionLength]
}

// DefaultCheckDeadline is the time of a check that says none.
const DefaultCheckDeadline = 5 * time.Minute

// CheckName names the Job of a check of a release. It holds the hash of what is run,
// so a changed check is run anew.
func CheckName(shop, revision string, c *v1alpha1.Check) (string, error) {
	if c.Deadline == nil { // the schema filled it in once, and a check that is the same keeps its name
		c = c.DeepCopy()
		c.Deadline = &metav1.Duration{Duration: DefaultCheckDeadline}
	}
	sum, err := digest([]any{revision, c})
	if err != nil {
		return "", fmt.Errorf("hashing check %s: %w", c.Name, err)
	}
	return shop + "-check-" + c.Name + "-" + sum[:revisionLength], nil
}

// MigrationIdentity is the same for migrations that do the same, whatever their pods are labelled with.
func MigrationIdentity(t *v1alpha1.ServiceTemplate) string {
	m := t.Migration.DeepCopy()
	if m != nil {
		m.Labels, m.Annotations = nil, nil
	}
	sum, err := digest([]any{t.Image, m})
	if err != nil {
		return t.Image // strings and numbers: it cannot fail
	}
	return sum
}

// digest returns the SHA-256 of a value's JSON, which is the same for equal
// values: fields have a fixed order and maps are sorted.
func digest(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// IsCopyOf tells whether the copy's name holds the hash of the content.
func IsCopyOf(name, hash string) bool { return strings.HasSuffix(name, "-"+hash[:revisionLength]) }
