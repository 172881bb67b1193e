package git

import (
	"strings"
	"testing"
)

func TestAURLIsOneThatMayBeAsked(t *testing.T) {
	for _, good := range []string{
		"https://git.example/acme/shop.git", "https://git.example:8443/acme/shop", "https://192.0.2.1/a", "https://[2001:db8::1]:8443/a.git",
		"ssh://git@git.example/acme/shop.git", "ssh://git.example:2222/~me/shop.git", "HTTPS://Git.Example./a", "http://git.example/a",
	} {
		u, err := checkURL(good)
		if err != nil {
			t.Errorf("%s: %v", good, err)
			continue
		}
		if u.Hostname() != strings.TrimSuffix(strings.ToLower(u.Hostname()), ".") {
			t.Errorf("%s: host %s", good, u.Hostname())
		}
	}
	for name, bad := range map[string]string{
		"empty":                      "",
		"no scheme":                  "git.example/acme/shop.git",
		"scp":                        "git@git.example:acme/shop.git",
		"a file":                     "file:///etc/passwd",
		"a path":                     "/etc/passwd",
		"an option":                  "--upload-pack=touch /tmp/x",
		"an option as host":          "ssh://-oProxyCommand=touch/x",
		"an option as path":          "https://git.example/--upload-pack=x",
		"an option as user":          "ssh://-oProxyCommand=x@git.example/a",
		"a remote helper":            "ext::sh -c touch% /tmp/x",
		"git's own protocol":         "git://git.example/a",
		"ftp":                        "ftp://git.example/a",
		"a line feed":                "https://git.example/a\nb",
		"a blank":                    "https://git.example/a b",
		"an encoded line feed":       "https://git.example/a%0ab",
		"an encoded zero":            "ssh://git@git.example/a%00b",
		"a query":                    "https://git.example/a?private_token=s3cret",
		"an empty query":             "https://git.example/a?",
		"a fragment":                 "https://git.example/a#main",
		"an empty fragment":          "https://git.example/a#",
		"no path":                    "https://git.example/",
		"no host":                    "https:///a",
		"a port that is none":        "https://git.example:s3cret/a",
		"a name in another alphabet": "https://gіt.example/a",
		"an address with a zone":     "https://[fe80::1%25eth0]/a",
		"bytes that are no text":     "https://git.example/\xff",
		"too long":                   "https://git.example/" + strings.Repeat("a", 2048),
	} {
		if _, err := checkURL(bad); ReasonOf(err) != InvalidURL {
			t.Errorf("%s: %q was taken (%v)", name, bad, err)
		} else if strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "spec.git.url") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAURLWithCredentialsIsRefusedWithoutSayingThem(t *testing.T) {
	for _, bad := range []string{
		"https://me:s3cret@git.example/a", "https://s3cret@git.example/a", "https://:s3cret@git.example/a", "http://s3cret@git.example/a",
		"ssh://git:s3cret@git.example/a", "https://me:s3cret@git.example:bad/a", "https://me:s3cret@/a", "https://me:s3cret@git example/a",
		"https://me:s3cr%et@git.example/a", "ext::s3cret@x", "s3cret@git.example:a",
	} {
		_, err := checkURL(bad)
		if ReasonOf(err) != InvalidURL || strings.Contains(err.Error(), "s3cr") || strings.Contains(err.Error(), "me:") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestABranchIsOneThatGitTakes(t *testing.T) {
	for _, good := range []string{"main", "release/1.2", "feature/größe", "a-b_c.d", "x@y", "v1.0.0", strings.Repeat("a", 250)} {
		if err := checkBranch(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "-main", "--upload-pack=x", "main\n", "a b", "a..b", "a~1", "a^", "a:b", "a?", "a*", "a[b", `a\b`, "/a", "a/", "a//b", ".a", "a/.b",
		"a.lock", "a.lock/b", "a.", "@", "a@{1}", "a\x00", "a\x7f", "\u202ea", "a\u200bb", "\xff", "refs/heads/main", strings.Repeat("a", 251),
	} {
		if err := checkBranch(bad); ReasonOf(err) != InvalidBranch || !strings.Contains(err.Error(), "spec.git.branch") {
			t.Errorf("%q was taken (%v)", bad, err)
		}
	}
}

// FuzzURL: what is taken has one of three schemes, a host that is no option, and no secret.
func FuzzURL(f *testing.F) {
	for _, s := range []string{"https://git.example/a", "ssh://git@[::1]:22/a", "ext::x", "https://a:b@c/d", "https://a/%2e%2e/b", "http://-/a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := checkURL(raw)
		if err != nil {
			if ReasonOf(err) != InvalidURL || err.Error() != again(raw) {
				t.Errorf("%q: %v", raw, err)
			}
			return
		}
		_, secret := u.User.Password()
		if secret || strings.HasPrefix(u.Hostname(), "-") || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
			t.Errorf("%q was taken as %q", raw, u)
		}
		if u.Scheme != "https" && u.Scheme != "http" && u.Scheme != "ssh" {
			t.Errorf("%q was taken with scheme %s", raw, u.Scheme)
		}
	})
}

func again(raw string) string {
	_, err := checkURL(raw)
	return err.Error()
}
