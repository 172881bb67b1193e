package git

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/pem"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/emporium-shop/emporium/internal/testing/gitserver"
)

// ofGit runs git's own client, which is what BuildKit runs, and returns what it says.
func ofGit(t *testing.T, env []string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_TERMINAL_PROMPT=0", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1"}, env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestTheHeaderOfABuildOpensTheRepositoryForGitsOwnClient(t *testing.T) {
	for name, c := range map[string]struct {
		wants string
		data  map[string][]byte
	}{
		"a user and a password": {"Basic " + base64.StdEncoding.EncodeToString([]byte("me:s3cret")), map[string][]byte{"username": []byte("me"), "password": []byte("s3cret\n")}},
		"a bearer token":        {"Bearer s3cret", map[string][]byte{"bearerToken": []byte("s3cret")}},
	} {
		server := gitserver.New(t, gitserver.Options{TLS: true, Authorization: c.wants})
		repo := server.Repository("shop")
		commit := repo.Commit(map[string]string{"a": "1"})
		authority := filepath.Join(t.TempDir(), "ca.crt")
		if err := os.WriteFile(authority, server.RootPEM, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := ForBuild(false, c.data); got != ForHeader {
			t.Errorf("%s: a build makes %q of it", name, got)
		}
		files, err := BuildFiles(c.data)
		if err != nil || len(files) != 1 {
			t.Fatalf("%s: %d files, %v", name, len(files), err)
		}
		trusts := []string{"GIT_SSL_CAINFO=" + authority}
		out, err := ofGit(t, trusts, "-c", "http."+repo.URL+".extraheader=Authorization: "+string(files[ForHeader]), "ls-remote", repo.URL, "main")
		if err != nil || !strings.HasPrefix(out, commit) {
			t.Errorf("%s: %v: %s", name, err, out)
		}
		if out, err := ofGit(t, trusts, "ls-remote", repo.URL, "main"); err == nil {
			t.Errorf("%s: the repository is open to everybody: %s", name, out)
		}
	}
}

func TestAKeyWithAPassphraseIsOpenedForABuild(t *testing.T) {
	server := gitserver.New(t, gitserver.Options{})
	repo := server.Repository("shop")
	commit := repo.Commit(map[string]string{"a": "1"})
	s := newSSHServer(t, server, false)
	raw, err := ssh.ParseRawPrivateKey(s.identity)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(raw, "", []byte("s3cret"))
	if err != nil {
		t.Fatal(err)
	}
	data := s.secret()
	if got := ForBuild(true, data); got != ForKey {
		t.Errorf("of an open key a build makes %q", got)
	}
	data["identity"], data["password"] = pem.EncodeToMemory(block), []byte("s3cret\n")
	if got := ForBuild(true, data); got != ForSealedKey {
		t.Errorf("of a key with a passphrase a build makes %q", got)
	}
	url := "ssh://git@" + s.address + "/shop.git"
	with, err := CredentialsOf(data)
	if err != nil {
		t.Fatal(err)
	}
	if got := head(t, lab(), Remote{URL: url, Branch: "main", Credentials: with}); got.Commit != commit {
		t.Errorf("with its passphrase: %+v", got)
	}
	files, err := BuildFiles(data)
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	folder := t.TempDir()
	for name, text := range map[string][]byte{"key": files[ForKey], "known": data["known_hosts"]} {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, port, _ := net.SplitHostPort(s.address)
	with1 := "GIT_SSH_COMMAND=ssh -F none -o BatchMode=yes -o IdentitiesOnly=yes -p " + port + " -i " + folder + "/key -o UserKnownHostsFile=" + folder + "/known"
	if out, err := ofGit(t, []string{with1}, "ls-remote", url, "main"); err != nil || !strings.Contains(out, commit) {
		t.Errorf("OpenSSH with the opened key: %v: %s", err, out)
	}
}

func TestWhatABuildMakesOfASecret(t *testing.T) {
	_, open := newKey(t)
	for name, c := range map[string]struct {
		ssh  bool
		data map[string]string
		want string
	}{
		"a token":                    {false, map[string]string{"GIT_AUTH_TOKEN": "x"}, ForToken},
		"a token before a password":  {false, map[string]string{"GIT_AUTH_TOKEN": "x", "username": "me", "password": "y"}, ForToken},
		"a password":                 {false, map[string]string{"username": "me", "password": "y"}, ForHeader},
		"a bearer token":             {false, map[string]string{"bearerToken": "y"}, ForHeader},
		"a key, by https":            {false, map[string]string{"identity": string(open)}, ""},
		"a key, by ssh":              {true, map[string]string{"identity": string(open)}, ForKey},
		"a token, by ssh":            {true, map[string]string{"GIT_AUTH_TOKEN": "x"}, ""},
		"an authority alone":         {false, map[string]string{"ca.crt": "x"}, ""},
		"a user without a password":  {false, map[string]string{"username": "me"}, ""},
		"a password without a user":  {false, map[string]string{"password": "y"}, ""},
		"what is no key at all, ssh": {true, map[string]string{"identity": "x"}, ForKey},
	} {
		data := map[string][]byte{}
		for k, v := range c.data {
			data[k] = []byte(v)
		}
		if got := ForBuild(c.ssh, data); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	for key, data := range map[string]map[string][]byte{"ca.crt": {"ca.crt": []byte("x"), "caFile": []byte("y")}, "caFile": {"caFile": []byte("y")}, "": {"ca": []byte("z")}} {
		if got := HasAuthority(data); got != key {
			t.Errorf("the authority is at %q, want %q", got, key)
		}
	}
}

func TestASecretThatABuildCannotUseIsRefusedWithoutSayingIt(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("s3cret"))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]map[string][]byte{
		"nothing":            {},
		"another passphrase": {"identity": pem.EncodeToMemory(block), "password": []byte("an0ther"), "known_hosts": []byte("x")},
		"no passphrase":      {"identity": pem.EncodeToMemory(block), "known_hosts": []byte("x")},
	} {
		files, err := BuildFiles(data)
		if err == nil || len(files) > 0 || strings.Contains(err.Error(), "an0ther") || !strings.Contains(err.Error(), "spec.git.secret") {
			t.Errorf("%s: %d files, %v", name, len(files), err)
		}
	}
}
