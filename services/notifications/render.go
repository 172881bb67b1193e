package notifications

import (
	"bytes"
	"embed"
	"fmt"
	"strings"
	"text/template"

	"github.com/emporium-shop/emporium/services/internal/money"
)

//go:embed templates
var files embed.FS

// templates are the texts by language and kind.
var templates = parse()

// shown is what a template may show.
type shown struct {
	Order
	// Amount is what went back, Cards what of it went to gift cards, and Bank tells whether a bank has any of it.
	Amount, Cards string
	Bank          bool
	Parcel        Parcel
	// Link is the order's page; empty where the shop does not say where it is.
	Link   string
	locale string
}

// linkTo is the template of what every mail ends with.
const linkTo = "link"

// Money is an amount as people of the mail's language write it.
func (s shown) Money(m money.Money) string { return m.Format(s.locale) }

// Less is an amount that is taken off.
func (s shown) Less(m money.Money) string { return m.Neg().Format(s.locale) }

// Rate is a rate as people of the mail's language write it.
func (s shown) Rate(rate string) string {
	if s.locale == "de" {
		return strings.ReplaceAll(rate, ".", ",") + " %"
	}
	return rate + "%"
}

func parse() map[string]*template.Template {
	all := map[string]*template.Template{}
	for _, locale := range languages {
		for _, kind := range []string{string(Placed), string(Paid), string(Sent), string(Cancelled), string(Refunded), parcelText, deliveredText, linkTo} {
			name := locale + "/" + kind
			// A template that is missing or wrong ends the program at its start, and every test.
			all[name] = template.Must(template.New(name).Option("missingkey=error").Funcs(template.FuncMap{"clean": clean}).ParseFS(files, "templates/"+name+".txt"))
		}
	}
	return all
}

// render writes subject and text: the first line of the template, and what
// follows an empty one.
func render(locale string, n Notice, o Order, link string) (subject, text string, err error) {
	t := templates[locale+"/"+n.template()]
	if t == nil {
		return "", "", fmt.Errorf("writing a mail: there is no template for %s in %s", n.template(), locale)
	}
	what := shown{Order: o, locale: locale}
	if n.Amount != nil {
		what.Amount, what.Bank = what.Money(*n.Amount), n.Cards == nil || n.Cards.Minor() < n.Amount.Minor()
	}
	if n.Cards != nil {
		what.Cards = what.Money(*n.Cards)
	}
	if n.Parcel != nil {
		what.Parcel = *n.Parcel
	}
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, n.template()+".txt", what); err != nil {
		return "", "", fmt.Errorf("writing a mail: %w", err)
	}
	if link != "" {
		what.Link = link
		if err := templates[locale+"/"+linkTo].ExecuteTemplate(&out, linkTo+".txt", what); err != nil {
			return "", "", fmt.Errorf("writing the link of a mail: %w", err)
		}
	}
	subject, text, _ = strings.Cut(out.String(), "\n\n")
	return subject, strings.TrimSpace(text) + "\n", nil
}
