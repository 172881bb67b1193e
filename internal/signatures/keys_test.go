package signatures

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
)

// file reads what openssl made.
func file(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "openssl", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func publicKeys(t *testing.T, names ...string) (out []PublicKey) {
	t.Helper()
	for _, name := range names {
		keys, err := ParsePublicKeys(file(t, name))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, keys...)
	}
	return out
}

func privateKey(t *testing.T, name string) *PrivateKey {
	t.Helper()
	key, err := ParsePrivateKey(file(t, name), nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// ofCosign encrypts a key as cosign does, which uses the same library.
func ofCosign(t *testing.T, kind, password string) []byte {
	t.Helper()
	block, _ := pem.Decode(file(t, "pkcs8.pem"))
	data, err := encrypted.Encrypt(block.Bytes, []byte(password))
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data})
}

func TestSignaturesOfOpensslAreVerified(t *testing.T) {
	document := file(t, "document.json")
	for signature, public := range map[string]string{"document.ec.sig": "pkcs8.pub", "document.rsa.sig": "rsa.pub"} {
		value, err := base64.StdEncoding.DecodeString(string(file(t, signature)))
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range publicKeys(t, "pkcs8.pub", "rsa.pub") {
			mine := k.ID() == publicKeys(t, public)[0].ID()
			if got := k.signed(document, value); got != mine {
				t.Errorf("%s by key %s: %v, want %v", signature, k.ID(), got, mine)
			}
			if k.signed(append(document, ' '), value) || k.signed(document, value[1:]) || k.signed(document, nil) {
				t.Errorf("%s: another document or signature is accepted", signature)
			}
		}
	}
	if (PublicKey{}).signed(document, nil) {
		t.Error("no key accepts")
	}
}

func TestAKeyIsNamedByTheHashThatOpensslPrints(t *testing.T) {
	k := publicKeys(t, "pkcs8.pub")[0]
	if want := "b3a0cfe90838f06f5c8c133fc93e9d219b95bd7d6717a00f0b4a7857d2ea97fd"; k.Fingerprint != want || k.ID() != want[:12] {
		t.Errorf("%s, %s", k.Fingerprint, k.ID())
	}
	if (PublicKey{}).ID() != "" {
		t.Error("no key has a name")
	}
}

func TestOneFileMayHoldSeveralPublicKeys(t *testing.T) {
	keys, err := ParsePublicKeys(append(append([]byte("the key of the builders:\n"), file(t, "pkcs8.pub")...), file(t, "rsa.pub")...))
	if err != nil || len(keys) != 2 || keys[0].ID() == keys[1].ID() {
		t.Errorf("%v, %v", keys, err)
	}
}

func TestWhatIsNoPublicKeyIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":       {nil, "no public key in PEM (-----BEGIN PUBLIC KEY-----)"},
		"text":        {[]byte("cosign.pub"), "no public key in PEM (-----BEGIN PUBLIC KEY-----)"},
		"private":     {file(t, "pkcs8.pem"), `a PEM block "PRIVATE KEY" where a PUBLIC KEY is wanted`},
		"certificate": {file(t, "cert.pem"), `a PEM block "CERTIFICATE" where a PUBLIC KEY is wanted`},
		"second":      {append(file(t, "pkcs8.pub"), file(t, "pkcs8.pem")...), `a PEM block "PRIVATE KEY" where a PUBLIC KEY is wanted`},
		"long type":   {pem.EncodeToMemory(&pem.Block{Type: strings.Repeat("x", 1000)}), `a PEM block "` + strings.Repeat("x", 40) + `…" where a PUBLIC KEY is wanted`},
		"broken":      {pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")}), "a PUBLIC KEY that cannot be read"},
		"curve":       {file(t, "p384.pub"), "an ECDSA key on P-384: only P-256 is supported"},
		"kind":        {file(t, "ed25519.pub"), "a key of another kind than ECDSA on P-256 or RSA"},
		"short RSA":   {file(t, "rsa1024.pub"), "an RSA key of 1024 bits: at least 2048 are wanted"},
		"many":        {bytes.Repeat(file(t, "pkcs8.pub"), MaxKeys+1), "more than 16 keys"},
		"long":        {bytes.Repeat([]byte("x"), mostPEM+1), "more than 65536 bytes are no list of keys"},
	} {
		if keys, err := ParsePublicKeys(c.data); err == nil || err.Error() != c.want || keys != nil {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestPrivateKeysOfOpensslAndCosignAreRead(t *testing.T) {
	want := publicKeys(t, "pkcs8.pub")[0].ID()
	for name, c := range map[string]struct {
		data     []byte
		password string
	}{
		"PKCS #8":         {file(t, "pkcs8.pem"), ""},
		"SEC 1":           {file(t, "ec.pem"), "not used"},
		"cosign":          {ofCosign(t, "ENCRYPTED SIGSTORE PRIVATE KEY", "secret"), "secret"},
		"older cosign":    {ofCosign(t, "ENCRYPTED COSIGN PRIVATE KEY", "secret"), "secret"},
		"cosign, no word": {ofCosign(t, "ENCRYPTED SIGSTORE PRIVATE KEY", ""), ""},
	} {
		key, err := ParsePrivateKey(c.data, []byte(c.password))
		if err != nil || key.Public.ID() != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if key, err := ParsePrivateKey(file(t, "ecparam.pem"), nil); err != nil || key.Public.ID() == "" {
		t.Errorf("with its parameters before it: %v", err)
	}
}

func TestWhatIsNoPrivateKeyIsSaidWithoutTheKey(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":          {nil, "no private key in PEM"},
		"public":         {file(t, "pkcs8.pub"), `a PEM block "PUBLIC KEY" where a PRIVATE KEY is wanted`},
		"wrong password": {ofCosign(t, "ENCRYPTED SIGSTORE PRIVATE KEY", "other"), "a key of cosign that the password does not open"},
		"encrypted":      {file(t, "encrypted.pem"), "an encrypted key of openssl: let `cosign import-key-pair` make it one of cosign's, or `openssl pkcs8` take the password away"},
		"encrypted EC":   {file(t, "ecencrypted.pem"), "an EC PRIVATE KEY that cannot be read: where it is encrypted, let `cosign import-key-pair` make it one of cosign's"},
		"curve":          {file(t, "p384.pem"), "a key of another kind than ECDSA on P-256"},
		"kind":           {file(t, "ed25519.pem"), "a key of another kind than ECDSA on P-256"},
		"broken":         {pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("secret")}), "a PRIVATE KEY that cannot be read"},
	} {
		if key, err := ParsePrivateKey(c.data, []byte("secret")); err == nil || err.Error() != c.want || key != nil {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
