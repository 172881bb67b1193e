package git

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// hostKeys are what known_hosts says of one host. golang.org/x/crypto/ssh/knownhosts reads files only, and
// a Secret is to stay in memory. Patterns and certificates of hosts are not read: ssh-keyscan writes none.
type hostKeys struct{ trusted, revoked []ssh.PublicKey }

// keysFor reads the lines for host, which is a name or an address, at a port, "" for 22.
func keysFor(knownHosts []byte, host, port string) (hostKeys, error) {
	name := host
	if port != "" && port != "22" {
		name = "[" + host + "]:" + port
	}
	var out hostKeys
	for rest := knownHosts; len(bytes.TrimSpace(rest)) > 0; {
		marker, hosts, key, _, next, err := ssh.ParseKnownHosts(rest)
		if err != nil {
			return hostKeys{}, refuse(InvalidCredentials, "the Secret that spec.git.secret names has a known_hosts that cannot be read: put there what ssh-keyscan prints")
		}
		rest = next
		if !slices.ContainsFunc(hosts, func(entry string) bool { return isHost(entry, name) }) {
			continue
		}
		switch marker {
		case "":
			out.trusted = append(out.trusted, key)
		case "revoked":
			out.revoked = append(out.revoked, key)
		}
	}
	if len(out.trusted) == 0 {
		return hostKeys{}, refuse(InvalidCredentials, "the Secret that spec.git.secret names has a known_hosts without %s: add what ssh-keyscan prints for it, after comparing it", name)
	}
	return out, nil
}

// isHost compares an entry, which may be hashed (|1|salt|hash), with a name.
func isHost(entry, name string) bool {
	parts := strings.Split(entry, "|")
	if len(parts) != 4 || parts[0] != "" || parts[1] != "1" {
		return strings.EqualFold(entry, name)
	}
	salt, err := base64.StdEncoding.DecodeString(parts[2])
	want, err2 := base64.StdEncoding.DecodeString(parts[3])
	if err != nil || err2 != nil {
		return false
	}
	mac := hmac.New(sha1.New, salt)
	mac.Write([]byte(name))
	return hmac.Equal(mac.Sum(nil), want)
}

// check is an ssh.HostKeyCallback.
func (k hostKeys) check(_ string, _ net.Addr, key ssh.PublicKey) error {
	same := func(other ssh.PublicKey) bool { return bytes.Equal(other.Marshal(), key.Marshal()) }
	if slices.ContainsFunc(k.revoked, same) || !slices.ContainsFunc(k.trusted, same) {
		return errHostKey
	}
	return nil
}

// algorithms lets the server show a key that is known, of the several that it has.
func (k hostKeys) algorithms() []string {
	var out []string
	for _, key := range k.trusted {
		if key.Type() == ssh.KeyAlgoRSA {
			out = append(out, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256) // RSA keys no longer sign with SHA-1
			continue
		}
		out = append(out, key.Type())
	}
	return out
}
