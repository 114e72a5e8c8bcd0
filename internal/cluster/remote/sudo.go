package remote

import (
	"context"
	"errors"
	"strings"
)

// sudoMode is how a user becomes root on a machine.
type sudoMode int

const (
	sudoUnknown sudoMode = iota
	sudoNone             // the user is root
	sudoFree             // without a password
	sudoPassword
)

// Every sudo ignores cached credentials (-k): whether it reads a password from its input must not depend on when
// anybody gave one last. Otherwise the password could reach the command as the first line of its input.
const (
	sudoWithout = "env LC_ALL=C sudo -k -n -- "
	sudoWith    = "env LC_ALL=C sudo -k -S -p '' -- "
	noop        = "sh -c :"
)

// root returns what has to stand before a command to run it as root, and what before its input.
func (c *Conn) root(ctx context.Context) (prefix, input string, err error) {
	if err := c.rooting.Acquire(ctx, 1); err != nil {
		return "", "", c.failed(err)
	}
	defer c.rooting.Release(1)
	if c.sudo == sudoUnknown {
		if c.sudo, err = c.findSudo(ctx); err != nil {
			return "", "", err
		}
	}
	switch c.sudo {
	case sudoFree:
		return sudoWithout, "", nil
	case sudoPassword:
		return sudoWith, c.config.SudoPassword + "\n", nil
	}
	return "", "", nil
}

// findSudo finds out, once per machine, whether sudo reads a password. It decides by what works, not by sudo's words,
// which differ between its implementations; those only tell why nothing works.
func (c *Conn) findSudo(ctx context.Context) (sudoMode, error) {
	if c.config.User == "root" {
		return sudoNone, nil
	}
	_, err := c.exec(ctx, "sudo", sudoWithout+noop, strings.NewReader(""))
	if err == nil {
		return sudoFree, nil
	}
	var exit *ExitError
	if !errors.As(err, &exit) {
		return sudoUnknown, err
	}
	reason := sudoReason(exit)
	if c.config.SudoPassword == "" || reason == SudoMissing {
		return sudoUnknown, &SudoError{Host: c.config.Host, User: c.config.User, Reason: reason, Output: exit.Output}
	}
	_, err = c.exec(ctx, "sudo", sudoWith+noop, strings.NewReader(c.config.SudoPassword+"\n"))
	if err == nil {
		return sudoPassword, nil
	}
	if !errors.As(err, &exit) {
		return sudoUnknown, err
	}
	reason = sudoReason(exit)
	if reason == SudoNeedsPassword || reason == SudoRefused {
		reason = SudoWrongPassword
	}
	return sudoUnknown, &SudoError{Host: c.config.Host, User: c.config.User, Reason: reason, Output: exit.Output}
}

func sudoReason(e *ExitError) SudoReason {
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(e.Output, w) {
				return true
			}
		}
		return false
	}
	switch {
	case e.Code == 127 || has("sudo: not found", "sudo: command not found", "‘sudo’: No such file", "'sudo': No such file"):
		return SudoMissing
	case has("not in the sudoers", "may not run sudo", "is not allowed to"):
		return SudoNotAllowed
	case has("must have a tty"):
		return SudoNeedsTerminal
	case has("password is required", "authentication is required", "a password"):
		return SudoNeedsPassword
	}
	return SudoRefused
}
