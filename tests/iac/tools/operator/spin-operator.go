// The Spin operator of the pinned version, started for the tests: its own reconcilers and admission
// webhooks, unchanged, but listening on loopback at a port of the caller's choosing (its own main takes
// 0.0.0.0:9443). tests/iac copies this file into a copy of the operator's module, because the packages it
// needs are internal to that module.
package main

import (
	"flag"
	"log"

	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metrics "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	admission "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/spinkube/spin-operator/api/v1alpha1"
	"github.com/spinkube/spin-operator/internal/controller"
	"github.com/spinkube/spin-operator/internal/webhook"
)

func main() {
	// controller-runtime adds --kubeconfig.
	port := flag.Int("webhook-port", 0, "port of the admission webhooks on 127.0.0.1")
	certificates := flag.String("webhook-certificates", "", "folder with tls.crt and tls.key")
	flag.Parse()

	ctrl.SetLogger(zap.New())
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))

	manager, err := ctrl.NewManager(ctrl.GetConfigOrDie(), ctrl.Options{
		Scheme:  scheme,
		Metrics: metrics.Options{BindAddress: "0"},
		WebhookServer: admission.NewServer(admission.Options{
			Host: "127.0.0.1", Port: *port, CertDir: *certificates,
		}),
	})
	check(err)
	check((&controller.SpinAppReconciler{
		Client: manager.GetClient(), Scheme: scheme, Recorder: manager.GetEventRecorderFor("spinapp"),
	}).SetupWithManager(manager))
	check((&controller.SpinAppExecutorReconciler{
		Client: manager.GetClient(), Scheme: scheme, Recorder: manager.GetEventRecorderFor("executor"),
	}).SetupWithManager(manager))
	check(webhook.SetupSpinAppWebhookWithManager(manager))
	check(webhook.SetupSpinAppExecutorWebhookWithManager(manager))
	check(manager.Start(ctrl.SetupSignalHandler()))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
