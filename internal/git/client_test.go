package git

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/internal/testing/gitserver"
)

// lab may ask this machine, by http too.
func lab() *Client { return &Client{InsecureHosts: []string{"127.0.0.1"}, Timeout: 10 * time.Second} }

func head(t *testing.T, c *Client, r Remote) Head {
	t.Helper()
	got, err := c.Head(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// fails asks twice: the sentence has to be the same.
func fails(t *testing.T, c *Client, r Remote, want Reason, says ...string) {
	t.Helper()
	_, err := c.Head(context.Background(), r)
	if ReasonOf(err) != want {
		t.Fatalf("got %s %v, want %s", ReasonOf(err), err, want)
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("%q does not say %q", err, s)
		}
	}
	if _, second := c.Head(context.Background(), r); second == nil || second.Error() != err.Error() {
		t.Errorf("first %q, then %q", err, second)
	}
	if s := err.Error(); strings.Contains(s, "s3cret") || strings.ContainsAny(s, "\n\r\x1b") {
		t.Errorf("%q holds what it must not", s)
	}
}

// versions runs a test with a server of each version of the protocol.
func versions(t *testing.T, test func(t *testing.T, o gitserver.Options)) {
	for name, o := range map[string]gitserver.Options{"version 2": {}, "before version 2": {Old: true}} {
		t.Run(name, func(t *testing.T) { test(t, o) })
	}
}

func TestAServerIsAskedForABranch(t *testing.T) {
	versions(t, func(t *testing.T, o gitserver.Options) {
		repo := gitserver.New(t, o).Repository("shop")
		one := repo.Commit(map[string]string{"a": "1"})
		repo.Tag("v1.0.0", true)
		repo.Tag("v1.1.0", false)
		if got := head(t, lab(), Remote{URL: repo.URL, Branch: "main"}); got != (Head{one, "v1.1.0"}) {
			t.Errorf("got %+v", got)
		}
		repo.Tag("v1.2.0", true)
		if got := head(t, lab(), Remote{URL: repo.URL + "/", Branch: "main"}); got != (Head{one, "v1.2.0"}) {
			t.Errorf("an annotated tag: got %+v", got)
		}
		two := repo.Commit(map[string]string{"a": "2"})
		if got := head(t, lab(), Remote{URL: repo.URL, Branch: "main"}); got != (Head{two, two[:12]}) {
			t.Errorf("a commit without a tag: got %+v", got)
		}
		repo.Git("reset", "-q", "--hard", one)
		repo.Push()
		if got := head(t, lab(), Remote{URL: repo.URL, Branch: "main"}); got != (Head{one, "v1.2.0"}) {
			t.Errorf("pushed back by force: got %+v", got)
		}
	})
}

func TestARepositoryOfSHA256HasLongCommits(t *testing.T) {
	versions(t, func(t *testing.T, o gitserver.Options) {
		repo := gitserver.New(t, o).Repository("shop", "--object-format=sha256")
		one := repo.Commit(map[string]string{"a": "1"})
		if got := head(t, lab(), Remote{URL: repo.URL, Branch: "main"}); got != (Head{one, one[:12]}) || len(one) != 64 {
			t.Errorf("got %+v of %s", got, one)
		}
	})
}

func TestWhatIsNotThereIsToldApart(t *testing.T) {
	versions(t, func(t *testing.T, o gitserver.Options) {
		server := gitserver.New(t, o)
		repo := server.Repository("shop")
		fails(t, lab(), Remote{URL: repo.URL, Branch: "main"}, EmptyRepository, "push branch main")
		repo.Commit(map[string]string{"a": "1"})
		repo.Git("push", "-q", server.Dir()+"/shop.git", "HEAD:refs/heads/trunk")
		fails(t, lab(), Remote{URL: repo.URL, Branch: "live"}, BranchNotFound, "no branch live", "(main, trunk)")
		fails(t, lab(), Remote{URL: server.URL + "/other.git", Branch: "main"}, RepositoryNotFound, "127.0.0.1", "spec.git.url")
		repo.Served("", "update-ref", "-d", "refs/heads/main")
		fails(t, lab(), Remote{URL: repo.URL, Branch: "main"}, BranchNotFound, "(trunk)")
	})
}

func TestTenThousandBranchesAreNoTrouble(t *testing.T) {
	versions(t, func(t *testing.T, o gitserver.Options) {
		repo := gitserver.New(t, o).Repository("shop")
		commit := repo.Commit(map[string]string{"a": "1"})
		repo.Branches(10000, commit)
		if got := head(t, lab(), Remote{URL: repo.URL, Branch: "branch-09999"}); got.Commit != commit {
			t.Errorf("got %+v", got)
		}
		fails(t, lab(), Remote{URL: repo.URL, Branch: "live"}, BranchNotFound, "(main, branch-00000, branch-00001, branch-00002, branch-00003 and others)")
		small := lab()
		small.MaxBytes = 64 << 10
		if o.Old {
			fails(t, small, Remote{URL: repo.URL, Branch: "main"}, TooLarge, "64 KiB")
			return
		}
		if got := head(t, small, Remote{URL: repo.URL, Branch: "main"}); got.Commit != commit {
			t.Errorf("version 2 sends one branch alone, yet: %+v", got)
		}
	})
}

func TestCredentialsOfASecretOpenARepository(t *testing.T) {
	header := func(user, secret string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+secret))
	}
	for name, c := range map[string]struct {
		wants string
		data  map[string][]byte
	}{
		"a token":                {header("x-access-token", "s3cret"), map[string][]byte{"GIT_AUTH_TOKEN": []byte("s3cret")}},
		"a token of a file":      {header("x-access-token", "s3cret"), map[string][]byte{"GIT_AUTH_TOKEN": []byte("s3cret\n")}},
		"a user and a password":  {header("me", "s3cret"), map[string][]byte{"username": []byte("me"), "password": []byte("s3cret")}},
		"a bearer token":         {"Bearer s3cret", map[string][]byte{"bearerToken": []byte("s3cret")}},
		"a token before another": {header("x-access-token", "s3cret"), map[string][]byte{"GIT_AUTH_TOKEN": []byte("s3cret"), "bearerToken": []byte("x")}},
	} {
		t.Run(name, func(t *testing.T) {
			repo := gitserver.New(t, gitserver.Options{Authorization: c.wants}).Repository("shop")
			commit := repo.Commit(map[string]string{"a": "1"})
			with, err := CredentialsOf(c.data)
			if err != nil {
				t.Fatal(err)
			}
			if got := head(t, lab(), Remote{URL: repo.URL, Branch: "main", Credentials: with}); got.Commit != commit {
				t.Errorf("got %+v", got)
			}
			fails(t, lab(), Remote{URL: repo.URL, Branch: "main"}, AuthenticationRequired, "spec.git.secret", "GIT_AUTH_TOKEN")
			wrong, err := CredentialsOf(map[string][]byte{"username": []byte("me"), "password": []byte("s3cret2")})
			if err != nil {
				t.Fatal(err)
			}
			fails(t, lab(), Remote{URL: repo.URL, Branch: "main", Credentials: wrong}, AuthenticationRefused, "401")
		})
	}
}

