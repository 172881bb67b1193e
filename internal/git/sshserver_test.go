package git

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/emporium-shop/emporium/internal/testing/gitserver"
)

// sshServer lets a shell run git-upload-pack for one key, as a Git host does.
type sshServer struct {
	address    string
	host       ssh.Signer
	identity   []byte // the private key that it takes
	old        bool   // it does not take GIT_PROTOCOL
	root       string
	mu         sync.Mutex
	users, ran []string
}

func newKey(t *testing.T) (ssh.Signer, []byte) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer, pem.EncodeToMemory(block)
}

func newSSHServer(t *testing.T, git *gitserver.Server, old bool) *sshServer {
	t.Helper()
	s := &sshServer{old: old, root: git.Dir()}
	s.host, _ = newKey(t)
	client, pem := newKey(t)
	s.identity = pem
	config := &ssh.ServerConfig{PublicKeyCallback: func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(client.PublicKey().Marshal()) {
			return nil, os.ErrPermission
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.users = append(s.users, c.User())
		return &ssh.Permissions{}, nil
	}}
	config.AddHostKey(s.host)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	var all sync.WaitGroup
	t.Cleanup(func() { listener.Close(); all.Wait() })
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { s.serve(conn, config) })
		}
	})
	return s
}

func (s *sshServer) serve(conn net.Conn, config *ssh.ServerConfig) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, requests, err := offered.Accept()
		if err != nil {
			return
		}
		s.session(channel, requests)
	}
}

func (s *sshServer) session(channel ssh.Channel, requests <-chan *ssh.Request) {
	defer channel.Close()
	env := []string{"PATH=" + os.Getenv("PATH"), "ROOT=" + s.root, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1"}
	for r := range requests {
		switch r.Type {
		case "env":
			var set struct{ Name, Value string }
			ok := ssh.Unmarshal(r.Payload, &set) == nil && set.Name == "GIT_PROTOCOL" && !s.old
			if ok {
				env = append(env, set.Name+"="+set.Value)
			}
			r.Reply(ok, nil)
		case "exec":
			var run struct{ Command string }
			ok := ssh.Unmarshal(r.Payload, &run) == nil
			r.Reply(ok, nil)
			s.mu.Lock()
			s.ran = append(s.ran, run.Command)
			s.mu.Unlock()
			cmd := exec.Command("sh", "-c", strings.Replace(run.Command, "git-upload-pack ", `git upload-pack "$ROOT"`, 1))
			cmd.Env, cmd.Stdout = env, channel
			in, err := cmd.StdinPipe()
			if err != nil || cmd.Start() != nil {
				return
			}
			go func() { copyAll(in, channel); in.Close() }()
			cmd.Wait()
			channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(cmd.ProcessState.ExitCode())}))
			return
		default:
			r.Reply(false, nil)
		}
	}
}

// secret is what a team puts into its Secret.
func (s *sshServer) secret() map[string][]byte {
	return map[string][]byte{"identity": s.identity, "known_hosts": []byte(knownhosts.Line([]string{s.address}, s.host.PublicKey()) + "\n")}
}
