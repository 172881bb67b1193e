package git

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/pem"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/emporium-shop/emporium/internal/testing/gitserver"
)

func copyAll(to io.Writer, from io.Reader) { io.Copy(to, from) }

func credentials(t *testing.T, data map[string][]byte) Credentials {
	t.Helper()
	with, err := CredentialsOf(data)
	if err != nil {
		t.Fatal(err)
	}
	return with
}

// bothSSH runs a test with a server that takes GIT_PROTOCOL, and with one that does not.
func bothSSH(t *testing.T, test func(t *testing.T, old bool)) {
	for name, old := range map[string]bool{"version 2": false, "before version 2": true} {
		t.Run(name, func(t *testing.T) { test(t, old) })
	}
}

func TestAServerIsAskedBySSH(t *testing.T) {
	bothSSH(t, func(t *testing.T, old bool) {
		web := gitserver.New(t, gitserver.Options{})
		server := newSSHServer(t, web, old)
		repo := web.Repository("it's!shop")
		with := credentials(t, server.secret())
		url := "ssh://" + server.address + "/it's!shop.git"
		fails(t, lab(), Remote{URL: url, Branch: "main", Credentials: with}, EmptyRepository)
		commit := repo.Commit(map[string]string{"a": "1"})
		repo.Tag("v1.0.0", true)
		if got := head(t, lab(), Remote{URL: url, Branch: "main", Credentials: with}); got != (Head{commit, "v1.0.0"}) {
			t.Errorf("got %+v", got)
		}
		fails(t, lab(), Remote{URL: url, Branch: "live", Credentials: with}, BranchNotFound, "(main)")
		fails(t, lab(), Remote{URL: "ssh://" + server.address + "/other.git", Branch: "main", Credentials: with}, RepositoryNotFound)
		head(t, lab(), Remote{URL: strings.Replace(url, "ssh://", "ssh://deploy@", 1), Branch: "main", Credentials: with})
		if server.users[0] != "git" || server.users[len(server.users)-1] != "deploy" {
			t.Errorf("logged in as %v", server.users)
		}
	})
}

