package functions

import (
	"encoding/base64"
	"errors"
	"hash"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	textencoding "golang.org/x/text/encoding"
	"golang.org/x/text/encoding/ianaindex"
)

var (
	startsWithFunc  = predicate(strings.HasPrefix, "str", "prefix")
	endsWithFunc    = predicate(strings.HasSuffix, "str", "suffix")
	strContainsFunc = predicate(strings.Contains, "str", "substr")

	// The tree is the same on every machine, so paths in it have slashes.
	basenameFunc = ofStrings(cty.String, pathFunc(path.Base), "path")
	dirnameFunc  = ofStrings(cty.String, pathFunc(path.Dir), "path")

	timeCmpFunc          = ofStrings(cty.Number, timeCmp, "timestamp_a", "timestamp_b")
	base64DecodeFunc     = ofStrings(cty.String, base64Decode, "str")
	textEncodeBase64Func = ofStrings(cty.String, textEncodeBase64, "string", "encoding")
	textDecodeBase64Func = ofStrings(cty.String, textDecodeBase64, "source", "encoding")
)

// ofStrings makes a function whose parameters are strings, all of them known
// and none of them null when impl sees them.
func ofStrings(result cty.Type, impl func(args []string) (cty.Value, error), names ...string) function.Function {
	params := make([]function.Parameter, len(names))
	for i, name := range names {
		params[i] = function.Parameter{Name: name, Type: cty.String}
	}
	return function.New(&function.Spec{
		Params: params,
		Type:   function.StaticReturnType(result),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			texts := make([]string, len(args))
			for i, arg := range args {
				texts[i] = arg.AsString()
			}
			return impl(texts)
		},
	})
}

func predicate(holds func(s, part string) bool, names ...string) function.Function {
	return ofStrings(cty.Bool, func(args []string) (cty.Value, error) {
		return cty.BoolVal(holds(args[0], args[1])), nil
	}, names...)
}

func pathFunc(of func(string) string) func([]string) (cty.Value, error) {
	return func(args []string) (cty.Value, error) {
		return cty.StringVal(of(args[0])), nil
	}
}

// replaceFunc takes a search string between slashes for a regular expression,
// which the function of the same name in cty's standard library does not.
var replaceFunc = function.New(&function.Spec{
	Params: stdlib.ReplaceFunc.Params(),
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		search := args[1].AsString()
		if len(search) > 1 && strings.HasPrefix(search, "/") && strings.HasSuffix(search, "/") {
			return stdlib.RegexReplace(args[0], cty.StringVal(search[1:len(search)-1]), args[2])
		}
		return stdlib.Replace(args[0], args[1], args[2])
	},
})

func timeCmp(args []string) (cty.Value, error) {
	a, err := time.Parse(time.RFC3339, args[0])
	if err != nil {
		return cty.NilVal, function.NewArgErrorf(0, "%q is not a time in the form of RFC 3339", args[0])
	}
	b, err := time.Parse(time.RFC3339, args[1])
	if err != nil {
		return cty.NilVal, function.NewArgErrorf(1, "%q is not a time in the form of RFC 3339", args[1])
	}
	return cty.NumberIntVal(int64(a.Compare(b))), nil
}

func base64HashFunc(newHash func() hash.Hash) function.Function {
	return ofStrings(cty.String, func(args []string) (cty.Value, error) {
		h := newHash()
		h.Write([]byte(args[0]))
		return cty.StringVal(base64.StdEncoding.EncodeToString(h.Sum(nil))), nil
	}, "str")
}

// base64Decode keeps what it was given out of its errors: base64 is how secrets
// travel in Kubernetes.
func base64Decode(args []string) (cty.Value, error) {
	decoded, err := base64.StdEncoding.DecodeString(args[0])
	if err != nil {
		return cty.NilVal, function.NewArgError(0, err)
	}
	if !utf8.Valid(decoded) {
		return cty.NilVal, function.NewArgErrorf(0, "the decoded text is not valid UTF-8")
	}
	return cty.StringVal(string(decoded)), nil
}

func textEncodeBase64(args []string) (cty.Value, error) {
	enc, err := textEncoding(args[1])
	if err != nil {
		return cty.NilVal, err
	}
	encoded, err := enc.NewEncoder().Bytes([]byte(args[0]))
	if err != nil {
		return cty.NilVal, function.NewArgErrorf(0, "the text has characters that do not exist in %s", args[1])
	}
	return cty.StringVal(base64.StdEncoding.EncodeToString(encoded)), nil
}

func textDecodeBase64(args []string) (cty.Value, error) {
	enc, err := textEncoding(args[1])
	if err != nil {
		return cty.NilVal, err
	}
	encoded, err := base64.StdEncoding.DecodeString(args[0])
	if err != nil {
		return cty.NilVal, function.NewArgError(0, err)
	}
	decoded, err := enc.NewDecoder().Bytes(encoded)
	if err != nil || strings.ContainsRune(string(decoded), utf8.RuneError) {
		return cty.NilVal, function.NewArgError(0, errors.New("the bytes are not text in "+args[1]))
	}
	return cty.StringVal(string(decoded)), nil
}

func textEncoding(name string) (textencoding.Encoding, error) {
	enc, err := ianaindex.IANA.Encoding(name)
	if err != nil || enc == nil { // a name may be registered without being supported
		return nil, function.NewArgErrorf(1, "%q is not the IANA name of a supported encoding", name)
	}
	return enc, nil
}
