package main

import (
	"strconv"
	"strings"
)

// fallback is the value of a field that is not set, as the API server fills it in.
func fallback(s schema) string {
	if len(s.Default) == 0 {
		return ""
	}
	return "`" + strings.Trim(string(s.Default), `"`) + "`"
}

// bounds says what values a field may have.
func bounds(s schema) string {
	out := values(s)
	if s.Items != nil {
		if each := values(*s.Items); len(each) > 0 {
			out = append(out, "each "+strings.Join(each, ", "))
		}
	}
	return strings.Join(out, "; ")
}

func values(s schema) []string {
	var out []string
	add := func(text string) {
		if text != "" {
			out = append(out, text)
		}
	}
	if len(s.Enum) > 0 {
		out = append(out, "`"+strings.Join(s.Enum, "`, `")+"`")
	}
	add(span(s.Minimum, s.Maximum, ""))
	add(span(s.MinLength, s.MaxLength, "characters"))
	add(span(s.MinItems, s.MaxItems, "items"))
	add(span(s.MinProperties, s.MaxProperties, "entries"))
	if s.Pattern != "" {
		out = append(out, "`"+s.Pattern+"`")
	}
	switch s.ListType {
	case "map":
		out = append(out, "unique by "+strings.Join(s.ListMapKeys, ", "))
	case "set":
		out = append(out, "unique")
	}
	return out
}

// span says "1–50", "from 1" or "up to 50", of a unit.
func span(least, most *float64, unit string) string {
	var out string
	switch {
	case least != nil && most != nil && *least == *most:
		out = number(*least)
	case least != nil && most != nil:
		out = number(*least) + "–" + number(*most)
	case least != nil:
		out = "from " + number(*least)
	case most != nil:
		out = "up to " + number(*most)
	default:
		return ""
	}
	return strings.TrimSpace(out + " " + unit)
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
