package webhook

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"net/http"
	"strings"
)

// Headers by which Git hosts say who they are, in the order in which they are looked for.
const (
	hubSignature = "X-Hub-Signature-256" // GitHub, Gitea, Forgejo, Gogs: sha256=<HMAC of the body>
	signature    = "X-Signature"         // Flux's generic-hmac, and a line of shell: sha256=, sha384= or sha512=
	gitlabToken  = "X-Gitlab-Token"      // GitLab: the secret itself
)

// algorithms that a signature may name. SHA-1 is not among them.
var algorithms = map[string]func() hash.Hash{"sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New}

// claim is what a call says to prove that it knows the secret.
type claim struct {
	newHash func() hash.Hash // of the body's HMAC
	mac     []byte           // nil: nothing that could be right
	token   string           // "": a signature
}

// claimOf reads the first of the headers that is there. A wrong one is not made good by another.
func claimOf(header http.Header) claim {
	nothing := claim{newHash: sha256.New}
	for _, name := range []string{hubSignature, signature, gitlabToken} {
		values := header.Values(name)
		switch {
		case len(values) == 0:
			continue
		case len(values) > 1:
			return nothing
		case name == gitlabToken:
			return claim{newHash: sha256.New, token: values[0]}
		}
		c, ok := parseSignature(values[0])
		if !ok || (name == hubSignature && len(c.mac) != sha256.Size) {
			return nothing
		}
		return c
	}
	return nothing
}

// parseSignature reads "<algorithm>=<hexadecimal digits>", all digits of it.
func parseSignature(value string) (claim, bool) {
	algorithm, digits, ok := strings.Cut(value, "=")
	newHash, known := algorithms[algorithm]
	if !ok || !known {
		return claim{}, false
	}
	mac, err := hex.DecodeString(digits)
	if err != nil || len(mac) != newHash().Size() {
		return claim{}, false
	}
	return claim{newHash: newHash, mac: mac}, true
}

// check is a claim beside a secret; the body is written into it.
type check struct {
	hash.Hash
	claim claim
	key   []byte
}

func (c claim) against(key []byte) check { return check{hmac.New(c.newHash, key), c, key} }

// holds reports whether the claim was right, in a time that does not depend on how far it was.
func (c check) holds() bool {
	if c.claim.token != "" {
		// Equal lengths, so that the time does not tell the secret's.
		got, want := sha256.Sum256([]byte(c.claim.token)), sha256.Sum256(c.key)
		return hmac.Equal(got[:], want[:])
	}
	return hmac.Equal(c.Sum(nil), c.claim.mac)
}

func trimmed(secret []byte) []byte { return bytes.TrimRight(secret, "\r\n") }
