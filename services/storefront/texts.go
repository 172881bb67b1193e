// The owner's own pages: imprint, terms, withdrawal, privacy, shipping. They are
// files, in the cluster of a ConfigMap, and so a part of the release.
package storefront

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"regexp"
	"strings"
)

const (
	mostTexts   = 20
	longestText = 256 << 10 // bytes
)

// textName is "20-terms.txt": what is before the word only orders.
var textName = regexp.MustCompile(`^(?:[0-9]+-)?([a-z0-9]+(?:-[a-z0-9]+)*)\.txt$`)

// text is one page. Its first line is the title; an empty line ends a paragraph;
// a paragraph that begins with "# " is a heading.
type text struct {
	Slug, Title string
	Blocks      []block
}

type block struct {
	Heading bool
	Text    string
}

// Path is the address of the page.
func (t text) Path() string { return "/pages/" + t.Slug }

// textsIn reads a folder, in the order of the files' names. Hidden names are
// Kubernetes' own; any other that is no text is a mistake, and told.
func textsIn(folder string) (texts []text, err error) {
	files := os.DirFS(folder)
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("reading PAGES_DIR: %w", err)
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		t, err := readText(files, entry.Name())
		if err != nil {
			return nil, fmt.Errorf("reading PAGES_DIR: %w", err)
		}
		texts = append(texts, t)
	}
	if len(texts) > mostTexts {
		return nil, fmt.Errorf("reading PAGES_DIR: it has %d pages, more than %d", len(texts), mostTexts)
	}
	return texts, nil
}

func readText(files fs.FS, name string) (text, error) {
	parts := textName.FindStringSubmatch(name)
	if parts == nil {
		return text{}, fmt.Errorf("%s: a page is called like 20-terms.txt", path.Base(name))
	}
	raw, err := fs.ReadFile(files, name)
	if err != nil {
		return text{}, err
	}
	if len(raw) > longestText {
		return text{}, fmt.Errorf("%s is larger than %d KiB", name, longestText>>10)
	}
	title, rest, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(string(raw)), "\r\n", "\n"), "\n")
	if title == "" {
		return text{}, fmt.Errorf("%s has no title in its first line", name)
	}
	return text{parts[1], strings.TrimSpace(title), blocks(rest)}, nil
}

func blocks(rest string) (all []block) {
	for _, paragraph := range strings.Split(rest, "\n\n") {
		if paragraph = strings.TrimSpace(paragraph); paragraph == "" {
			continue
		}
		words, heading := strings.CutPrefix(paragraph, "# ")
		all = append(all, block{heading, words})
	}
	return all
}

// textPage shows one of them.
func (s *shop) textPage(w http.ResponseWriter, r *http.Request) {
	for _, t := range s.texts {
		if t.Slug == r.PathValue("slug") {
			s.render(w, r, http.StatusOK, "text", page{Title: t.Title, Count: <-s.counting(r), Path: t.Path(), Body: t})
			return
		}
	}
	if s.contents == nil {
		s.fail(w, r, http.StatusNotFound)
		return
	}
	s.contentPage(w, r, r.PathValue("slug"))
}

// delivery is the path of the page that says what shipping costs; empty without one.
func (s *shop) delivery() string {
	for _, t := range s.foot(defaultLocale) {
		if t.Slug == "shipping" {
			return t.Path()
		}
	}
	return ""
}
