package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/emporium-shop/emporium/internal/act"
	"github.com/emporium-shop/emporium/internal/view"
)

// run calls the program as main does, with a kubeconfig whose server nobody answers.
func run(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	kubeconfig := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(kubeconfig, []byte(`{"apiVersion":"v1","kind":"Config","current-context":"c","clusters":[{"name":"k","cluster":{"server":"http://127.0.0.1:1"}}],
		"contexts":[{"name":"c","context":{"cluster":"k","namespace":"acme"}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var o, e bytes.Buffer
	code = Main(context.Background(), Streams{In: strings.NewReader(""), Out: &o, Err: &e}, func(string) string { return "" }, "1.2.3", append(args, "--kubeconfig", kubeconfig))
	return code, o.String(), e.String()
}

func TestTheExitCodeSaysWhatHappened(t *testing.T) {
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "shops"}, "acme", errors.New("no"))
	for name, x := range map[string]struct {
		err  error
		code int
	}{
		"nothing went wrong":          {nil, 0},
		"an error":                    {errors.New("x"), 1},
		"called wrongly":              {usage("x"), 64},
		"a verdict":                   {verdict(1), 1},
		"no verdict":                  {verdict(0), 0},
		"held by Git":                 {fmt.Errorf("x: %w", &act.Refusal{Code: act.HeldByGit}), 4},
		"not the candidate":           {&act.Refusal{Code: act.NotTheCandidate}, 5},
		"it cannot serve":             {&act.Refusal{Code: act.CannotServe}, 6},
		"forbidden by a refusal":      {&act.Refusal{Code: act.Forbidden}, 9},
		"forbidden by the API server": {fmt.Errorf("listing: %w", forbidden), 9},
		"timed out":                   {&coded{exitTimedOut, "x"}, 8},
		"Ctrl-C":                      {fmt.Errorf("x: %w", context.Canceled), 130},
	} {
		e := &env{Streams: Streams{Err: &bytes.Buffer{}}}
		if got := e.exit(x.err); got != x.code {
			t.Errorf("%s: %d, want %d", name, got, x.code)
		}
	}
}

func TestARefusalForGitPrintsWhatToCommit(t *testing.T) {
	var errs bytes.Buffer
	e := &env{Streams: Streams{Err: &errs}}
	e.exit(&act.Refusal{Code: act.HeldByGit, Message: "spec.release.active is held", Patch: "  spec:\n-   paused: true\n", Holder: &view.Holder{Manager: "helm"}})
	if want := "error: spec.release.active is held\n\n      spec:\n    -   paused: true\n--force takes it until helm applies again.\n"; errs.String() != want {
		t.Errorf("%q", errs.String())
	}
}

func TestWhatIsCalledWronglySaysHowItIsCalled(t *testing.T) {
	for args, want := range map[string]string{
		"promte acme":                                 "(promote?)",
		"frobnicate":                                  "kubectl shop --help lists all",
		"promote":                                     "kubectl shop promote takes SHOP [RELEASE]",
		"promote a b c":                               "kubectl shop promote takes SHOP [RELEASE]",
		"unpin acme --frce":                           "unknown flag: --frce: kubectl shop unpin --help lists the flags",
		"wait acme --for ready":                       "use serving, awaiting, settled or release=NAME",
		"wait acme --for release=":                    "--for=release=",
		"version -o table":                            "-o table is no format",
		"version -o jsonpath":                         "needs a template",
		"version -o jsonpath={.x":                     "unclosed action",
		"logs acme --front-door --service x":          "--front-door, --job and --service name different pods",
		"logs acme --service x --job check --since 1": "invalid argument",
	} {
		code, _, errs := run(t, strings.Fields(args)...)
		if code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%s: %d %q", args, code, errs)
		}
	}
}

func TestEveryFormatOfTheOutput(t *testing.T) {
	for format, want := range map[string]string{
		"":                              "kubectl shop 1.2.3 (go",
		"wide":                          "kubectl shop 1.2.3 (go",
		"json":                          "{\n  \"version\": \"1.2.3\",\n",
		"yaml":                          "version: 1.2.3\n",
		"name":                          "1.2.3\n",
		"jsonpath={.version}":           "1.2.3\n",
		"jsonpath=version":              "1.2.3\n",
		"jsonpath=.version":             "1.2.3\n",
		"jsonpath={.version}/{.other}/": "1.2.3//\n",
		"table":                         "",
	} {
		code, out, errs := run(t, "version", "-o", format)
		if !strings.Contains(out, want) || (code == 0) != (want != "") {
			t.Errorf("-o %s: %d %q %q", format, code, out, errs)
		}
	}
}

func TestAServerThatDoesNotAnswerIsAnError(t *testing.T) {
	code, out, errs := run(t, "pause", "acme")
	if code != exitError || out != "" || !strings.Contains(errs, "reading Shop acme in namespace acme") {
		t.Errorf("%d %q %q", code, out, errs)
	}
}
