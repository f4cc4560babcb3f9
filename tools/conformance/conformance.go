// Package conformance pins what judges a cluster: Kubernetes' own end-to-end tests, which tools/install builds as upstream does
// (go test -c), the image that they use most, and the program that runs them side by side.
package conformance

import _ "k8s.io/kubernetes/test/e2e"
