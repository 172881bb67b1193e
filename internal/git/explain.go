package git

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"syscall"
)

// explain makes the sentence of what went wrong while host was asked. What is a sentence already stays one.
func (c *Client) explain(host string, err error) error {
	var known *Error
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.Is(err, errAddress):
		return refuse(HostNotAllowed, "host %s leads to an address that sources may not ask (loopback, link-local or metadata): "+
			"the operator's --source-hosts has to name this host itself, not by a pattern", host)
	case errors.Is(err, errRedirect):
		return refuse(RedirectRefused, "%s redirects to another host, scheme or page, which is not followed: "+
			"write the repository's own address into spec.git.url", host)
	case errors.Is(err, errTooLarge):
		return refuse(TooLarge, "%s answers with more than %d KiB of branches and tags: delete those that nobody needs, "+
			"or let it speak Git's protocol version 2", host, c.maxBytes()>>10)
	case errors.Is(err, errHostKey):
		return refuse(NotTrusted, "%s has another SSH host key than known_hosts of the Secret says: "+
			"compare what ssh-keyscan prints with what its owner publishes", host)
	case errors.Is(err, errNotGit):
		return refuse(NotGit, "%s does not answer as a Git server: spec.git.url has to be the address that git clone takes", host)
	}
	if why := untrusted(err); why != "" {
		return refuse(NotTrusted, "%s has a certificate that %s: put its authority as ca.crt into the Secret that spec.git.secret names, or mend the certificate", host, why)
	}
	return refuse(Unreachable, "%s cannot be reached: %s", host, unreachable(err))
}

// untrusted says what is wrong with a certificate, "" when that is not the cause.
func untrusted(err error) string {
	var (
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		broken    *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &authority):
		return "is signed by nobody whom the operator trusts"
	case errors.As(err, &name):
		return "is for another name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "has expired or is not valid yet"
	case errors.As(err, &broken):
		return "is not valid"
	}
	return ""
}

func unreachable(err error) string {
	var lookup *net.DNSError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return "its name is not known to DNS; look for a typing error in spec.git.url"
	case errors.As(err, &lookup):
		return "DNS does not answer; the operator asks again"
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "it speaks no TLS at this port; look at the port in spec.git.url"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection is refused; is the server up, and the port in spec.git.url right?"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "there is no way to it; look at routes and NetworkPolicies of the operator"
	}
	return "the connection breaks off; the operator asks again"
}

// meaning makes a sentence of a status that is not 200.
func meaning(host string, status int, with Credentials) error {
	switch {
	case status == http.StatusUnauthorized && !with.forHTTP():
		return refuse(AuthenticationRequired, "%s wants credentials, or has no such repository: "+
			"let spec.git.secret name a Secret with GIT_AUTH_TOKEN, or with username and password", host)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return refuse(AuthenticationRefused, "%s refuses access (%d): the credentials of the Secret are wrong, "+
			"have expired, or may not read this repository", host, status)
	case status == http.StatusNotFound, status == http.StatusGone:
		return noRepository(host)
	case status >= 300 && status < 400:
		return errRedirect
	case status == http.StatusTooManyRequests:
		return refuse(Unreachable, "%s was asked too often (429): lengthen spec.interval and let a webhook tell of pushes", host)
	case status >= 500:
		return refuse(Unreachable, "%s cannot be reached: it answers %d; the operator asks again", host, status)
	}
	return errNotGit
}

func noRepository(host string) error {
	return refuse(RepositoryNotFound, "%s has no such repository, or hides it from these credentials: "+
		"compare spec.git.url with what git clone takes, and give the credentials the right to read", host)
}
