package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// mounted is a Secret as the kubelet mounts it: links to files in a folder of its own.
func mounted(t *testing.T, data map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "..2026"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("..2026", filepath.Join(folder, "..data")); err != nil {
		t.Fatal(err)
	}
	for key, value := range data {
		if err := os.WriteFile(filepath.Join(folder, "..2026", key), []byte(value), 0o440); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join("..data", key), filepath.Join(folder, key)); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestABuildGetsTheHeaderOfAUsersPassword(t *testing.T) {
	to, log := t.TempDir(), filepath.Join(t.TempDir(), "log")
	var errs bytes.Buffer
	code := gitAuth([]string{"--from=" + mounted(t, map[string]string{"username": "me\n", "password": "s3cret\n"}), "--to=" + to, "--termination-log=" + log}, &errs)
	text, err := os.ReadFile(filepath.Join(to, "GIT_AUTH_HEADER"))
	if code != 0 || err != nil || string(text) != "Basic bWU6czNjcmV0" || errs.Len() > 0 {
		t.Errorf("code %d, header %q, %v: %s", code, text, err, errs.String())
	}
	if _, err := os.Stat(log); err == nil {
		t.Error("it says something though nothing went wrong")
	}
}

func TestASecretThatDoesNotFitEndsTheBuildWithASentence(t *testing.T) {
	for name, c := range map[string]struct {
		data map[string]string
		code int
		args []string
	}{
		"no key that is known": {map[string]string{"key": "s3cret"}, 1, nil},
		"no password":          {map[string]string{"username": "me"}, 1, nil},
		"called wrongly":       {map[string]string{}, 2, []string{"--from="}},
	} {
		log := filepath.Join(t.TempDir(), "log")
		var errs bytes.Buffer
		args := append([]string{"--from=" + mounted(t, c.data), "--to=" + t.TempDir(), "--termination-log=" + log}, c.args...)
		if code := gitAuth(args, &errs); code != c.code {
			t.Errorf("%s: it ends with %d, want %d", name, code, c.code)
		}
		said, err := os.ReadFile(log)
		if err != nil || len(said) == 0 || strings.Contains(string(said)+errs.String(), "s3cret") {
			t.Errorf("%s: %v: %q and %q", name, err, said, errs.String())
		}
	}
}

func TestAFolderThatIsNotThereIsTold(t *testing.T) {
	var errs bytes.Buffer
	if code := gitAuth([]string{"--from=/nonexistent", "--to=" + t.TempDir()}, &errs); code != 1 || !strings.Contains(errs.String(), "/nonexistent") {
		t.Errorf("code %d: %s", code, errs.String())
	}
	if code := gitAuth([]string{"--from=" + mounted(t, map[string]string{"bearerToken": "x"}), "--to=/nonexistent"}, &errs); code != 1 {
		t.Errorf("code %d where nothing can be written", code)
	}
}
