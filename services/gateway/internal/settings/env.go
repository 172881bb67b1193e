package settings

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
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
