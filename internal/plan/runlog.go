package plan

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
)

// run is a unit in Terragrunt's run report.
type run struct {
	Name   string
	Result string
	Reason string
	Cause  string
	Ref    string
	Args   []string
}

func readRunReport(r io.Reader) ([]run, error) {
	if r == nil {
		return nil, nil
	}
	var runs []run
	err := json.NewDecoder(r).Decode(&runs)
	return runs, err
}

// apply sets what the report knows better than the plan: that there is none,
// or that the one there is an old one.
func (r run) apply(u *Unit, mask *masker) {
	// Masked first: what errorText takes away may be part of a secret.
	cause := mask.paragraph(errorText(mask.Text(r.Cause)))
	switch {
	case r.Reason == "error ignored":
		u.State, u.Error = Ignored, cause
	case r.Result == "failed":
		u.State, u.Error = Failed, cause
	case r.Result == "early exit":
		*u = Unit{Path: u.Path, State: NotRun, Error: cause}
	case r.Ref != "" && slices.Contains(r.Args, "-destroy"):
		u.State = Deleted
	case r.Result == "excluded":
		*u = Unit{Path: u.Path, State: Excluded}
	case u.State == "":
		u.State, u.Error = Unreadable, "The run report says that it succeeded, but there is no plan of it."
	}
}

// ansi are the colours and moves of a terminal.
var ansi = lazyregexp.New("\x1b\\[[0-9;?]*[A-Za-z]")

// errorText takes what the tool said from what Terragrunt puts around it. The
// wording is not stable, so what is not recognised stays.
func errorText(cause string) string {
	cause = ansi.ReplaceAllString(strings.ReplaceAll(cause, "\r\n", "\n"), "")
	var lines []string
	for line := range strings.SplitSeq(cause, "\n") {
		line = strings.TrimRight(strings.TrimLeft(line, "│╷╵ "), " ")
		if strings.HasPrefix(line, "Error:") && !slices.ContainsFunc(lines, isError) {
			lines = nil
		}
		lines = append(lines, line)
	}
	text := strings.TrimSpace(strings.Join(lines, "\n"))
	return strings.TrimSpace(strings.TrimSuffix(text, "exit status 1"))
}

func isError(line string) bool { return strings.HasPrefix(line, "Error:") }

// readMocked finds the folders of units that were planned on mock outputs. Only
// the log tells: in the plan a mock looks like any value.
func readMocked(r io.Reader) ([]string, error) {
	if r == nil {
		return nil, nil
	}
	var folders []string
	lines := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := lines.ReadBytes('\n')
		if folder := mockedFolder(line); folder != "" {
			folders = append(folders, folder)
		}
		if errors.Is(err, io.EOF) {
			return folders, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// mockedFolder gives the folder of the unit that a line of the log says is
// planned on mocks, or "".
func mockedFolder(line []byte) string {
	const message = "mock outputs provided"
	if !bytes.Contains(line, []byte(message)) {
		return ""
	}
	var entry struct {
		Level  string `json:"level"`
		Folder string `json:"working-dir"`
		Msg    string `json:"msg"`
	}
	// A tool may write the same words to the log: its lines have another level.
	if json.Unmarshal(line, &entry) != nil || entry.Level != "warn" || !strings.Contains(entry.Msg, message) {
		return ""
	}
	return entry.Folder
}

// names gives the unit of each run. When several match the same plan, it is of
// the one with the shortest name: prod/net, which was not run, must not hide
// what net would do.
func names(units map[string]*Unit, runs []run) []string {
	shortest := map[string]int{}
	found := make([]string, len(runs))
	for i, run := range runs {
		found[i] = match(units, run.Name)
		if length, ok := shortest[found[i]]; !ok || len(run.Name) < length {
			shortest[found[i]] = len(run.Name)
		}
	}
	for i, run := range runs {
		if len(run.Name) > shortest[found[i]] {
			found[i] = path.Clean(run.Name)
		}
	}
	return found
}

// match finds the unit that a name in a report or a log means. Terragrunt
// writes it relative to the working directory or in full, and sometimes as the
// folder in its cache.
func match(units map[string]*Unit, name string) string {
	name, _, _ = strings.Cut(name, "/.terragrunt-cache/")
	name = path.Clean(name)
	rest, absolute := strings.CutPrefix(name, "/")
	for more := absolute; more; _, rest, more = strings.Cut(rest, "/") {
		if units[rest] != nil {
			return rest
		}
	}
	return name
}
