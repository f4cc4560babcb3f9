package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/cert-manager/cert-manager/pkg/util/cmapichecker"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/wait"
	ctrl "sigs.k8s.io/controller-runtime"
)

const ownNamespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// runCheck is `startupapicheck check api --wait=1m`: whether the API takes a Certificate, which it creates as a dry run.
func runCheck(ctx context.Context, flags *pflag.FlagSet) error {
	patience := flags.Duration("wait", 0, "how long it asks")
	if err := parse(flags); err != nil {
		return err
	}
	if said := strings.Join(flags.Args(), " "); said != "check api" {
		return fmt.Errorf("%q: what it knows is: check api", said)
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	namespace, err := os.ReadFile(ownNamespace)
	if err != nil {
		return err
	}
	checker, err := cmapichecker.New(config, string(namespace))
	if err != nil {
		return err
	}
	var last error
	err = wait.PollUntilContextTimeout(ctx, 5*time.Second, *patience+time.Second, true, func(ctx context.Context) (bool, error) {
		last = checker.Check(ctx)
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("%w: %w", err, last)
	}
	return nil
}
