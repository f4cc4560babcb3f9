// The published CIS benchmark of RKE2, and trivy's verdict by it: github.com/aquasecurity/trivy-checks has the controls, the commands that
// collect a node's facts and the checks in Rego; github.com/aquasecurity/trivy evaluates them, as `trivy k8s --compliance` does.
//
//	cis spec      what is asked: controls, commands and where they find things, as JSON
//	cis judge DIR each file of DIR is one object of the API, or the facts of a node (kind NodeInfo); a line of JSON for each check and file
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/aquasecurity/trivy/pkg/iac/framework"
	"github.com/aquasecurity/trivy/pkg/iac/rego"
	"github.com/aquasecurity/trivy/pkg/iac/scan"
	"github.com/aquasecurity/trivy/pkg/iac/scanners/kubernetes"
)

// Verdict of one check on one file. Words say why it failed.
type Verdict struct {
	Check  string `json:"check"`
	File   string `json:"file"`
	Passed bool   `json:"passed"`
	Words  string `json:"words,omitempty"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	switch {
	case len(arguments) == 1 && arguments[0] == "spec":
		asked, err := published()
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(asked)
	case len(arguments) == 2 && arguments[0] == "judge":
		return judge(arguments[1])
	}
	return fmt.Errorf("usage: cis spec | cis judge DIR")
}

func judge(folder string) error {
	// a check that is for a benchmark alone is none of the default ones
	every := rego.WithFrameworks(framework.Default, framework.Framework(benchmark))
	scanner := kubernetes.NewScanner(rego.WithEmbeddedPolicies(true), rego.WithEmbeddedLibraries(true), every)
	results, err := scanner.ScanFS(context.Background(), os.DirFS(folder), ".")
	if err != nil {
		return err
	}
	lines := json.NewEncoder(os.Stdout)
	for _, each := range results {
		if err := lines.Encode(verdict(each)); err != nil {
			return err
		}
	}
	return nil
}

func verdict(result scan.Result) Verdict {
	file := result.Metadata().Range().GetFilename()
	if result.Status() == scan.StatusPassed {
		return Verdict{Check: result.Rule().ID, File: file, Passed: true}
	}
	return Verdict{Check: result.Rule().ID, File: file, Words: result.Description()}
}
