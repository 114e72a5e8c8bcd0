package harborapi

import (
	"path"
	"strings"

	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
)

var placeholders = lazyregexp.New(`\{[^}]*\}`)

// kinds are the kinds of objects by the paths of their listings.
type kinds map[string]string

// add makes a kind known. Parts of the path in braces stand for anything.
func (k kinds) add(listing, name string) {
	k[placeholders.ReplaceAllString(listing, "*")] = name
}

// of names the object that a request is about: that of the longest path it
// lies in.
func (k kinds) of(request string) string {
	_, below, _ := strings.Cut(request, basePath)
	for at := below; at != "/" && at != "."; at = path.Dir(at) {
		for listing, name := range k {
			if is, _ := path.Match(listing, at); is {
				return name
			}
		}
	}
	return "object"
}
