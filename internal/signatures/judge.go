package signatures

import (
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// State is what is known of an image's signatures.
type State string

const (
	// Pending: nobody has been asked yet, or the first answer is still to come.
	Pending State = "Pending"
	// Unknown: the registry did not say, so that asking again may help.
	Unknown State = "Unknown"
	// Unpinned: the image is named by a tag, and a signature is of a digest.
	Unpinned State = "Unpinned"
	// Unsigned: the registry has no signature of the image.
	Unsigned State = "Unsigned"
	// Untrusted: it has some, and none of them is of this image and by one of the keys.
	Untrusted State = "Untrusted"
	// Trusted: one of the keys signed this very image.
	Trusted State = "Trusted"
)

// Verdict is a state and the reason for it.
type Verdict struct {
	State State
	// Key is the ID of the key that signed a trusted image.
	Key string
	// Why names the image and what is wrong, in a sentence that is the same on every retry; "" for Trusted.
	Why string
}

// Judge says what signatures that were found are worth for an image. Without keys nothing is trusted.
func Judge(image name.Digest, found []Signature, keys []PublicKey) Verdict {
	if len(found) == 0 {
		return Verdict{State: Unsigned, Why: fmt.Sprintf("%s is not signed: its repository has neither a signature at the tag %s nor a bundle that refers to it", image, tagOf(image))}
	}
	var other string // the image that a trusted signature is of
	for _, s := range found {
		key, is := signer(s, keys)
		if !is {
			continue
		}
		if s.of(image.DigestStr()) {
			return Verdict{State: Trusted, Key: key.ID()}
		}
		other = key.ID()
	}
	if other != "" {
		return Verdict{State: Untrusted, Why: fmt.Sprintf("%s is not signed: what is found as its signature, key %s made for something else", image, other)}
	}
	return Verdict{State: Untrusted, Why: fmt.Sprintf("%s is signed, but by none of the keys %s", image, ids(keys))}
}

// signer returns the key that made a signature.
func signer(s Signature, keys []PublicKey) (PublicKey, bool) {
	for _, k := range keys {
		if k.signed(s.Document, s.Value) {
			return k, true
		}
	}
	return PublicKey{}, false
}

func ids(keys []PublicKey) string {
	var out []string
	for _, k := range keys {
		out = append(out, k.ID())
	}
	return strings.Join(out, ", ")
}