func TestATLSServerIsTrustedByItsAuthority(t *testing.T) {
	server := gitserver.New(t, gitserver.Options{TLS: true})
	repo := server.Repository("shop")
	commit := repo.Commit(map[string]string{"a": "1"})
	named := &Client{Hosts: []string{"127.0.0.1", "localhost"}, Timeout: 10 * time.Second}
	fails(t, named, Remote{URL: repo.URL, Branch: "main"}, NotTrusted, "ca.crt", "nobody whom the operator trusts")
	for _, key := range []string{"ca.crt", "caFile"} {
		with, err := CredentialsOf(map[string][]byte{key: server.RootPEM})
		if err != nil {
			t.Fatal(err)
		}
		if got := head(t, named, Remote{URL: repo.URL, Branch: "main", Credentials: with}); got.Commit != commit {
			t.Errorf("got %+v", got)
		}
		fails(t, named, Remote{URL: strings.Replace(repo.URL, "127.0.0.1", "localhost", 1), Branch: "main", Credentials: with}, NotTrusted, "is for another name")
	}
	named.Roots = server.Roots
	head(t, named, Remote{URL: repo.URL, Branch: "main"})
	plain := gitserver.New(t, gitserver.Options{}).Repository("shop")
	fails(t, named, Remote{URL: strings.Replace(plain.URL, "http:", "https:", 1), Branch: "main"}, Unreachable, "speaks no TLS")
}

func TestHostsThatAreNotAllowedAreNotConnectedTo(t *testing.T) {
	asked := 0
	repo := gitserver.New(t, gitserver.Options{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked++; next.ServeHTTP(w, r) })
	}}).Repository("shop")
	https := strings.Replace(repo.URL, "http:", "https:", 1)
	fails(t, &Client{}, Remote{URL: repo.URL, Branch: "main"}, InvalidURL, "--source-insecure-hosts")
	fails(t, &Client{}, Remote{URL: https, Branch: "main"}, HostNotAllowed, "--source-hosts")
	fails(t, &Client{}, Remote{URL: strings.Replace(https, "127.0.0.1", "localhost", 1), Branch: "main"}, HostNotAllowed, "leads to an address")
	fails(t, &Client{}, Remote{URL: strings.Replace(https, "127.0.0.1", "[::ffff:7f00:1]", 1), Branch: "main"}, HostNotAllowed)
	fails(t, &Client{Hosts: []string{"git.example"}}, Remote{URL: https, Branch: "main"}, HostNotAllowed, "not among those")
	if asked != 0 {
		t.Errorf("the server was asked %d times", asked)
	}
}

