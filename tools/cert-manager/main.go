// cert-manager's four programs in one, which looks at the name that it is called by. What they do is all upstream's; how they start is
// written here, since upstream's own mains are modules that cannot be had. Without ACME, Vault and Venafi, which take most of its build
// and ask the internet.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	logf "github.com/cert-manager/cert-manager/pkg/logs"
	"github.com/spf13/pflag"
	logsapi "k8s.io/component-base/logs/api/v1"
	ctrl "sigs.k8s.io/controller-runtime"
)

var programs = map[string]func(context.Context, *pflag.FlagSet) error{
	"controller": runController, "webhook": runWebhook, "cainjector": runInjector, "startupapicheck": runCheck,
}

func main() {
	run, known := programs[filepath.Base(os.Args[0])]
	if !known {
		fmt.Fprintln(os.Stderr, "call it by the name of one of: controller, webhook, cainjector, startupapicheck")
		os.Exit(2)
	}
	logf.InitLogs()
	ctrl.SetLogger(logf.Log)
	ctx, stop := signal.NotifyContext(logf.NewContext(context.Background(), logf.Log), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, pflag.NewFlagSet(os.Args[0], pflag.ContinueOnError))
	stop()
	logf.FlushLogs()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// parse reads the command line; flags that are not of the program end it, as upstream's do.
func parse(flags *pflag.FlagSet) error {
	logging := logsapi.NewLoggingConfiguration()
	logf.AddFlags(logging, flags)
	flags.Lookup("v").NoOptDefVal = "2" // the chart tells startupapicheck `-v`, without a number
	if err := flags.Parse(os.Args[1:]); err != nil {
		return err
	}
	return logf.ValidateAndApply(logging)
}

// elected are the flags of whoever acts for several of its kind.
func elected(flags *pflag.FlagSet) (namespace *string, on *bool) {
	namespace = flags.String("leader-election-namespace", "kube-system", "where the Lease is")
	return namespace, flags.Bool("leader-elect", true, "one acts at a time")
}
