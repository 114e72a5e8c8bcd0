package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform"
	"github.com/onprem-tools/terraform-provider-onprem/internal/platform/git"
	"github.com/onprem-tools/terraform-provider-onprem/modules"
)

// platformFile is the name of the file that makes a directory a platform. Files
// that end on .platform.hcl beside it belong to it too.
const platformFile = "platform.hcl"

// rulesPage is where every rule is explained.
const rulesPage = "https://registry.terraform.io/providers/onprem-tools/onprem/latest/docs/guides/rules"

// platformOptions say where a platform is read from.
type platformOptions struct {
	File  string
	Fetch bool
}

func (o *platformOptions) flags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&o.File, "file", "f", ".", "platform file, or directory with platform.hcl and *.platform.hcl")
	cmd.Flags().BoolVar(&o.Fetch, "fetch", true, "fetch modules from git to check what is passed to them")
	_ = cmd.MarkFlagFilename("file", "hcl")
}

// dir is the directory that the platform's paths are relative to.
func (o *platformOptions) dir() string {
	if info, err := os.Stat(o.File); err == nil && info.IsDir() {
		return o.File
	}
	return filepath.Dir(o.File)
}

// load reads and checks a platform.
func (o *platformOptions) load() (*platform.Platform, hcl.Diagnostics, error) {
	debug.SetGCPercent(400) // it lives for a second, and most of it is evaluated once
	sources, err := o.sources()
	if err != nil {
		return nil, nil, err
	}
	p, diags := platform.Load(sources, platform.Options{Open: o.open, Builtins: modules.Names()})
	return p, diags, nil
}

// sources reads the files, by the names that messages call them.
func (o *platformOptions) sources() (map[string][]byte, error) {
	names := []string{o.File}
	if dir := o.dir(); dir == o.File || filepath.Base(o.File) == platformFile {
		beside, err := filepath.Glob(filepath.Join(dir, "*."+platformFile))
		if err != nil {
			return nil, err
		}
		names = append(beside, filepath.Join(dir, platformFile))
	}
	sources := map[string][]byte{}
	for _, name := range names {
		content, err := os.ReadFile(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("there is no %s. Write one to begin with by 'terraform-provider-onprem init', or name it with -f", name)
		case err != nil:
			return nil, fmt.Errorf("%w. Make the file readable, or name another with -f", err)
		}
		sources[filepath.ToSlash(name)] = content
	}
	return sources, nil
}

// open finds the files of a module.
func (o *platformOptions) open(s platform.Source) (fs.FS, error) {
	switch {
	case s.Builtin != "":
		if _, err := fs.Stat(modules.FS, s.Builtin); err != nil {
			return nil, err
		}
		return fs.Sub(modules.FS, s.Builtin)
	case s.Dir != "":
		dir := filepath.Join(o.dir(), filepath.FromSlash(s.Dir))
		if info, err := os.Stat(dir); err != nil {
			return nil, err
		} else if !info.IsDir() {
			return nil, fs.ErrNotExist
		}
		return os.DirFS(dir), nil
	case o.Fetch:
		return git.Open(s.Raw)
	default:
		return nil, platform.ErrUnavailable
	}
}

// errFindings ends a command whose findings have been printed.
var errFindings = errors.New("the platform has errors")

// printDiagnostics prints findings like Terraform does, with the lines they are
// about. Where there is a secret in clear, lines are only named.
func printDiagnostics(w io.Writer, p *platform.Platform, diags hcl.Diagnostics) error {
	width, color := terminal(w)
	files, confidential := p.Files, platform.Confidential(diags)
	if confidential {
		files = nil
	}
	writer := hcl.NewDiagnosticTextWriter(w, files, width, color)
	for _, d := range diags {
		shown := *d
		if rule, ok := platform.RuleOf(d); ok {
			shown.Summary += " [" + rule.ID + "]"
			shown.Detail += "\n\n" + rulesPage + "#" + strings.ReplaceAll(rule.ID, "/", "")
		}
		if confidential {
			shown.Expression, shown.EvalContext = nil, nil // the writer shows the values of expressions
		}
		if err := writer.WriteDiagnostic(&shown); err != nil {
			return err
		}
	}
	if confidential {
		fmt.Fprint(w, "No line is shown here, because a secret stands among them.\n\n")
	}
	return nil
}

// terminal returns the width of a terminal and whether it wants colours. What
// is no terminal is not wrapped.
func terminal(w io.Writer) (width uint, color bool) {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0, false
	}
	if columns, _, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 {
		width = uint(columns)
	}
	return width, os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// diagnostic is a finding for a machine.
type diagnostic struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Severity string `json:"severity"`
	Rule     string `json:"rule,omitempty"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
}

func writeJSON(w io.Writer, diags hcl.Diagnostics) error {
	list := make([]diagnostic, len(diags))
	for i, d := range diags {
		list[i] = diagnostic{Severity: "error", Summary: d.Summary, Detail: d.Detail}
		if d.Severity == hcl.DiagWarning {
			list[i].Severity = "warning"
		}
		if rule, ok := platform.RuleOf(d); ok {
			list[i].Rule = rule.ID
		}
		if d.Subject != nil {
			list[i].File, list[i].Line, list[i].Column = d.Subject.Filename, d.Subject.Start.Line, d.Subject.Start.Column
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(list)
}

// counts says how many errors and warnings there are.
func counts(diags hcl.Diagnostics) string {
	errs, warnings := 0, 0
	for _, d := range diags {
		if d.Severity == hcl.DiagError {
			errs++
		} else {
			warnings++
		}
	}
	return plural(errs, "error") + ", " + plural(warnings, "warning")
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