func TestAServerThatIsAwayIsTold(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	c := lab()
	fails(t, c, Remote{URL: "http://" + listener.Addr().String() + "/a.git", Branch: "main"}, Unreachable, "refused")
	c.Hosts = []string{"*.invalid"}
	fails(t, c, Remote{URL: "https://git.invalid/a.git", Branch: "main"}, Unreachable, "DNS")
}

func TestACanceledQuestionIsNoAnswerOfTheServer(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := lab().Head(ctx, Remote{URL: "http://127.0.0.1:1/a.git", Branch: "main"})
	if !errors.Is(err, context.Canceled) || ReasonOf(err) != "" {
		t.Errorf("got %v", err)
	}
}

func TestInvalidIsWhatWaitingDoesNotMend(t *testing.T) {
	for reason, want := range map[Reason]bool{InvalidURL: true, InvalidBranch: true, InvalidPath: true, InvalidCredentials: true, HostNotAllowed: true, Unreachable: false, BranchNotFound: false, NotTrusted: false} {
		if got := refuse(reason, "x").Invalid(); got != want {
			t.Errorf("%s: %v", reason, got)
		}
	}
}

func TestCredentialsAreNeverPrinted(t *testing.T) {
	with, err := CredentialsOf(map[string][]byte{"GIT_AUTH_TOKEN": []byte("s3cret")})
	if err != nil {
		t.Fatal(err)
	}
	r := Remote{URL: "https://git.example/a", Branch: "main", Credentials: with}
	asJSON, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprint(r), fmt.Sprintf("%v %+v %#v %s %q", r, r, r, with, with), fmt.Sprintf("%v %+v %#v", &r, &r, &with), string(asJSON)} {
		if strings.Contains(s, "s3cret") || strings.Contains(s, base64.StdEncoding.EncodeToString([]byte("x-access-token:s3cret"))) {
			t.Errorf("printed as %s", s)
		}
	}
}

func TestASecretThatDoesNotFitIsToldByItsKeys(t *testing.T) {
	for name, c := range map[string]struct {
		data map[string][]byte
		says string
	}{
		"empty":                 {nil, "it is empty"},
		"other keys":            {map[string][]byte{"token": []byte("s3cret")}, "it has token"},
		"many other keys":       {map[string][]byte{"a": nil, "b": nil, "c": nil, "d": nil, "e": nil, "f": nil}, "it has a, b, c, d, e and 1 more"},
		"an empty token":        {map[string][]byte{"GIT_AUTH_TOKEN": []byte("\n")}, "it has GIT_AUTH_TOKEN"},
		"no password":           {map[string][]byte{"username": []byte("me")}, "no password"},
		"two lines":             {map[string][]byte{"GIT_AUTH_TOKEN": []byte("s3cret\r\nX-Other: 1")}, "line feeds"},
		"two lines of a bearer": {map[string][]byte{"bearerToken": []byte("s3cret\n1")}, "bearerToken"},
		"a certificate of none": {map[string][]byte{"ca.crt": []byte("s3cret")}, "ca.crt"},
		"a key of none":         {map[string][]byte{"identity": []byte("s3cret"), "known_hosts": []byte("x")}, "no private key"},
	} {
		_, err := CredentialsOf(c.data)
		if ReasonOf(err) != InvalidCredentials || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOneConnectionIsEnough for all requests of a question, and none is left when it is answered.
func TestOneConnectionIsEnough(t *testing.T) {
	var mu sync.Mutex
	from := map[string]int{}
	server := gitserver.New(t, gitserver.Options{TLS: true, Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			from[r.RemoteAddr]++
			mu.Unlock()
			next.ServeHTTP(w, r)
		})
	}})
	repo := server.Repository("shop")
	commit := repo.Commit(monorepo)
	c := &Client{Hosts: []string{"127.0.0.1"}, Roots: server.Roots}
	before := runtime.NumGoroutine()
	head(t, c, Remote{URL: repo.URL, Branch: "main"})
	if len(from) != 1 {
		t.Errorf("Head: requests by connection: %v", from)
	}
	if _, err := c.Trees(context.Background(), Remote{URL: repo.URL}, commit, []string{"services/cart"}); err != nil {
		t.Error(err)
	}
	if len(from) != 2 {
		t.Errorf("Head and Trees: requests by connection: %v", from)
	}
	for range 20 {
		head(t, c, Remote{URL: repo.URL, Branch: "main"})
	}
	deadline := time.Now().Add(20 * time.Second) // both sides take a moment to see the end
	for runtime.NumGoroutine() > before && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}
