package engine

import (
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// wherePackagesComeFrom are the settings of npm that a build needs as well: registries, of a scope too, and who one is there.
var wherePackagesComeFrom = regexp.MustCompile(`^\s*(registry|@[^=\s]+:registry|//[^=\s]+)\s*=`)

// npmrc makes the settings for an npm in RUN, given as the secret npmrc: where this user's packages come from, and whom this
// machine trusts, as a proxy may stand between. A Dockerfile takes it with RUN --mount=type=secret,id=npmrc,target=/root/.npmrc,
// which docker build lets go without.
func npmrc(settings, bundle []byte) []byte {
	var out strings.Builder
	for line := range strings.Lines(string(settings)) {
		if wherePackagesComeFrom.MatchString(line) {
			out.WriteString(strings.TrimSpace(line) + "\n")
		}
	}
	for {
		block, rest := pem.Decode(bundle)
		if block == nil {
			return []byte(out.String())
		}
		text := strings.TrimSpace(string(pem.EncodeToMemory(block)))
		fmt.Fprintf(&out, "ca[]=%q\n", text)
		bundle = rest
	}
}

// machineNpmrc is that of this machine and user.
func machineNpmrc() []byte {
	var settings []byte
	home, _ := os.UserHomeDir()
	for _, path := range []string{"/etc/npmrc", "/usr/etc/npmrc", "/usr/local/etc/npmrc", filepath.Join(home, ".npmrc")} {
		text, _ := os.ReadFile(path) // one that is not there says nothing
		settings = append(append(settings, text...), '\n')
	}
	bundle := "/etc/ssl/certs/ca-certificates.crt"
	if named := os.Getenv("SSL_CERT_FILE"); named != "" {
		bundle = named
	}
	text, _ := os.ReadFile(bundle)
	return npmrc(settings, text)
}
