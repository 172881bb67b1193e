package signatures

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
)

const (
	// MaxKeys is how many public keys one list may hold.
	MaxKeys = 16
	// mostPEM bounds what is read as keys, in bytes.
	mostPEM = 64 << 10
	// smallestRSA is the shortest RSA key that counts, in bits.
	smallestRSA = 2048
)

// PublicKey is one whose signatures are trusted.
type PublicKey struct {
	// Fingerprint is the SHA-256 of its DER form in hex, as
	// `openssl pkey -pubin -outform DER -in cosign.pub | sha256sum` prints it.
	Fingerprint string
	key         crypto.PublicKey
}

// ID names the key in messages: the fingerprint's first 12 digits.
func (k PublicKey) ID() string { return k.Fingerprint[:min(12, len(k.Fingerprint))] }

// ParsePublicKeys reads one to MaxKeys keys in PEM ("PUBLIC KEY"): ECDSA on P-256, as cosign makes
// them, or RSA of 2048 bits and more. The error says what else was found.
func ParsePublicKeys(data []byte) (out []PublicKey, err error) {
	if len(data) > mostPEM {
		return nil, fmt.Errorf("more than %d bytes are no list of keys", mostPEM)
	}
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		key, err := parsePublic(block)
		if err != nil {
			return nil, err
		}
		if out = append(out, key); len(out) > MaxKeys {
			return nil, fmt.Errorf("more than %d keys", MaxKeys)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("no public key in PEM (-----BEGIN PUBLIC KEY-----)")
	}
	return out, nil
}

func parsePublic(block *pem.Block) (PublicKey, error) {
	if block.Type != "PUBLIC KEY" {
		return PublicKey{}, fmt.Errorf("a PEM block %q where a PUBLIC KEY is wanted", short(block.Type))
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return PublicKey{}, errors.New("a PUBLIC KEY that cannot be read")
	}
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return PublicKey{}, fmt.Errorf("an ECDSA key on %s: only P-256 is supported", k.Curve.Params().Name)
		}
	case *rsa.PublicKey:
		if k.N.BitLen() < smallestRSA {
			return PublicKey{}, fmt.Errorf("an RSA key of %d bits: at least %d are wanted", k.N.BitLen(), smallestRSA)
		}
	default:
		return PublicKey{}, errors.New("a key of another kind than ECDSA on P-256 or RSA")
	}
	return newPublicKey(key)
}

func newPublicKey(key crypto.PublicKey) (PublicKey, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return PublicKey{}, errors.New("a key that cannot be written")
	}
	sum := sha256.Sum256(der)
	return PublicKey{Fingerprint: hex.EncodeToString(sum[:]), key: key}, nil
}

// signed tells whether the key made a signature of a document, the way cosign does by default.
func (k PublicKey) signed(document, signature []byte) bool {
	sum := sha256.Sum256(document)
	switch key := k.key.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(key, sum[:], signature)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
	}
	return false // the zero value is no key
}

// short bounds what of somebody's file ends in a message.
func short(s string) string {
	const most = 40
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
