package signatures

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
)

// PrivateKey signs.
type PrivateKey struct {
	// Public is its other half.
	Public PublicKey
	key    *ecdsa.PrivateKey
}

// ParsePrivateKey reads a key that signs, ECDSA on P-256, in PEM: as `cosign generate-key-pair` writes
// it, encrypted with password (empty where none was given), or unencrypted as openssl does, in PKCS #8 or SEC 1.
// No error holds anything of the key.
func ParsePrivateKey(data, password []byte) (*PrivateKey, error) {
	block, rest := pem.Decode(data)
	if block != nil && block.Type == "EC PARAMETERS" { // what `openssl ecparam -genkey` begins with
		block, _ = pem.Decode(rest)
	}
	if block == nil {
		return nil, errors.New("no private key in PEM")
	}
	parsed, err := parsePrivate(block, password)
	if err != nil {
		return nil, err
	}
	key, is := parsed.(*ecdsa.PrivateKey)
	if !is || key.Curve != elliptic.P256() {
		return nil, errors.New("a key of another kind than ECDSA on P-256")
	}
	public, err := newPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	return &PrivateKey{Public: public, key: key}, nil
}

func parsePrivate(block *pem.Block, password []byte) (any, error) {
	der := block.Bytes
	switch block.Type {
	case "ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY":
		var err error
		if der, err = encrypted.Decrypt(block.Bytes, password); err != nil {
			return nil, errors.New("a key of cosign that the password does not open")
		}
	case "PRIVATE KEY":
	case "EC PRIVATE KEY":
		if key, err := x509.ParseECPrivateKey(der); err == nil && len(block.Headers) == 0 {
			return key, nil
		}
		return nil, errors.New("an EC PRIVATE KEY that cannot be read: where it is encrypted, let `cosign import-key-pair` make it one of cosign's")
	case "ENCRYPTED PRIVATE KEY":
		return nil, errors.New("an encrypted key of openssl: let `cosign import-key-pair` make it one of cosign's, or `openssl pkcs8` take the password away")
	default:
		return nil, fmt.Errorf("a PEM block %q where a PRIVATE KEY is wanted", short(block.Type))
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("a PRIVATE KEY that cannot be read")
	}
	return key, nil
}

// sign makes a signature of a document.
func (k *PrivateKey) sign(document []byte) ([]byte, error) {
	sum := sha256.Sum256(document)
	return ecdsa.SignASN1(rand.Reader, k.key, sum[:])
}
