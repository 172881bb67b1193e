package git

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/crypto/ssh"
)

// Keys of a Secret's data. GIT_AUTH_TOKEN is what BuildKit takes; the others are those of Flux's Secrets.
const (
	KeyToken      = "GIT_AUTH_TOKEN"
	KeyBearer     = "bearerToken"
	KeyUsername   = "username"
	KeyPassword   = "password"
	KeyIdentity   = "identity"
	KeyKnownHosts = "known_hosts"
	KeyAuthority  = "ca.crt"
	keyAuthority  = "caFile" // older Secrets of Flux
)

// tokenUser is whom GitHub, GitLab, Gitea and BuildKit let have a token for a password.
const tokenUser = "x-access-token"

// Credentials are what a Secret holds for one server. They do not show what they hold, however they are printed.
type Credentials struct {
	authorization string // the header, for https
	identity      ssh.Signer
	knownHosts    []byte
	roots         *x509.CertPool // in the place of the client's, nil: those
}

// String hides what is in them, in every form that fmt has.
func (Credentials) String() string { return "(credentials)" }

// GoString hides what is in them.
func (Credentials) GoString() string { return "git.Credentials{}" }

// MarshalText hides what is in them, from JSON and structured logs.
func (Credentials) MarshalText() ([]byte, error) { return []byte("(credentials)"), nil }

func (c Credentials) forHTTP() bool { return c.authorization != "" }

// CredentialsOf reads a Secret's data:
//   - GIT_AUTH_TOKEN, or bearerToken, or username and password, for https;
//   - identity, a private key without a passphrase or with it as password, and known_hosts, for ssh;
//   - ca.crt, certificates in PEM that https trusts instead of the system's.
//
// A line feed at the end of a value, as files have it, does not count.
func CredentialsOf(data map[string][]byte) (Credentials, error) {
	value := func(key string) string { return string(trimmed(data[key])) }
	var out Credentials
	for _, read := range []func(*Credentials, func(string) string) error{readToken, readIdentity, readAuthority} {
		if err := read(&out, value); err != nil {
			return Credentials{}, err
		}
	}
	if !out.forHTTP() && out.identity == nil && out.roots == nil {
		return Credentials{}, refuse(InvalidCredentials, "the Secret that spec.git.secret names has no key that is known (%s): "+
			"it needs GIT_AUTH_TOKEN, or username and password, or identity and known_hosts", keysOf(data))
	}
	return out, nil
}

// trimmed is a value without the line feed that a file has at its end.
func trimmed(value []byte) []byte { return bytes.TrimRight(value, "\r\n") }

func readToken(out *Credentials, value func(string) string) error {
	user, secret := value(KeyUsername), value(KeyPassword)
	if token := value(KeyToken); token != "" {
		user, secret = tokenUser, token
	}
	bearer := value(KeyBearer)
	for key, v := range map[string]string{KeyBearer: bearer, KeyPassword + " or " + KeyToken: secret, KeyUsername: user} {
		if strings.ContainsFunc(v, unicode.IsControl) {
			return refuse(InvalidCredentials, "the Secret that spec.git.secret names has line feeds or control characters within its %s: write it anew", key)
		}
	}
	switch {
	case user == tokenUser && secret != "":
		out.authorization = basic(user, secret)
	case bearer != "":
		out.authorization = "Bearer " + bearer
	case user != "" && secret != "":
		out.authorization = basic(user, secret)
	case user != "" && value(KeyIdentity) == "":
		return refuse(InvalidCredentials, "the Secret that spec.git.secret names has a username and no password: add it")
	}
	return nil
}

func basic(user, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+secret))
}

func readIdentity(out *Credentials, value func(string) string) error {
	key := value(KeyIdentity)
	if key == "" {
		return nil
	}
	signer, err := parseKey([]byte(key), []byte(value(KeyPassword)))
	if err != nil {
		return refuse(InvalidCredentials, "the Secret that spec.git.secret names has an identity that is no private key of OpenSSH or PEM, or the password does not open it")
	}
	if value(KeyKnownHosts) == "" {
		return refuse(InvalidCredentials, "the Secret that spec.git.secret names has an identity and no known_hosts: add what ssh-keyscan prints for the host, after comparing it")
	}
	out.identity, out.knownHosts = signer, []byte(value(KeyKnownHosts))
	return nil
}

func parseKey(key, passphrase []byte) (ssh.Signer, error) {
	key = append(key, '\n') // OpenSSH's form ends in a line feed
	signer, err := ssh.ParsePrivateKey(key)
	if err != nil && len(passphrase) > 0 {
		return ssh.ParsePrivateKeyWithPassphrase(key, passphrase)
	}
	return signer, err
}

func readAuthority(out *Credentials, value func(string) string) error {
	pem := value(KeyAuthority)
	if pem == "" {
		pem = value(keyAuthority)
	}
	if pem == "" {
		return nil
	}
	out.roots = x509.NewCertPool()
	if !out.roots.AppendCertsFromPEM([]byte(pem)) {
		return refuse(InvalidCredentials, "the Secret that spec.git.secret names has a ca.crt without a certificate in PEM")
	}
	return nil
}

// mostKeys is how many of a Secret's keys a sentence names.
const mostKeys = 5

// keysOf names keys, never values.
func keysOf(data map[string][]byte) string {
	keys := slices.Sorted(maps.Keys(data))
	if len(keys) == 0 {
		return "it is empty"
	}
	if rest := len(keys) - mostKeys; rest > 0 {
		return fmt.Sprintf("it has %s and %d more", strings.Join(keys[:mostKeys], ", "), rest)
	}
	return "it has " + strings.Join(keys, ", ")
}