func TestAHostKeyHasToBeKnown(t *testing.T) {
	web := gitserver.New(t, gitserver.Options{})
	server := newSSHServer(t, web, false)
	commit := web.Repository("shop").Commit(map[string]string{"a": "1"})
	other, _ := newKey(t)
	right, wrong := server.host.PublicKey(), other.PublicKey()
	hashed := func() string {
		line := knownhosts.Line([]string{"x"}, right)
		return knownhosts.HashHostname(knownhosts.Normalize(server.address)) + strings.TrimPrefix(line, "x")
	}()
	line := func(hosts ...string) string { return knownhosts.Line(hosts, right) }
	host, _, _ := net.SplitHostPort(server.address)
	for name, c := range map[string]struct {
		known string
		want  Reason
	}{
		"known":                      {line(server.address), ""},
		"known, hashed":              {hashed, ""},
		"known beside others":        {"# a comment\n" + line("git.example", server.address) + "\n" + line("git2.example") + "\n", ""},
		"another key":                {knownhosts.Line([]string{server.address}, wrong), NotTrusted},
		"two keys, one right":        {knownhosts.Line([]string{server.address}, wrong) + "\n" + line(server.address), ""},
		"revoked":                    {line(server.address) + "\n@revoked " + line(server.address), NotTrusted},
		"another host":               {line("git.example"), InvalidCredentials},
		"the host at its usual port": {line(host), InvalidCredentials},
		"a certificate authority":    {"@cert-authority " + line(server.address), InvalidCredentials},
		"no known_hosts":             {"s3cret", InvalidCredentials},
	} {
		t.Run(name, func(t *testing.T) {
			data := server.secret()
			data["known_hosts"] = []byte(c.known)
			r := Remote{URL: "ssh://" + server.address + "/shop.git", Branch: "main", Credentials: credentials(t, data)}
			if c.want != "" {
				fails(t, lab(), r, c.want, "known_hosts")
				return
			}
			if got := head(t, lab(), r); got.Commit != commit {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestAKeyThatTheServerDoesNotTakeIsTold(t *testing.T) {
	web := gitserver.New(t, gitserver.Options{})
	server := newSSHServer(t, web, false)
	data := server.secret()
	_, data["identity"] = newKey(t)
	url := "ssh://" + server.address + "/shop.git"
	fails(t, lab(), Remote{URL: url, Branch: "main", Credentials: credentials(t, data)}, AuthenticationRefused, "deploy key")
	fails(t, lab(), Remote{URL: url, Branch: "main"}, InvalidCredentials, "identity", "known_hosts")
	fails(t, lab(), Remote{URL: "http://" + server.address + "/a.git", Branch: "main", Credentials: credentials(t, data)}, InvalidCredentials, "is for ssh")
	delete(data, "known_hosts")
	if _, err := CredentialsOf(data); ReasonOf(err) != InvalidCredentials || !strings.Contains(err.Error(), "ssh-keyscan") {
		t.Errorf("got %v", err)
	}
	if len(server.ran) != 0 {
		t.Errorf("it ran %v", server.ran)
	}
}

func TestSSHObeysTheSameLists(t *testing.T) {
	web := gitserver.New(t, gitserver.Options{})
	server := newSSHServer(t, web, false)
	r := Remote{URL: "ssh://" + server.address + "/shop.git", Branch: "main", Credentials: credentials(t, server.secret())}
	fails(t, &Client{}, r, HostNotAllowed, "leads to an address")
	fails(t, &Client{Hosts: []string{"git.example"}}, r, HostNotAllowed, "not among those")
}

// TestAnSSHServerThatSaysNothingIsLeft: neither before the handshake nor in it.
func TestAnSSHServerThatSaysNothingIsLeft(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	web := gitserver.New(t, gitserver.Options{})
	data := newSSHServer(t, web, false).secret()
	key := data["known_hosts"]
	_, rest, _ := strings.Cut(string(key), " ")
	data["known_hosts"] = []byte(knownhosts.Normalize(listener.Addr().String()) + " " + rest)
	c := lab()
	c.Timeout = 200 * time.Millisecond
	fails(t, c, Remote{URL: "ssh://" + listener.Addr().String() + "/a.git", Branch: "main", Credentials: credentials(t, data)}, TimedOut)
}

func TestAKeyWithAPassphraseOpensWithIt(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("s3cret"))
	if err != nil {
		t.Fatal(err)
	}
	locked := pem.EncodeToMemory(block)
	if _, err := parseKey(locked, []byte("s3cret")); err != nil {
		t.Errorf("its own passphrase does not open it: %v", err)
	}
	for _, wrong := range []string{"", "another"} {
		if _, err := parseKey(locked, []byte(wrong)); err == nil {
			t.Errorf("passphrase %q opens it", wrong)
		}
	}
	_, plain := newKey(t)
	if _, err := parseKey(plain, []byte("not needed")); err != nil {
		t.Error(err)
	}
	if _, err := parseKey([]byte("-----BEGIN OPENSSH PRIVATE KEY-----\n"+base64.StdEncoding.EncodeToString([]byte("x"))+"\n-----END OPENSSH PRIVATE KEY-----"), nil); err == nil {
		t.Error("a broken key was taken")
	}
}

// TestAPathIsOneWordForTheShell of a server.
func TestAPathIsOneWordForTheShell(t *testing.T) {
	for path, want := range map[string]string{
		"/a.git": `'/a.git'`, "/it's": `'/it'\''s'`, "/a;touch x": `'/a;touch x'`, "/$(x)": `'/$(x)'`, "/!x": `'/'\!'x'`,
	} {
		if got := quoted(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	web := gitserver.New(t, gitserver.Options{})
	server := newSSHServer(t, web, false)
	marker := t.TempDir() + "/marker"
	_, err := lab().Head(context.Background(), Remote{URL: "ssh://" + server.address + "/x';touch$IFS" + marker + ";'", Branch: "main", Credentials: credentials(t, server.secret())})
	if ReasonOf(err) != RepositoryNotFound || exists(marker) {
		t.Errorf("got %v; the marker is there: %v", err, exists(marker))
	}
}
