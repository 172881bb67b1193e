// In which language a page is: what its address says, else what the visitor chose before, else the shop's own (ADR 0039).
package storefront

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// languages are those that the pages are written in, and what each calls itself.
var languages = []struct{ Code, Name string }{{english, "English"}, {german, "Deutsch"}}

const (
	english, german = "en", "de"
	// languageCookie holds what a visitor chose. It tells nothing of him, so it need not be one of __Host-.
	languageCookie = "shop_language"
	languagePath   = "/language/{lang}"
)

// spoken is the key of the language that an address names.
type spoken struct{}

func aLanguage(code string) bool {
	return slices.ContainsFunc(languages, func(l struct{ Code, Name string }) bool { return l.Code == code })
}

// own is the shop's language: that of SHOP_LOCALE, or English.
func (s settings) own() string {
	if code := languageOf(s.locale); code != "" {
		return code
	}
	return english
}

// languageIn is the language of a request's page. Accept-Language does not count: one address would show two pages.
func (s settings) languageIn(r *http.Request) string {
	if code, named := r.Context().Value(spoken{}).(string); named {
		return code
	}
	if cookie, err := r.Cookie(languageCookie); err == nil && aLanguage(cookie.Value) {
		return cookie.Value
	}
	return s.own()
}

// in answers a page under the address of a language, and keeps to it from then on. In the shop's own language pages have no such
// address: each has one.
func (s *shop) in(code string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		choose(w, r, code)
		if code == s.own() {
			to := url.URL{Path: local(strings.TrimPrefix(r.URL.Path, "/"+code)), RawQuery: r.URL.RawQuery}
			http.Redirect(w, r, to.String(), http.StatusFound)
			return
		}
		next(w, r.WithContext(context.WithValue(r.Context(), spoken{}, code)))
	}
}

// chooseLanguage is where the links at the foot lead: the same page, in the other language.
func (s *shop) chooseLanguage(w http.ResponseWriter, r *http.Request) {
	code := r.PathValue("lang")
	if !aLanguage(code) {
		s.fail(w, r, http.StatusNotFound)
		return
	}
	choose(w, r, code)
	to, err := url.Parse(r.URL.Query().Get("to"))
	if err != nil || to.Host != "" || to.Scheme != "" || to.Opaque != "" {
		to = &url.URL{Path: "/"}
	}
	target := url.URL{Path: local(to.Path), RawQuery: to.RawQuery}
	http.Redirect(w, r, target.String(), http.StatusSeeOther)
}

// local is a path of this shop, whatever somebody wrote: "//host" and "/\host" lead elsewhere.
func local(path string) string {
	return "/" + strings.TrimLeft(path, `/\`)
}

func choose(w http.ResponseWriter, r *http.Request, code string) {
	http.SetCookie(w, &http.Cookie{
		Name: languageCookie, Value: code, Path: "/", MaxAge: int(cookieAge.Seconds()), HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure(r),
	})
}

// prefixed is the address of a page in a language.
func (s settings) prefixed(code, path string) string {
	if code == s.own() {
		return path
	}
	return "/" + code + path
}

// version is a page in a language, for search engines and for the foot of the page.
type version struct{ Lang, Name, Path, Switch string }

// back is where a choice of language leads from a page: to the page, as far as its address may be written into it. What somebody typed
// or was told alone is not.
func back(r *http.Request, code int, p page) string {
	switch {
	case p.Path != "":
		return p.Path
	case code == http.StatusOK && !p.Secret && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		return r.URL.Path
	}
	return "/"
}

// versions are the page in all languages. One that is not to be found has none for search engines.
func (s *shop) versions(here, path string) (all []version) {
	for _, l := range languages {
		v := version{Lang: l.Code, Name: l.Name, Switch: "/language/" + l.Code + "?" + url.Values{"to": {here}}.Encode()}
		if path != "" {
			v.Path = s.prefixed(l.Code, path)
		}
		all = append(all, v)
	}
	return all
}

// listedLinks are the links of a page that lead to pages which have an address in each language.
var listedLinks = []string{`href="/"`, `href="/?`, `href="/products/`, `href="/pages/`}

// inside makes links of a page stay within its language. What others wrote cannot hold a quote that is none of a template's.
func (s *shop) inside(code string, page []byte) []byte {
	if code == s.own() {
		return page
	}
	var pairs []string
	for _, link := range listedLinks {
		pairs = append(pairs, link, strings.Replace(link, `"/`, `"/`+code+"/", 1))
	}
	return []byte(strings.NewReplacer(pairs...).Replace(string(page)))
}
