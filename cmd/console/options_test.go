package main

import (
	"net"
	"slices"
	"strings"
	"testing"
)

func TestTokensTravelOverHTTPSOnly(t *testing.T) {
	for args, ok := range map[string]bool{
		"":                                 true,
		"--url=https://console.example":    true,
		"--url=https://console.example/":   true,
		"--url=https://c.example:8443":     true,
		"--url=http://localhost:8080":      true,
		"--url=http://127.0.0.1:8080":      true,
		"--url=http://[::1]:8080":          true,
		"--url=http://console.example":     false,
		"--url=http://localhost.evil.com":  false,
		"--url=console.example":            false,
		"--url=https://c.example/path":     false,
		"--url=https://me@c.example":       false,
		"--url=https://c.example?x":        false,
		"--url=https://":                   false,
		"--api-server=http://10.0.0.1":     false,
		"--api-server=kubernetes":          false,
		"--api-server=https://10.0.0.1:64": true,
	} {
		if _, err := parse(strings.Fields(args)); (err == nil) != ok {
			t.Errorf("%s: %v", args, err)
		}
	}
}

func TestWhichNamesAreAnswered(t *testing.T) {
	o, err := parse([]string{"--url=https://console.example", "--url=http://localhost:9000"})
	if err != nil {
		t.Fatal(err)
	}
	hosts, secure := o.hosts(&net.TCPAddr{Port: 8080})
	if want := []string{"127.0.0.1:8080", "localhost:8080", "console.example", "localhost:9000"}; !slices.Equal(hosts, want) || !secure {
		t.Errorf("%v, secure: %t", hosts, secure)
	}
	o.urls = nil
	if hosts, secure = o.hosts(&net.TCPAddr{Port: 8080}); len(hosts) != 2 || secure {
		t.Errorf("without --url: %v, secure: %t", hosts, secure)
	}
}
