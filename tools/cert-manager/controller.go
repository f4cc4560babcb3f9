package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/cert-manager/cert-manager/pkg/controller"
	"github.com/cert-manager/cert-manager/pkg/healthz"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	_ "github.com/cert-manager/cert-manager/pkg/controller/certificate-shim/ingresses"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/ca"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/selfsigned"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	_ "github.com/cert-manager/cert-manager/pkg/controller/clusterissuers"
	_ "github.com/cert-manager/cert-manager/pkg/controller/issuers"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
)

const (
	workers = 5
	health  = "0.0.0.0:9403"
	lock    = "cert-manager-controller"
	// upstream's internal/apis/config/controller/v1alpha1/defaults.go
	leaseDuration, renewDeadline, retryPeriod, lateLease = 60 * time.Second, 40 * time.Second, 15 * time.Second, 20 * time.Second
	shortestBackoff, longestBackoff                      = time.Hour, 32 * time.Hour
)

var errLost = errors.New("leader election lost")

func runController(ctx context.Context, flags *pflag.FlagSet) error {
	namespace, electing := elected(flags)
	options := controller.ContextOptions{KubernetesAPIQPS: 20, KubernetesAPIBurst: 50}
	options.CertificateRequestMinimumBackoffDuration, options.CertificateRequestMaximumBackoffDuration = shortestBackoff, longestBackoff
	options.DefaultAutoCertificateAnnotations = []string{"kubernetes.io/tls-acme"}
	options.DefaultIssuerKind, options.DefaultIssuerGroup = "Issuer", "cert-manager.io"
	flags.StringVar(&options.ClusterResourceNamespace, "cluster-resource-namespace", "kube-system", "where Secrets of ClusterIssuers are")
	flags.StringVar(&options.HTTP01SolverImage, "acme-http01-solver-image", "", "of ACME, which is not here")
	flags.IntVar(&options.MaxConcurrentChallenges, "max-concurrent-challenges", 60, "of ACME, which is not here")
	flags.BoolVar(&options.EnableOwnerRef, "enable-certificate-owner-ref", false, "a Secret goes with its Certificate")
	if err := parse(flags); err != nil {
		return err
	}
	factory, err := controller.NewContextFactory(ctx, options)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", health)
	if err != nil {
		return err
	}
	server := healthz.NewServer(lateLease)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return server.Start(ctx, listener) })
	group.Go(func() error {
		if !*electing {
			return control(ctx, factory)
		}
		return lead(ctx, factory, *namespace, server.LeaderHealthzAdaptor)
	})
	return group.Wait()
}

// lead waits for its turn and controls then; it ends when it no longer leads.
func lead(ctx context.Context, factory *controller.ContextFactory, namespace string, health *leaderelection.HealthzAdaptor) error {
	own, err := factory.Build("leader-election")
	if err != nil {
		return err
	}
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	identity := resourcelock.ResourceLockConfig{Identity: name, EventRecorder: own.Recorder}
	lease, err := resourcelock.New(resourcelock.LeasesResourceLock, namespace, lock, own.Client.CoreV1(), own.Client.CoordinationV1(), identity)
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock: lease, LeaseDuration: leaseDuration, RenewDeadline: renewDeadline, RetryPeriod: retryPeriod, ReleaseOnCancel: true, WatchDog: health,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(ctx context.Context) { done <- control(ctx, factory) },
			OnStoppedLeading: func() {},
		},
	})
	if ctx.Err() != nil {
		return nil
	}
	select {
	case err := <-done:
		return errors.Join(errLost, err)
	default:
		return errLost
	}
}

// control runs every controller that the imports registered.
func control(ctx context.Context, factory *controller.ContextFactory) error {
	base, err := factory.Build()
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for name, construct := range controller.Known() {
		one, err := construct(factory)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		group.Go(func() error { return one.Run(workers, ctx) })
	}
	base.SharedInformerFactory.Start(ctx.Done())
	base.KubeSharedInformerFactory.Start(ctx.Done())
	base.HTTP01ResourceMetadataInformersFactory.Start(ctx.Done())
	return group.Wait()
}
