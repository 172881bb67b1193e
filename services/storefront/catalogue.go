// The catalogues of messages: one file for each language, with the same keys.
package storefront

import (
	"embed"
	"encoding/json"
	"fmt"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	messages "golang.org/x/text/message/catalog"
)

//go:embed messages
var messageFiles embed.FS

// saying is what a language says for a key: one text, or by CLDR's rules one for each kind of number. The number is the first argument.
type saying struct {
	Text       string
	One, Other string
}

// UnmarshalJSON takes a text, or an object with "one" and "other".
func (e *saying) UnmarshalJSON(raw []byte) error {
	if err := json.Unmarshal(raw, &e.Text); err == nil {
		return nil
	}
	type forms saying
	return json.Unmarshal(raw, (*forms)(e))
}

// plural tells whether the text depends on a number.
func (e saying) plural() bool { return e.Other != "" }

// catalogue holds what is said in a language, by what it is in English.
type catalogue map[string]saying

// catalogues are read once, with the program: a file that is none ends every start, and every test.
var catalogues = func() map[string]catalogue {
	all := map[string]catalogue{}
	for _, l := range languages {
		read, err := readCatalogue(l.Code)
		if err != nil {
			panic(err)
		}
		all[l.Code] = read
	}
	return all
}()

func readCatalogue(code string) (read catalogue, err error) {
	raw, err := messageFiles.ReadFile("messages/" + code + ".json")
	if err == nil {
		err = json.Unmarshal(raw, &read)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the catalogue of %s: %w", code, err)
	}
	return read, nil
}

// dictionary are all catalogues, for what has arguments.
var dictionary = func() messages.Catalog {
	b := messages.NewBuilder(messages.Fallback(language.English))
	for code, texts := range catalogues {
		for key, e := range texts {
			if err := e.into(b, language.Make(code), key); err != nil {
				panic(err)
			}
		}
	}
	return b
}()

func (e saying) into(b *messages.Builder, code language.Tag, key string) error {
	if e.plural() {
		return b.Set(code, key, plural.Selectf(1, "%d", plural.One, e.One, plural.Other, e.Other))
	}
	return b.SetString(code, key, e.Text)
}
