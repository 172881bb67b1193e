package git

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Remote is a branch of a repository, and with what to ask for it. Teams write it: Head and Trees check it.
type Remote struct {
	// URL is https://host[:port]/path or ssh://[user@]host[:port]/path, without a password, query or fragment;
	// http:// where the client's InsecureHosts name the host. At most 2048 bytes.
	URL string
	// Branch is its short name, e.g. main. At most 250 bytes. Trees does not need it.
	Branch string
	// Credentials are asked with. The zero value asks as nobody does.
	Credentials Credentials
}

const (
	longestURL    = 2048
	longestBranch = 250
	defaultUser   = "git" // of ssh, at every host
)

var (
	schemes = []string{"https", "ssh", "http"} // http for few hosts: mayAsk
	// A host begins with a letter or digit: what begins with - is an option to some program.
	hostName = regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?$`)
	userName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$`)
)

// checkURL returns the parts of a URL that may be asked. No error holds the URL: it may hold a password.
func checkURL(raw string) (*url.URL, error) {
	if len(raw) > longestURL || strings.ContainsFunc(raw, isBlank) {
		return nil, refuse(InvalidURL, "spec.git.url has blanks or control characters, or more than %d bytes: write it as https://host/path.git", longestURL)
	}
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" || u.Host == "" {
		return nil, refuse(InvalidURL, "spec.git.url is no URL: write https://host/path.git, or ssh://git@host/path.git instead of git@host:path.git")
	}
	switch {
	case !slices.Contains(schemes, u.Scheme):
		return nil, refuse(InvalidURL, "spec.git.url begins with neither https:// nor ssh://, the only ways on which sources are asked")
	case !userFits(u):
		return nil, refuse(InvalidURL, "spec.git.url holds credentials, which everybody sees who may read the source: "+
			"put them into a Secret that spec.git.secret names, and do not use these any more")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(raw, "#"):
		return nil, refuse(InvalidURL, "spec.git.url has a ? or #: branch and folder are spec.git.branch and spec.path")
	case !pathFits(u.Path):
		return nil, refuse(InvalidURL, "spec.git.url names no repository: write its path behind the host, as git clone takes it")
	}
	return withHost(u)
}

// isBlank is true for what ends a word or a line somewhere, and for bytes that are no text.
func isBlank(r rune) bool { return r <= ' ' || r == 0x7f || r == utf8.RuneError }

// pathFits refuses none, what is an option to some program, and what was encoded to hide it.
func pathFits(p string) bool {
	return strings.Trim(p, "/") != "" && !strings.HasPrefix(p, "/-") && !strings.ContainsFunc(p, unicode.IsControl)
}

// withHost checks the host, and writes it in the one way that lists and sentences compare.
func withHost(u *url.URL) (*url.URL, error) {
	host, port := strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), u.Port()
	if _, err := parseIP(host); err != nil && !hostName.MatchString(host) {
		return nil, refuse(InvalidURL, "spec.git.url has a host that is neither a name in ASCII nor an address")
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	u.Host = host
	if port != "" {
		u.Host += ":" + port
	}
	return u, nil
}

// userFits lets ssh have a user. In https a user is as often a token.
func userFits(u *url.URL) bool {
	if u.User == nil {
		return true
	}
	_, secret := u.User.Password()
	return u.Scheme == "ssh" && !secret && userName.MatchString(u.User.Username())
}

// checkBranch is git check-ref-format, and nothing that cannot be seen.
func checkBranch(name string) error {
	for _, part := range strings.Split(name, "/") {
		if part == "" || part[0] == '.' || strings.HasSuffix(part, ".lock") {
			return badBranch()
		}
	}
	switch {
	case len(name) > longestBranch, name == "@", name[0] == '-', strings.HasSuffix(name, "."):
		return badBranch()
	case strings.HasPrefix(name, "refs/"):
		return refuse(InvalidBranch, "spec.git.branch is a branch's short name: write main, not refs/heads/main")
	case strings.Contains(name, ".."), strings.Contains(name, "@{"), strings.ContainsAny(name, ` ~^:?*[\`):
		return badBranch()
	case !utf8.ValidString(name), strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return badBranch()
	}
	return nil
}

func badBranch() error {
	return refuse(InvalidBranch, "spec.git.branch is no name of a branch: git check-ref-format --branch tells which are")
}
