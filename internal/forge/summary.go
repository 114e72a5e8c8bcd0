package forge

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// AppendSummary adds text to the summary of the running step (Target.Summary).
// It refuses what does not fit: GitHub would drop the whole summary.
func AppendSummary(path, text string) (err error) {
	if path == "" {
		return errors.New("GITHUB_STEP_SUMMARY is not set: run in a step of GitHub Actions, or set it to a file")
	}
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if total := info.Size() + int64(len(text)); total > MaxSummary {
		return fmt.Errorf("the summary would grow to %d bytes, GitHub takes %d: write less, or in a step of its own", total, MaxSummary)
	}
	_, err = file.WriteString(text)
	return err
}
