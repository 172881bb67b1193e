package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/internal/foresee"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// object is a manifest of a name.
func object(name string) string {
	return "apiVersion: shop.emporium.dev/v1alpha1\nkind: ShopService\nmetadata: {name: " + name + "}\n"
}

func TestAPlanReadsFilesFoldersAndStandardInput(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"a.yaml": object("a"), "b/b.yml": object("b") + "---\n" + object("b2"), "b/c.json": `{"kind": "ShopService", "apiVersion": "v1", "metadata": {"name": "c"}}`,
		"kustomization.yaml": "resources: [a.yaml]\n", "README.md": "no manifest", "empty.yaml": "\n---\n# nothing\n",
		"list.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: d}}\n",
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, x := range map[string]struct {
		files []string
		want  string
		says  string
	}{
		"nothing":                   {nil, "", ""},
		"a file":                    {[]string{filepath.Join(folder, "a.yaml")}, "a", ""},
		"a folder, and those in it": {[]string{folder}, "a b b2 c d", ""},
		"standard input":            {[]string{"-"}, "in in2", ""},
		"several":                   {[]string{"-", filepath.Join(folder, "a.yaml")}, "in in2 a", ""},
		"a file that is not there":  {[]string{filepath.Join(folder, "x.yaml")}, "", "reading the file: open"},
		"a file that is none":       {[]string{filepath.Join(folder, "README.md")}, "", "README.md, document 1"},
	} {
		e := &env{Streams: Streams{In: strings.NewReader(object("in") + "---\n" + object("in2"))}}
		all, err := e.read(x.files)
		if (x.says == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), x.says)) {
			t.Errorf("%s: %v", name, err)
		}
		var got []string
		for _, o := range all {
			got = append(got, o.GetName())
		}
		if strings.Join(got, " ") != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}

func TestTheExitCodeOfAPlanIsNotThatOfAWrongCall(t *testing.T) {
	for _, f := range []foresee.Foresight{{Changes: true}, {Changes: true, Refused: "Paused"}, {}} {
		if code := planned(f); code == exitUsage || (code == 0) == f.Changes {
			t.Errorf("%+v: %d", f, code)
		}
	}
	for _, args := range []string{"plan", "plan acme --too x", "plan a b"} {
		if code, _, errs := run(t, strings.Fields(args)...); code != exitUsage || slices.Contains([]int{0, exitChanges, exitRefused}, code) {
			t.Errorf("%s: %d %q", args, code, errs)
		}
	}
}

func TestAPlanSaysThatTheOperatorIsAnother(t *testing.T) {
	deployed := func(version, image string) *cluster.Store {
		s := cluster.NewStore(time.Now)
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "emporium-system", Name: "emporium", Labels: map[string]string{"app.kubernetes.io/name": "emporium"}}}
		if version != "" {
			d.Labels["app.kubernetes.io/version"] = version
		}
		d.Spec.Template.Spec.Containers = []corev1.Container{{Image: image}}
		cluster.As{Store: s, Who: "install"}.Create(d)
		return s
	}
	for name, x := range map[string]struct {
		store *cluster.Store
		want  string
	}{
		"the same":        {deployed("1.2.3", ""), ""},
		"by its image":    {deployed("", "registry.example/operator:1.2.3@sha256:0"), ""},
		"another":         {deployed("1.2.2", ""), "names may differ: this program is 1.2.3, and the operator emporium-system/emporium is 1.2.2"},
		"nobody knows":    {deployed("", "operator"), "names may differ: this program is 1.2.3, and the operator emporium-system/emporium is of an unknown version"},
		"it is not there": {cluster.NewStore(time.Now), "the operator's version is not seen: where it is not 1.2.3, it may give other names than these"},
	} {
		e := &env{version: "1.2.3"}
		if got := e.skew(t.Context(), cluster.NewClient(x.store, "person")); got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}
