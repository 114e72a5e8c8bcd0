// Command terraform-provider-onprem is two programs in one. Started by
// Terraform or OpenTofu it is a provider; started by a person or a pipeline it
// is a command line.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cli"
	"github.com/onprem-tools/terraform-provider-onprem/internal/fastpath"
	"github.com/onprem-tools/terraform-provider-onprem/internal/gcstart"
	"github.com/onprem-tools/terraform-provider-onprem/internal/provider"
)

// address is what the provider is called in a configuration's
// required_providers.
const address = "registry.terraform.io/onprem-tools/onprem"

// version is set by the linker in a release.
var version = "dev"

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	debug := len(args) == 1 && (args[0] == "-debug" || args[0] == "--debug")
	if startedByTerraform() || debug {
		return serve(debug)
	}
	gcstart.Done()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return cli.Run(ctx, version, args, cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
}

// startedByTerraform reports whether the parent process speaks the plugin
// protocol: go-plugin hands every plugin this variable as proof.
func startedByTerraform() bool { return os.Getenv("TF_PLUGIN_MAGIC_COOKIE") != "" }

// serve has a context of its own: on an interrupt Terraform asks the provider
// to stop through the protocol, so that work under way can be recorded.
func serve(debug bool) int {
	logNothingUnasked()
	var opts []tf6server.ServeOpt
	if debug {
		opts = append(opts, tf6server.WithManagedDebug())
	}
	p := provider.New(version)()
	err := tf6server.Serve(address, func() tfprotov6.ProviderServer { return fastpath.NewServer(p) }, opts...)
	closeAll(p)
	if err != nil {
		fmt.Fprintln(os.Stderr, "terraform-provider-onprem:", err)
		return 1
	}
	return 0
}

// lastMoment is less than the two seconds that Terraform gives a plugin to stop.
const lastMoment = 1500 * time.Millisecond

// closeAll ends sessions that the provider has begun. There is nobody left to
// tell of a failure; what is not ended ends by itself.
func closeAll(p any) {
	ctx, cancel := context.WithTimeout(context.Background(), lastMoment)
	defer cancel()
	if open, ok := p.(interface{ Close(context.Context) error }); ok {
		_ = open.Close(ctx)
	}
}

// logNothingUnasked turns the log off where nobody reads it. The plugin SDK
// writes its trace log always and leaves it to Terraform to drop it, which
// costs more than half the time of a plan over a thousand objects.
func logNothingUnasked() {
	for _, setting := range os.Environ() {
		if strings.HasPrefix(setting, "TF_LOG") || strings.HasPrefix(setting, "TF_ACC_LOG") {
			return
		}
	}
	for _, log := range []string{"TF_LOG_SDK", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_SDK_PROTO", "TF_LOG_PROVIDER"} {
		_ = os.Setenv(log, "ERROR") // fails for impossible names only
	}
}
