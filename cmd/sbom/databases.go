package main

import (
	"cmp"
	"encoding/json"
	"io/fs"
	"path"
	"strings"
)

// distribution is the ID of etc/os-release: debian, ubuntu, alpine.
func distribution(root fs.FS) string {
	for _, file := range []string{"etc/os-release", "usr/lib/os-release"} {
		text, err := fs.ReadFile(root, file)
		if err != nil {
			continue
		}
		for _, line := range strings.Split(string(text), "\n") {
			if id, is := strings.CutPrefix(line, "ID="); is {
				return strings.Trim(id, `"'`)
			}
		}
	}
	return ""
}

// paragraphs of "Key: value" lines, parted by empty ones; what goes on in the next line is left out.
func paragraphs(text, separator string) (out []map[string]string) {
	for _, block := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		fields := map[string]string{}
		for _, line := range strings.Split(block, "\n") {
			key, value, is := strings.Cut(line, separator)
			if _, twice := fields[key]; is && !twice && key != "" && key[0] != ' ' && key[0] != '\t' {
				fields[key] = strings.TrimSpace(value)
			}
		}
		out = append(out, fields)
	}
	return out
}

func debian(text, file, system string) (out []pkg) {
	for _, p := range paragraphs(text, ":") {
		name, version, state := p["Package"], p["Version"], p["Status"]
		if name == "" || version == "" || (state != "" && !strings.HasSuffix(state, " installed")) {
			continue
		}
		purl := "pkg:deb/" + cmp.Or(system, "debian") + "/" + escaped(name) + "@" + escaped(version)
		if arch := p["Architecture"]; arch != "" {
			purl += "?arch=" + escaped(arch)
		}
		out = append(out, pkg{name, version, purl, file})
	}
	return out
}

func alpine(text, file string) (out []pkg) {
	for _, p := range paragraphs(text, ":") {
		if name, version := p["P"], p["V"]; name != "" && version != "" {
			out = append(out, pkg{name, version, "pkg:apk/alpine/" + escaped(name) + "@" + escaped(version), file})
		}
	}
	return out
}

// isNPM: the package.json of an installed package, node_modules/name or node_modules/@scope/name.
func isNPM(file string) bool {
	if path.Base(file) != "package.json" {
		return false
	}
	above := path.Dir(path.Dir(file))
	if strings.HasPrefix(path.Base(above), "@") {
		above = path.Dir(above)
	}
	return path.Base(above) == "node_modules"
}

func npm(text, file string) []pkg {
	var p struct{ Name, Version string }
	if json.Unmarshal([]byte(text), &p) != nil || p.Name == "" || p.Version == "" {
		return nil
	}
	return []pkg{{p.Name, p.Version, "pkg:npm/" + strings.Replace(p.Name, "@", "%40", 1) + "@" + escaped(p.Version), file}}
}

func python(text, file string) []pkg {
	head, _, _ := strings.Cut(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n")
	p := paragraphs(head, ":")[0]
	name, version := p["Name"], p["Version"]
	if name == "" || version == "" {
		return nil
	}
	return []pkg{{name, version, "pkg:pypi/" + strings.ReplaceAll(strings.ToLower(name), "_", "-") + "@" + escaped(version), file}}
}
