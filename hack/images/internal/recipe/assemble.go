package recipe

import (
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

// shared are the folders that may be copied from the Go image, because this machine has them as well.
var shared = []string{"/etc/ssl/certs/", "/usr/share/zoneinfo/"}

// assemble reads a line of the final stage.
func (r *reader) assemble(command instructions.Command) error {
	config := &r.recipe.Config
	switch c := command.(type) {
	case *instructions.CopyCommand:
		return r.copy(c)
	case *instructions.ArgCommand:
		return r.arguments(c)
	case *instructions.EnvCommand:
		return r.imageEnvironment(c)
	case *instructions.LabelCommand:
		return r.labels(c)
	case *instructions.UserCommand:
		config.User = c.User
	case *instructions.WorkdirCommand:
		config.WorkingDir = path.Join("/", config.WorkingDir, c.Path)
	case *instructions.StopSignalCommand:
		config.StopSignal = c.Signal
	case *instructions.ExposeCommand:
		config.ExposedPorts = exposed(config.ExposedPorts, c.Ports)
	case *instructions.EntrypointCommand:
		return r.execForm(c, c.ShellDependantCmdLine, &config.Entrypoint)
	case *instructions.CmdCommand:
		return r.execForm(c, c.ShellDependantCmdLine, &config.Cmd)
	default:
		return r.fail(command.Location(), "cannot do %s in an image", command.Name())
	}
	return nil
}

func (r *reader) copy(c *instructions.CopyCommand) error {
	if c.Chown != "" || c.Chmod != "" || len(c.ExcludePatterns) > 0 || len(c.SourceContents) > 0 {
		return r.fail(c.Location(), "COPY can have no flag but --from")
	}
	for _, source := range c.SourcePaths {
		if strings.ContainsAny(source, "*?[") {
			return r.fail(c.Location(), "COPY can have no pattern: %s", source)
		}
		to := path.Join("/", r.recipe.Config.WorkingDir, c.DestPath)
		if path.IsAbs(c.DestPath) {
			to = path.Clean(c.DestPath)
		}
		if strings.HasSuffix(c.DestPath, "/") {
			to = strings.TrimSuffix(to, "/") + "/"
		}
		origin, from, known := r.origin(c.From, source)
		if !known {
			return r.fail(c.Location(), "nothing here makes %s", source)
		}
		r.recipe.Copies = append(r.recipe.Copies, Copy{origin, from, to})
	}
	return nil
}

// origin tells where a file of a stage really is on this machine.
func (r *reader) origin(stage, source string) (Origin, string, bool) {
	if stage == "" {
		return Context, path.Clean(strings.TrimPrefix(source, "/")), true
	}
	folder, known := r.folder[stage]
	if !known {
		return "", "", false
	}
	full := path.Join(folder, source)
	if path.IsAbs(source) {
		full = path.Clean(source)
	}
	switch {
	case slices.ContainsFunc(r.recipe.Builds, func(b Build) bool { return b.Output == full }):
		return Built, full, true
	case slices.ContainsFunc(shared, func(folder string) bool { return strings.HasPrefix(full+"/", folder) }):
		return Host, full, true
	case folder != "/" && strings.HasPrefix(full, folder+"/"):
		return Context, strings.TrimPrefix(full, folder+"/"), true
	default:
		return "", "", false
	}
}

func (r *reader) imageEnvironment(c *instructions.EnvCommand) error {
	if err := r.environment(c); err != nil {
		return err
	}
	for _, variable := range c.Env {
		r.recipe.Config.Env = append(r.recipe.Config.Env, variable.Key+"="+r.values[variable.Key])
	}
	return nil
}

func (r *reader) labels(c *instructions.LabelCommand) error {
	if r.recipe.Config.Labels == nil {
		r.recipe.Config.Labels = map[string]string{}
	}
	for _, label := range c.Labels {
		value, err := r.expand(label.Value)
		if err != nil {
			return r.fail(c.Location(), "%v", err)
		}
		r.recipe.Config.Labels[label.Key] = value
	}
	return nil
}

func (r *reader) execForm(c instructions.Command, line instructions.ShellDependantCmdLine, into *[]string) error {
	if line.PrependShell {
		return r.fail(c.Location(), `%s must be a list, ["/like", "this"]: an image from scratch has no shell`, c.Name())
	}
	*into = line.CmdLine
	return nil
}

func exposed(before map[string]struct{}, ports []string) map[string]struct{} {
	config := v1.Config{ExposedPorts: map[string]struct{}{}}
	for port := range before {
		config.ExposedPorts[port] = struct{}{}
	}
	for _, port := range ports {
		if !strings.Contains(port, "/") {
			port += "/tcp"
		}
		config.ExposedPorts[port] = struct{}{}
	}
	return config.ExposedPorts
}
