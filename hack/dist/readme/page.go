package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// page is the README.md of a chart: what its Chart.yaml says of it, how it is installed, and its values.
func page(folder string) (string, error) {
	var about struct{ Name, Description string }
	text, err := os.ReadFile(filepath.Join(folder, "Chart.yaml"))
	if err == nil {
		err = yaml.Unmarshal(text, &about)
	}
	if err != nil {
		return "", fmt.Errorf("reading Chart.yaml: %w", err)
	}
	if text, err = os.ReadFile(filepath.Join(folder, "values.yaml")); err != nil {
		return "", fmt.Errorf("reading values: %w", err)
	}
	values, err := table(text)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`<!-- Made from values.yaml by hack/dist/readme. -->
# %[1]s

%[2]s.

%[3]s
helm install %[1]s %[1]s-<version>.tgz --namespace emporium-system --create-namespace
%[3]s
How to upgrade, uninstall, and come from another form of installation: [docs/guides/install.md](../../docs/guides/install.md).

%[4]s`, about.Name, about.Description, "```", values), nil
}

// table has a row for each value that has a comment. What is below a value with a comment is a part of it.
func table(text []byte) (string, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return "", fmt.Errorf("reading values: %w", err)
	}
	if len(document.Content) == 0 || document.Content[0].Kind != yaml.MappingNode {
		return "", fmt.Errorf("reading values: they are no mapping")
	}
	rows, err := rowsOf("", document.Content[0])
	if err != nil {
		return "", err
	}
	return "| value | default | |\n|---|---|---|\n" + strings.Join(rows, "\n") + "\n", nil
}

func rowsOf(path string, node *yaml.Node) (rows []string, err error) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		at := strings.TrimPrefix(path+"."+key.Value, ".")
		if says := comment(key.HeadComment); says != "" {
			standard, err := compact(value)
			if err != nil {
				return nil, fmt.Errorf("reading the value %s: %w", at, err)
			}
			rows = append(rows, fmt.Sprintf("| `%s` | `%s` | %s |", at, standard, strings.ReplaceAll(says, "|", `\|`)))
			continue
		}
		if value.Kind != yaml.MappingNode || len(value.Content) == 0 {
			return nil, fmt.Errorf("the value %s has no comment: say in values.yaml what it does", at)
		}
		below, err := rowsOf(at, value)
		if err != nil {
			return nil, err
		}
		rows = append(rows, below...)
	}
	return rows, nil
}

// comment is the paragraph that stands directly above a value, as one line.
func comment(head string) string {
	paragraphs := strings.Split(head, "\n\n")
	lines := strings.Split(paragraphs[len(paragraphs)-1], "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(strings.TrimPrefix(line, "#"))
	}
	return strings.Join(lines, " ")
}

// compact is a value on one line.
func compact(node *yaml.Node) (string, error) {
	var value any
	if err := node.Decode(&value); err != nil {
		return "", err
	}
	text, err := json.Marshal(value)
	return string(text), err
}
