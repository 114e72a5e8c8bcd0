package operate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
)

// StepError is the step at which the work stopped.
type StepError struct {
	Action kubeadm.Action
	Node   string
	Err    error
}

func (e *StepError) Error() string {
	return fmt.Sprintf("%s of %s failed: %v", e.Action, e.Node, e.Err)
}

// Unwrap returns the cause.
func (e *StepError) Unwrap() error { return e.Err }

// Hint implements the hint of an error.
func (e *StepError) Hint() string {
	return strings.TrimSpace(hintOf(e.Err) + "\nRun apply again: it continues from here.")
}

// TimeoutError is a wait that was in vain.
type TimeoutError struct {
	What   string        // that was waited for
	For    time.Duration // how long
	Reason string        // what the last look said
	Advice string
}

func (e *TimeoutError) Error() string {
	text := fmt.Sprintf("%s: not within %s", e.What, e.For)
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// Hint implements the hint of an error.
func (e *TimeoutError) Hint() string { return e.Advice }

// waitEvery is the time between two looks at something that is waited for.
var waitEvery = time.Second

// wait looks until done says so, at most for so long. done returns why it is not done yet; a permanent error ends the
// wait.
func wait(ctx context.Context, what string, patience time.Duration, done func(context.Context) (ok bool, reason string)) error {
	deadline := time.Now().Add(patience)
	for {
		ok, reason := done(ctx)
		if ok {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w", what, context.Cause(ctx))
		}
		if time.Now().After(deadline) {
			return &TimeoutError{What: what, For: patience, Reason: reason}
		}
		select {
		case <-ctx.Done():
		case <-time.After(waitEvery):
		}
	}
}

// reasonOf words an error as a reason for not being done yet.
func reasonOf(err error) (bool, string) {
	if err == nil {
		return true, ""
	}
	return false, err.Error()
}

// kubeadm prints "[phase] sentence".
var phase = lazyregexp.New(`^\[([a-z0-9-]+)\] (.*)`)

// phases tells of every phase of kubeadm as it begins, and of nothing else that kubeadm prints.
func (o *Operator) phases(ctx context.Context, node string) func(line string) {
	last := ""
	return func(line string) {
		m := phase.FindStringSubmatch(line)
		if m == nil || m[1] == last {
			return
		}
		last = m[1]
		o.tell(ctx, node, "kubeadm: "+last)
	}
}

// Bootstrap tokens, and the keys of uploaded certificates: 32 bytes in hex, which only the hash of a public certificate
// authority has as well, after "sha256:".
var (
	bootstrapToken = lazyregexp.New(`\b[a-z0-9]{6}\.[a-z0-9]{16}\b`)
	certificateKey = lazyregexp.New(`(sha256:)?\b[0-9a-f]{64}\b`)
)

// redact hides what of a program's words is secret.
func redact(text string) string {
	text = bootstrapToken.ReplaceAllString(text, "(token)")
	return certificateKey.ReplaceAllStringFunc(text, func(found string) string {
		if strings.HasPrefix(found, "sha256:") {
			return found
		}
		return "(key)"
	})
}

// keptLines is how many of the last words of a program an error shows.
const keptLines = 15

// lastLines are the last words of a program, without secrets and without lines that only fill.
func lastLines(text string) string {
	var lines []string
	for line := range strings.Lines(redact(text)) {
		if line = strings.TrimRight(line, " \t\r\n"); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-keptLines):], "\n")
}

// withoutSecrets takes secrets from the output that an error shows.
func withoutSecrets(err error) error {
	var exit *remote.ExitError
	if errors.As(err, &exit) {
		exit.Output = lastLines(exit.Output)
	}
	var lost *remote.JobLostError
	if errors.As(err, &lost) {
		lost.Output = lastLines(lost.Output)
	}
	var late *remote.JobTimeoutError
	if errors.As(err, &late) {
		late.Output = lastLines(late.Output)
	}
	return err
}
