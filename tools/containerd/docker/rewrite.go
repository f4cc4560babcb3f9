// Package docker is a file of containerd's core/remotes/docker: tools/containerd/patch puts it there.
package docker

import (
	"maps"
	"regexp"
	"slices"

	"github.com/containerd/log"
)

// rewritten is what a repository is called at an endpoint: by the first pattern that changes its name, as k3s' containerd does it
// (and wharfie, pkg/registries `rewrite`). They have no order there; here it is the alphabet's.
func rewritten(repository string, rewrites map[string]string) string {
	for _, pattern := range slices.Sorted(maps.Keys(rewrites)) {
		expression, err := regexp.Compile(pattern)
		if err != nil {
			log.L.WithError(err).Warnf("Failed to compile rewrite %q", pattern)
			continue
		}
		if name := expression.ReplaceAllString(repository, rewrites[pattern]); name != repository {
			return name
		}
	}
	return repository
}
