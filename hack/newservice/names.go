package main

import (
	"errors"
	"flag"
	"fmt"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/hack/services"
)

// service is what the templates are filled with.
type service struct {
	// Name is that of folder, image and ShopService: gift-cards.
	Name string
	// Path is its route in the shop.
	Path string
	// About is a sentence for people.
	About string
}

// Package is its Go package: giftcards.
func (s service) Package() string { return strings.ReplaceAll(s.Name, "-", "") }

// Schema is its schema, and its role, in PostgreSQL: gift_cards.
func (s service) Schema() string { return strings.ReplaceAll(s.Name, "-", "_") }

func (s service) folder() string { return "services/" + s.Name }

const usage = `usage: go run ./hack/newservice NAME [-path /api/NAME] [-about "A sentence."]`

func parse(args []string) (s service, err error) {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return s, errors.New("name the service first\n" + usage)
	}
	s.Name = args[0]
	f := flag.NewFlagSet("newservice", flag.ContinueOnError)
	f.StringVar(&s.Path, "path", "/api/"+s.Name, "its path in the shop, with all below it")
	f.StringVar(&s.About, "about", "", "what it is, in one sentence that ends with a full stop")
	language := f.String("language", "go", "the language; for others than go follow docs/guides/add-a-service-in-another-language.md")
	if err := f.Parse(args[1:]); err != nil {
		return s, err
	}
	if f.NArg() > 0 {
		return s, fmt.Errorf("there is %q behind the name: a service has one word, parts of it joined with -\n%s", f.Arg(0), usage)
	}
	if *language != "go" {
		return s, fmt.Errorf("there are templates for go alone: for %s follow docs/guides/add-a-service-in-another-language.md", *language)
	}
	if s.About == "" {
		s.About = "Items of " + s.Name + "."
	}
	return s, nil
}

var (
	nameForm  = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	pathForm  = regexp.MustCompile(`^(/[a-z0-9][a-z0-9.-]*)+$`)
	aboutForm = regexp.MustCompile(`^[A-Z][^"\\\x60\n]*\.$`)
)

// longest is how long the name of a ShopService may be, its worker's included.
const longest = 30 - len("-worker")

// taken are names that would mean something else, with what.
var taken = map[string]string{
	"internal": "is what services share", "conform": "is the contract's checker", "contract": "is the contract", "tokens": "is a package that services share",
	"shop": "is the shop as a whole", "gateway": "is the front door", "tiny": "is there for tests",
	"database": "would read its address where others read DATABASE_URL", "shop-jwks": "would read its address where others read SHOP_JWKS_URL",
	"api": "is a file that every service has", "store": "is a file that every service has", "service": "is a file that every service has", "seed": "is a file that every service has",
	"app": "is a package that every service imports", "main": "is what Go calls programs", "postgres": "is PostgreSQL's superuser", "public": "is a schema of everybody",
}

// check tells why there cannot be such a service, and what to do.
func (s service) check(checkout string) error {
	why, means := taken[s.Name]
	switch {
	case !nameForm.MatchString(s.Name):
		return fmt.Errorf("%q cannot be a name: use small letters, digits and single -, and begin with a letter: gift-cards", s.Name)
	case len(s.Name) > longest:
		return fmt.Errorf("%s has %d characters, %d are possible: choose a shorter one", s.Name, len(s.Name), longest)
	case means:
		return fmt.Errorf("%s %s: choose another name", s.Name, why)
	case strings.HasSuffix(s.Name, "-worker"):
		return fmt.Errorf("%s would be the worker of %s: choose a name without -worker", s.Name, strings.TrimSuffix(s.Name, "-worker"))
	case strings.HasPrefix(s.Name, "pg-") || slices.Contains(reserved, s.Schema()):
		return fmt.Errorf("%s cannot be a schema, the word is PostgreSQL's: choose another one, the plural for example", s.Name)
	case token.IsKeyword(s.Package()):
		return fmt.Errorf("%s cannot be a package, the word is Go's: choose another one, the plural for example", s.Name)
	case !pathForm.MatchString(s.Path) || !strings.HasPrefix(s.Path, "/api/"):
		return fmt.Errorf("-path %s: begin with /api/, and use small letters, digits, - and . : /api/%s", s.Path, s.Name)
	case !aboutForm.MatchString(s.About):
		return fmt.Errorf("-about %q: write one sentence with a capital letter and a full stop, without quotes", s.About)
	}
	return s.checkOthers(checkout)
}

// checkOthers looks at what is there.
func (s service) checkOthers(checkout string) error {
	if _, err := os.Lstat(filepath.Join(checkout, s.folder())); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s is there: choose another name, or remove it first (git rm -r %[1]s && make generate)", s.folder())
	}
	all, err := services.Find(checkout)
	if err != nil {
		return err
	}
	for _, other := range all {
		for _, r := range other.Manifest().Spec.Routes {
			if r.Path == s.Path {
				return fmt.Errorf("%s is the path of %s: give this service another one with -path", s.Path, other.Name)
			}
		}
	}
	return nil
}
