package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"time"

	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
)

const validity = 365 * 24 * time.Hour

type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority() (*authority, error) {
	template := dated(x509.Certificate{
		Subject:               pkix.Name{CommonName: "emporium-ca"},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	})
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &authority{key, cert}, err
}

func serverTemplate() *x509.Certificate {
	return dated(x509.Certificate{
		Subject: pkix.Name{CommonName: "kube-apiserver"},
		DNSNames: []string{
			"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "localhost",
		},
		IPAddresses: []net.IP{
			net.ParseIP(layout.HostAddress), net.ParseIP("127.0.0.1"), net.ParseIP(layout.KubernetesService),
		},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
}

func clientTemplate(c client) *x509.Certificate {
	subject := pkix.Name{CommonName: c.common}
	if c.group != "" {
		subject.Organization = []string{c.group}
	}
	return dated(x509.Certificate{
		Subject:     subject,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

// dated begins an hour ago, so that a clock that is set back a little does not shut everyone out.
func dated(template x509.Certificate) *x509.Certificate {
	now := time.Now()
	template.NotBefore, template.NotAfter = now.Add(-time.Hour), now.Add(validity)
	template.SerialNumber = big.NewInt(now.UnixNano())
	return &template
}

func (a *authority) issue(c layout.Cluster, template *x509.Certificate, name string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return err
	}
	return write(c, name, der, key)
}

func (a *authority) write(c layout.Cluster) error { return write(c, "ca", a.cert.Raw, a.key) }

func write(c layout.Cluster, name string, der []byte, key crypto.PrivateKey) error {
	if err := writePEM(c.PKI(name+".crt"), "CERTIFICATE", der); err != nil {
		return err
	}
	return writeKey(c.PKI(name+".key"), key)
}

func writeServiceAccountKeys(c layout.Cluster) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	if err := writePEM(c.PKI("sa.pub"), "PUBLIC KEY", public); err != nil {
		return err
	}
	return writeKey(c.PKI("sa.key"), key)
}

func writeKey(path string, key crypto.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return writePEM(path, "PRIVATE KEY", der)
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
