package clients

import (
	"os"
	"strings"
)

// ExpandHome replaces a leading "~/", which nothing does for a path in HCL.
func ExpandHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~/")
	if !ok {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	return home + "/" + rest
}
