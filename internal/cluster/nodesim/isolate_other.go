//go:build !linux

package nodesim

import (
	"errors"
	"os/exec"
)

func isolate(*exec.Cmd) error { return errors.New("it takes Linux") }
