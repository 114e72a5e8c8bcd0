package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"golang.org/x/mod/semver"
)

// firstRelease is the one that texts name before there are any.
const firstRelease = "v0.1.0"

// versioned are the folders whose texts name a release of this project, and
// what names one there: what stands before the number, and whether it is that of
// the minor release. Nothing else may; a test looks.
var (
	versioned = []string{"modules", "templates", "examples", "internal/tree/testdata", "internal/workspace"}
	mentions  = []struct {
		text  *regexp.Regexp
		minor bool
	}{
		{text: before(`onprem-tools/terraform-provider-onprem@v`)},
		{text: before(`onprem-tools/terraform-provider-onprem@v.*\n(?:.*\n){0,3}?\s+version: `)},
		{text: before(`onprem-tools/terraform-provider-onprem\S*\?ref=v`)},
		{text: before(`mirrorVersion = "`)},
		{text: before(`source  = "onprem-tools/onprem"\n\s+version = "~> `), minor: true},
	}
)

func before(text string) *regexp.Regexp { return regexp.MustCompile(`(` + text + `)(\d+(?:\.\d+)*)`) }

// writeVersions lets all texts below a folder name the newest release.
func writeVersions(dir string) error {
	newest, err := newestRelease(dir)
	if err != nil {
		return err
	}
	for _, folder := range versioned {
		err := eachText(filepath.Join(dir, folder), func(file string, text []byte) error {
			written := withVersion(text, newest)
			if bytes.Equal(text, written) {
				return nil
			}
			return os.WriteFile(file, written, 0o644)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// newestRelease is the one with the newest notes. They are written before the
// tag, which gives the program its version.
func newestRelease(dir string) (string, error) {
	notes, err := filepath.Glob(filepath.Join(dir, ".changes", "v*.md"))
	if err != nil {
		return "", err
	}
	newest := ""
	for _, file := range notes {
		version := filepath.Base(file[:len(file)-len(".md")])
		if !semver.IsValid(version) {
			return "", fmt.Errorf("%s is named after no version", file)
		}
		if semver.Prerelease(version) == "" && semver.Compare(version, newest) > 0 {
			newest = version
		}
	}
	if newest == "" {
		newest = firstRelease
	}
	return newest, nil
}

func withVersion(text []byte, version string) []byte {
	for _, m := range mentions {
		number := version
		if m.minor {
			number = semver.MajorMinor(version)
		}
		text = m.text.ReplaceAll(text, []byte("${1}"+number[1:]))
	}
	return text
}

func eachText(dir string, do func(file string, text []byte) error) error {
	return filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		return do(file, text)
	})
}
