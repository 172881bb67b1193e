package main

import (
	"cmp"
	"debug/buildinfo"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"
)

// pkg is something that an image holds.
type pkg struct {
	name, version string
	// purl names it for whoever looks up vulnerabilities.
	purl string
	// found is the file that tells of it.
	found string
}

// mostFile is the largest file that is read as a list of packages, in bytes.
const mostFile = 64 << 20

// packagesOf lists what is in a root, each once, by name.
func packagesOf(root fs.FS) ([]pkg, error) {
	var all []pkg
	system := distribution(root)
	err := fs.WalkDir(root, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrPermission) {
				return fs.SkipDir
			}
			return err
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		found, err := packagesIn(root, file, entry, system)
		all = append(all, found...)
		return err
	})
	slices.SortFunc(all, func(a, b pkg) int {
		return cmp.Or(cmp.Compare(a.purl, b.purl), cmp.Compare(a.found, b.found))
	})
	return slices.CompactFunc(all, func(a, b pkg) bool { return a.purl == b.purl }), err
}

// packagesIn reads a file that tells of packages; of most files there are none.
func packagesIn(root fs.FS, file string, entry fs.DirEntry, system string) ([]pkg, error) {
	switch {
	case file == "var/lib/dpkg/status", strings.HasPrefix(file, "var/lib/dpkg/status.d/") && !strings.HasSuffix(file, ".md5sums"):
		return textOf(root, file, func(text string) []pkg { return debian(text, file, system) })
	case file == "lib/apk/db/installed", file == "usr/lib/apk/db/installed":
		return textOf(root, file, func(text string) []pkg { return alpine(text, file) })
	case isNPM(file):
		return textOf(root, file, func(text string) []pkg { return npm(text, file) })
	case path.Base(file) == "METADATA" && strings.HasSuffix(path.Dir(file), ".dist-info"):
		return textOf(root, file, func(text string) []pkg { return python(text, file) })
	}
	info, err := entry.Info()
	if err != nil || info.Mode()&0o111 == 0 {
		return nil, err
	}
	return goProgram(root, file)
}

func textOf(root fs.FS, file string, read func(string) []pkg) ([]pkg, error) {
	f, err := root.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostFile))
	return read(string(text)), err
}

// goProgram lists the modules that a program was built of. What is no program of Go has none.
func goProgram(root fs.FS, file string) ([]pkg, error) {
	f, err := root.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	at, can := f.(io.ReaderAt)
	if !can {
		return nil, nil
	}
	info, err := buildinfo.Read(at)
	if err != nil {
		return nil, nil // another program, or a script
	}
	version := strings.TrimPrefix(info.GoVersion, "go")
	out := []pkg{{"stdlib", version, "pkg:golang/stdlib@" + version, file}}
	if info.Main.Path != "" {
		out = append(out, module(info.Main.Path, info.Main.Version, file))
	}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		out = append(out, module(m.Path, m.Version, file))
	}
	return out, nil
}

func module(name, version, file string) pkg {
	purl := "pkg:golang/" + strings.ToLower(name)
	if version != "" && version != "(devel)" {
		purl += "@" + escaped(version)
	}
	return pkg{name, version, purl, file}
}

// escaped is a version as a purl holds it.
func escaped(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "%3A", ":") }
