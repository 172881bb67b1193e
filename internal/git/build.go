package git

import (
	"encoding/pem"
	"errors"

	"golang.org/x/crypto/ssh"
)

// Names by which a build hands a credential to BuildKit, which knows a token, a header, and a key without a passphrase.
const (
	// ForToken is a token that BuildKit makes a header of.
	ForToken = KeyToken
	// ForHeader is the whole header, as a user's password or a bearer token needs it.
	ForHeader = "GIT_AUTH_HEADER"
	// ForKey is a private key that is open.
	ForKey = KeyIdentity
	// ForSealedKey is a private key with a passphrase, which is opened for the build.
	ForSealedKey = "identity+password"
)

// ForBuild tells what a build makes of a Secret: one of the names above; "": nothing that its address needs.
func ForBuild(overSSH bool, data map[string][]byte) string {
	has := func(key string) bool { return len(data[key]) > 0 }
	switch {
	case overSSH && has(KeyIdentity) && isSealed(data[KeyIdentity]):
		return ForSealedKey
	case overSSH && has(KeyIdentity):
		return ForKey
	case overSSH:
		return ""
	case has(KeyToken):
		return ForToken
	case has(KeyBearer), has(KeyUsername) && has(KeyPassword):
		return ForHeader
	}
	return ""
}

// HasAuthority tells whether a Secret names who signed the host's certificate, and by which key.
func HasAuthority(data map[string][]byte) string {
	for _, key := range []string{KeyAuthority, keyAuthority} {
		if len(data[key]) > 0 {
			return key
		}
	}
	return ""
}

func isSealed(key []byte) bool {
	_, err := ssh.ParseRawPrivateKey(append(append([]byte{}, key...), '\n'))
	var sealed *ssh.PassphraseMissingError
	return errors.As(err, &sealed)
}

// BuildFiles are the files that BuildKit takes, by their names: the header, or the key without its passphrase.
func BuildFiles(data map[string][]byte) (map[string][]byte, error) {
	with, err := CredentialsOf(data)
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	if with.authorization != "" {
		out[ForHeader] = []byte(with.authorization)
	}
	if with.identity == nil {
		return out, nil
	}
	opened, err := openKey(data)
	if err != nil {
		return nil, refuse(InvalidCredentials, "the Secret that spec.git.secret names has an identity of a kind that BuildKit does not take: make one with ssh-keygen -t ed25519")
	}
	out[ForKey] = opened
	return out, nil
}

func openKey(data map[string][]byte) ([]byte, error) {
	key, passphrase := append(append([]byte{}, data[KeyIdentity]...), '\n'), trimmed(data[KeyPassword])
	raw, err := ssh.ParseRawPrivateKey(key)
	if err != nil {
		raw, err = ssh.ParseRawPrivateKeyWithPassphrase(key, passphrase)
	}
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(raw, "")
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(block), nil
}
