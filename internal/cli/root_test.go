package cli

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestRun(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args        []string
		code        int
		out, errOut string // substrings; "" means nothing at all
	}{
		"no command shows the help": {nil, exitOK, "Available Commands:", ""},
		"help tells the exit codes": {[]string{"--help"}, exitOK, "Exit codes: 0 done, 1 failed or with findings, 2 wrong usage", ""},
		"version":                   {[]string{"version"}, exitOK, "terraform-provider-onprem 1.2.3 (go", ""},
		"unknown command":           {[]string{"destroy-all"}, exitUsage, "", `unknown command "destroy-all"`},
		"near miss is suggested":    {[]string{"versio"}, exitUsage, "", "version"},
		"unknown flag":              {[]string{"version", "--yaml"}, exitUsage, "", "unknown flag: --yaml"},
		"surplus argument":          {[]string{"version", "now"}, exitUsage, "", `unknown command "now"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errOut bytes.Buffer
			code := Run(context.Background(), "1.2.3", tc.args, Streams{In: strings.NewReader(""), Out: &out, Err: &errOut})
			if code != tc.code {
				t.Errorf("exit code %d, want %d", code, tc.code)
			}
			checkStream(t, "stdout", out.String(), tc.out)
			checkStream(t, "stderr", errOut.String(), tc.errOut)
		})
	}
}

func checkStream(t *testing.T, name, got, want string) {
	t.Helper()
	if want == "" && got != "" {
		t.Errorf("%s should be empty, got:\n%s", name, got)
	}
	if !strings.Contains(got, want) {
		t.Errorf("%s lacks %q:\n%s", name, want, got)
	}
}

func TestWork(t *testing.T) {
	t.Parallel()
	cause := errors.New("disk full")
	err := work(func(context.Context) error { return cause })(&cobra.Command{}, nil)
	failed := (*failure)(nil)
	if !errors.As(err, &failed) || !errors.Is(err, cause) {
		t.Errorf("the error of a command should be a failure that wraps its cause, got %#v", err)
	}
	if err := work(func(context.Context) error { return nil })(&cobra.Command{}, nil); err != nil {
		t.Errorf("a command that worked returned %v", err)
	}
}
