package settings

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/services/gateway/internal/admit"
)

// env reads variables and collects what is wrong with them.
type env struct {
	lookup func(string) (string, bool)
	errs   []error
}

func (e *env) get(name string) string {
	value, _ := e.lookup(name)
	return strings.TrimSpace(value)
}

func (e *env) fail(name string, err error) {
	e.errs = append(e.errs, fmt.Errorf("reading %s: %w", name, err))
}

func (e *env) required(name string) string {
	value := e.get(name)
	if value == "" {
		e.fail(name, errors.New("it is not set"))
	}
	return value
}

func (e *env) number(name string, unset, least, most int64) int64 {
	return parsed(e, name, unset, least, most, func(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) })
}

func (e *env) duration(name string, unset, least, most time.Duration) time.Duration {
	return parsed(e, name, unset, least, most, time.ParseDuration)
}

func parsed[T cmp.Ordered](e *env, name string, unset, least, most T, parse func(string) (T, error)) T {
	text := e.get(name)
	if text == "" {
		return unset
	}
	value, err := parse(text)
	if err == nil && (value < least || value > most) {
		err = fmt.Errorf("%v is not between %v and %v", value, least, most)
	}
	if err != nil {
		e.fail(name, err)
		return unset
	}
	return value
}

func (e *env) flag(name string, unset bool) bool {
	text := e.get(name)
	if text == "" {
		return unset
	}
	value, err := strconv.ParseBool(text)
	if err != nil {
		e.fail(name, err)
	}
	return value
}

func (e *env) prefixes(name string) (all []netip.Prefix) {
	for text := range strings.SplitSeq(e.get(name), ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			e.fail(name, err)
		}
		all = append(all, prefix)
	}
	return all
}

// words reads a list of words, in lower case; "none" is an empty one.
func (e *env) words(name, unset string) (all []string) {
	text := strings.ToLower(cmp.Or(e.get(name), unset))
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word != "" && word != "none" {
			all = append(all, word)
		}
	}
	return all
}

func (e *env) host(name, unset string) string {
	host := cmp.Or(e.get(name), unset)
	if host != "" && !admit.Host(host) {
		e.fail(name, fmt.Errorf("%q is not a host", host))
	}
	return host
}
