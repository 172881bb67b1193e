package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// params say how dear a guess is.
type params struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

// current are the parameters of new hashes: the OWASP minimum for argon2id.
var current = params{memory: 19456, time: 2, threads: 1}

const (
	saltLength, hashLength = 16, 32
	// mostMemory bounds what a stored hash may ask for.
	mostMemory = 1 << 20
)

var (
	errHash = errors.New("is no argon2id hash")
	plain   = base64.RawStdEncoding
)

// prepared is a password as it is compared (RFC 8265, OpaqueString): composed, and every blank a space. All of it counts.
func prepared(password string) []byte {
	return []byte(norm.NFC.String(strings.Map(func(r rune) rune {
		if r != ' ' && unicode.Is(unicode.Zs, r) {
			return ' '
		}
		return r
	}, password)))
}

// hashed is a new hash of a password, with a salt of its own.
func (p params) hashed(password string) string {
	salt := random(saltLength)
	return p.text(salt, argon2.IDKey(prepared(password), salt, p.time, p.memory, p.threads, hashLength))
}

// unmatched is the hash of no password that anybody knows. To compare with it takes as long as with any other; to make it takes
// nothing, where hashing takes 19 MiB, and every process makes one when it starts.
func (p params) unmatched() string { return p.text(random(saltLength), random(hashLength)) }

// slow is what is kept of a request that holds a password, to know it again: a plain hash would let whoever has the database try
// passwords a million times as fast as the password's own hash does.
func (p params) slow(body []byte, salt string) []byte {
	return argon2.IDKey(body, []byte("request "+salt), p.time, p.memory, p.threads, hashLength)
}

func random(length int) []byte {
	bytes := make([]byte, length)
	_, _ = rand.Read(bytes) // never fails
	return bytes
}

// text is a hash as it is stored.
func (p params) text(salt, sum []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.time, p.threads, plain.EncodeToString(salt), plain.EncodeToString(sum))
}

// matches tells whether a password has this hash, and whether it should be hashed anew because parameters rose.
func (p params) matches(hash, password string) (is, weak bool, err error) {
	its, salt, sum, err := parseHash(hash)
	if err != nil {
		return false, false, err
	}
	got := argon2.IDKey(prepared(password), salt, its.time, its.memory, its.threads, uint32(len(sum))) //nolint:gosec // a few bytes
	is = subtle.ConstantTimeCompare(got, sum) == 1
	return is, is && (its.memory < p.memory || its.time < p.time), nil
}

func parseHash(text string) (p params, salt, sum []byte, err error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, nil, nil, errHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil || p.memory > mostMemory || p.time == 0 || p.threads == 0 {
		return p, nil, nil, errHash
	}
	salt, err = plain.DecodeString(parts[4])
	if err == nil {
		sum, err = plain.DecodeString(parts[5])
	}
	if err != nil || len(salt) == 0 || len(sum) == 0 {
		return p, nil, nil, errHash
	}
	return p, salt, sum, nil
}

// named is a name as it is compared.
func named(name string) string {
	return strings.ToLower(norm.NFC.String(strings.TrimSpace(name)))
}
