package storefront

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	at := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(at, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return at
}

func TestTheOwnersPagesAreInTheFoot(t *testing.T) {
	w := newWorld(t)
	w.start(t, "PAGES_DIR", folder(t, map[string]string{
		"20-shipping.txt": "Shipping\n\n4.90 € each.\n\n# Elsewhere\r\n\r\nNot <b>yet</b>.\nPerhaps later.",
		"10-imprint.txt":  "Imprint\n\nAcme, Berlin",
		"..data":          "Kubernetes' own",
	}))
	home := w.get(t, "/").want(t, 200, `<a href="/pages/imprint">Imprint</a>`, `<a href="/pages/shipping">Shipping</a>`, `(<a href="/pages/shipping">what it costs</a>)`)
	if strings.Index(home.body, "/pages/imprint") > strings.LastIndex(home.body, "/pages/shipping") {
		t.Error("the order is not that of the files")
	}
	w.get(t, "/pages/shipping").want(t, 200, "<h1>Shipping</h1>", "<p class=\"text\">4.90 € each.</p>", "<h2>Elsewhere</h2>", "Not &lt;b&gt;yet&lt;/b&gt;.\nPerhaps later.")
	w.get(t, "/pages/terms").want(t, 404, "We could not find that")
	w.get(t, "/products/LAMP-1").want(t, 200, `<a href="/pages/shipping">what it costs</a>`)
}

// A shop whose imprint cannot be read does not start with one that is missing.
func TestAPageThatIsNoneStopsTheStart(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"is called like":    {"imprint.html": "Imprint"},
		"has no title":      {"imprint.txt": "  \n"},
		"is larger than":    {"imprint.txt": strings.Repeat("x", longestText+1)},
		"21 pages":          many(mostTexts + 1),
		"no such file":      nil,
		"is called like 20": {"Imprint.txt": "Imprint"},
	} {
		at := folder(t, files)
		if files == nil {
			at += "/none"
		}
		if _, err := textsIn(at); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func many(n int) map[string]string {
	files := map[string]string{}
	for i := range n {
		files["p"+strings.Repeat("x", i)+".txt"] = "Title"
	}
	return files
}
