package main

import (
	"context"
	"errors"

	"github.com/cert-manager/cert-manager/pkg/client/clientset/versioned/scheme"
	"github.com/cert-manager/cert-manager/pkg/controller/cainjector"
	"github.com/cert-manager/cert-manager/pkg/util"
	"github.com/spf13/pflag"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubernetes "k8s.io/client-go/kubernetes/scheme"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	ctrl "sigs.k8s.io/controller-runtime"
)

func runInjector(ctx context.Context, flags *pflag.FlagSet) error {
	namespace, electing := elected(flags)
	if err := parse(flags); err != nil {
		return err
	}
	kinds := runtime.NewScheme()
	add := []func(*runtime.Scheme) error{kubernetes.AddToScheme, scheme.AddToScheme, apiextensions.AddToScheme, apiregistration.AddToScheme}
	var errs error
	for _, to := range add {
		errs = errors.Join(errs, to(kinds))
	}
	config, err := ctrl.GetConfig()
	if errs = errors.Join(errs, err); errs != nil {
		return errs
	}
	config = util.RestConfigWithUserAgent(config, "cainjector") // who it is when it applies: it is refused without
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                        kinds,
		LeaderElection:                *electing,
		LeaderElectionNamespace:       *namespace,
		LeaderElectionID:              "cert-manager-cainjector-leader-election",
		LeaderElectionReleaseOnCancel: true,
	})
	if err != nil {
		return err
	}
	targets := map[string]bool{
		cainjector.MutatingWebhookConfigurationName: true, cainjector.ValidatingWebhookConfigurationName: true,
		cainjector.APIServiceName: true, cainjector.CustomResourceDefinitionName: true,
	}
	setup := cainjector.SetupOptions{EnableCertificatesDataSource: true, EnabledReconcilersFor: targets}
	if err := cainjector.RegisterAllInjectors(ctx, manager, setup); err != nil {
		return err
	}
	return manager.Start(ctx)
}
