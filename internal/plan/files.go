package plan

import (
	"io/fs"
	"path"
	"strings"
)

// planFile is what Terragrunt calls a plan in its --json-out-dir.
const planFile = "tfplan.json"

// File is a plan and the unit that it is of.
type File struct {
	Unit string // "." for the plan at the top of the folder
	Path string
}

// Files finds the plans in a folder: every tfplan.json, which Terragrunt puts
// into a folder of the unit's name, or else every file in JSON, which is named
// after its unit.
func Files(folder fs.FS) ([]File, error) {
	var inFolders, single []File
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
		case entry.Name() == planFile:
			inFolders = append(inFolders, File{Unit: path.Dir(name), Path: name})
		case path.Ext(name) == ".json":
			single = append(single, File{Unit: strings.TrimSuffix(name, ".json"), Path: name})
		}
		return nil
	})
	if len(inFolders) > 0 {
		return inFolders, err
	}
	return single, err
}
