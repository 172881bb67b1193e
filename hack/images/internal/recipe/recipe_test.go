package recipe

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

const service = `FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN --mount=type=cache,target=/root/.cache CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X a/build.Version=${VERSION}" -o /out/catalog ./services/catalog

FROM scratch
ARG VERSION
COPY --from=build /out/catalog /catalog
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /src/services/catalog/pictures /pictures
LABEL org.opencontainers.image.version="${VERSION}"
ENV HOME=/tmp
USER 65532:65532
EXPOSE 8080 9090/udp
ENTRYPOINT ["/catalog"]
CMD ["serve"]
`

func TestReadUnderstandsAService(t *testing.T) {
	got, err := Read("services/catalog/Dockerfile", []byte(service), "v1.2")
	if err != nil {
		t.Fatal(err)
	}
	want := Recipe{
		Builds: []Build{{
			Env:    []string{"CGO_ENABLED=0"},
			Args:   []string{"build", "-trimpath", "-ldflags", "-s -w -X a/build.Version=v1.2", "./services/catalog"},
			Output: "/out/catalog",
		}},
		Copies: []Copy{
			{Built, "/out/catalog", "/catalog"},
			{Host, "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/"},
			{Context, "services/catalog/pictures", "/pictures"},
		},
		Config: v1.Config{
			Env: []string{"HOME=/tmp"}, User: "65532:65532", Entrypoint: []string{"/catalog"}, Cmd: []string{"serve"},
			ExposedPorts: map[string]struct{}{"8080/tcp": {}, "9090/udp": {}},
			Labels:       map[string]string{"org.opencontainers.image.version": "v1.2"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestReadRefuses shows what would make another image than Docker, and is therefore refused with file and line.
func TestReadRefuses(t *testing.T) {
	tests := map[string]struct{ old, new, want string }{
		"another base":         {"FROM scratch", "FROM debian:12", "D:9: the image must be made FROM scratch"},
		"another build image":  {"FROM golang:1.26", "FROM rust:1", "D:1: a stage to build in must be FROM golang"},
		"another command":      {"RUN go mod download", "RUN apt-get install git", "D:4: can run only go build"},
		"two commands":         {"go build -trimpath", "go build && true", "D:7: can run only one command"},
		"no output":            {"-o /out/catalog", "", "D:7: go build needs -o"},
		"output to a folder":   {"-o /out/catalog", "-o /out/", "D:7: go build needs -o"},
		"a secret":             {"type=cache,target=/root/.cache", "type=secret,id=key", "D:7: cannot mount anything but a cache"},
		"a file nobody makes":  {"/out/catalog /catalog", "/out/other /catalog", "D:11: nothing here makes /out/other"},
		"a stage nobody has":   {"COPY --from=build /out", "COPY --from=other /out", "D:11: nothing here makes"},
		"an owner":             {"COPY --from=build /out", "COPY --chown=1 --from=build /out", "D:11: COPY can have no flag"},
		"a pattern":            {"/out/catalog /catalog", "/out/* /catalog", "D:11: COPY can have no pattern"},
		"a shell":              {`ENTRYPOINT ["/catalog"]`, "ENTRYPOINT /catalog", "D:18: ENTRYPOINT must be a list"},
		"a run in the image":   {"USER 65532:65532", "RUN true", "D:16: cannot do RUN in an image"},
		"a probe":              {"USER 65532:65532", "HEALTHCHECK NONE", "D:16: cannot do HEALTHCHECK in an image"},
		"add while building":   {"COPY . .", "ADD . .", "D:5: cannot do ADD in a stage to build in"},
		"no Dockerfile at all": {"FROM golang:1.26 AS build", "nonsense", "D"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(service, test.old, test.new, 1)
			if text == service {
				t.Fatal("the test changes nothing")
			}
			_, err := Read("D", []byte(text), "v1")
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}
