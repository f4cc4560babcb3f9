package main

import (
	"embed"
	"fmt"
	"io/fs"

	checks "github.com/aquasecurity/trivy-checks"
	"github.com/aquasecurity/trivy-checks/pkg/compliance"
	"gopkg.in/yaml.v3"
)

const benchmark = "rke2-cis-1.24"

// Asked is a benchmark with what collects the facts for it.
type Asked struct {
	ID       string    `json:"id"`
	Title    string    `json:"title"`
	Controls []Control `json:"controls"`
	Commands []Command `json:"commands"`
	// Places: component -> kind of file -> paths, of which the first that is there counts
	Places any `json:"places"`
	// Kubelet: key of a fact -> path in the kubelet's own answer (/configz)
	Kubelet map[string]string `json:"kubelet"`
}

// Control without checks is looked at by people.
type Control struct {
	ID       string `yaml:"id" json:"id"`
	Name     string `yaml:"name" json:"name"`
	Checks   []Name `yaml:"checks" json:"checks"`
	Commands []Name `yaml:"commands" json:"commands"`
	Severity string `yaml:"severity" json:"severity"`
}

// Name of a check or a command.
type Name struct {
	ID string `yaml:"id" json:"id"`
}

// Command is a line of shell that is run on nodes of its type; what it prints are the values of its key.
type Command struct {
	ID       string `yaml:"id" json:"id"`
	Key      string `yaml:"key" json:"key"`
	NodeType string `yaml:"nodeType" json:"nodeType"`
	Audit    string `yaml:"audit" json:"audit"`
}

func published() (Asked, error) {
	var document struct {
		Spec struct {
			ID       string    `yaml:"id"`
			Title    string    `yaml:"title"`
			Controls []Control `yaml:"controls"`
		} `yaml:"spec"`
	}
	if err := yaml.Unmarshal([]byte(compliance.GetSpec(benchmark)), &document); err != nil {
		return Asked{}, err
	}
	if len(document.Spec.Controls) == 0 {
		return Asked{}, fmt.Errorf("trivy-checks has no benchmark %s", benchmark)
	}
	asked := Asked{ID: document.Spec.ID, Title: document.Spec.Title, Controls: document.Spec.Controls}
	return asked, asked.collect()
}

func (asked *Asked) collect() error {
	var places struct {
		Node any `yaml:"node"`
	}
	configuration := checks.EmbeddedConfigCommandsFileSystem
	if err := read(configuration, "commands/config/node.yaml", &places); err != nil {
		return err
	}
	asked.Places = places.Node
	if err := read(configuration, "commands/config/kubelet_mapping.yaml", &asked.Kubelet); err != nil {
		return err
	}
	files := checks.EmbeddedK8sCommandsFileSystem
	return fs.WalkDir(files, "commands/kubernetes", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		var commands []Command
		err = read(files, path, &commands)
		asked.Commands = append(asked.Commands, commands...)
		return err
	})
}

func read(files embed.FS, path string, into any) error {
	text, err := files.ReadFile(path)
	if err != nil {
		return err
	}
	return yaml.Unmarshal(text, into)
}
