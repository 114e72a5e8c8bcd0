// Package functions holds the functions an expression of platform.hcl may call:
// those that Terraform, OpenTofu and Terragrunt share and that give the same
// result in all three. Expressions are written into the generated tree as the
// user wrote them, so what they mean here is what they must mean there.
package functions

import (
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"maps"
	"slices"

	"github.com/hashicorp/go-cty-funcs/cidr"
	"github.com/hashicorp/go-cty-funcs/collection"
	"github.com/hashicorp/go-cty-funcs/crypto"
	"github.com/hashicorp/go-cty-funcs/encoding"
	"github.com/hashicorp/go-cty-funcs/uuid"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	ctyyaml "github.com/zclconf/go-cty-yaml"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// Table returns the functions by name. The map is the caller's own, to add to.
//
// All functions are pure, propagate unknown values and keep marks.
func Table() map[string]function.Function {
	return maps.Clone(table)
}

// Names returns the names of the functions in Table, sorted.
func Names() []string {
	return slices.Sorted(maps.Keys(table))
}

var table = map[string]function.Function{
	// Numbers.
	"abs":      stdlib.AbsoluteFunc,
	"ceil":     stdlib.CeilFunc,
	"floor":    stdlib.FloorFunc,
	"log":      finite(stdlib.LogFunc),
	"max":      stdlib.MaxFunc,
	"min":      stdlib.MinFunc,
	"parseint": stdlib.ParseIntFunc,
	"pow":      finite(stdlib.PowFunc),
	"signum":   stdlib.SignumFunc,
	"sum":      sumFunc,

	// Strings.
	"basename":    basenameFunc,
	"chomp":       stdlib.ChompFunc,
	"dirname":     dirnameFunc,
	"endswith":    endsWithFunc,
	"format":      typedNulls(stdlib.FormatFunc),
	"formatlist":  typedNulls(stdlib.FormatListFunc),
	"indent":      stdlib.IndentFunc,
	"join":        stdlib.JoinFunc,
	"lower":       stdlib.LowerFunc,
	"regex":       stdlib.RegexFunc,
	"regexall":    stdlib.RegexAllFunc,
	"replace":     replaceFunc,
	"split":       stdlib.SplitFunc,
	"startswith":  startsWithFunc,
	"strcontains": strContainsFunc,
	"strrev":      stdlib.ReverseFunc,
	"substr":      stdlib.SubstrFunc,
	"title":       stdlib.TitleFunc,
	"trim":        stdlib.TrimFunc,
	"trimprefix":  stdlib.TrimPrefixFunc,
	"trimspace":   stdlib.TrimSpaceFunc,
	"trimsuffix":  stdlib.TrimSuffixFunc,
	"upper":       stdlib.UpperFunc,

	// Collections.
	"alltrue":         allTrueFunc,
	"anytrue":         anyTrueFunc,
	"chunklist":       stdlib.ChunklistFunc,
	"coalesce":        collection.CoalesceFunc,
	"coalescelist":    stdlib.CoalesceListFunc,
	"compact":         stdlib.CompactFunc,
	"concat":          stdlib.ConcatFunc,
	"contains":        stdlib.ContainsFunc,
	"distinct":        stdlib.DistinctFunc,
	"element":         stdlib.ElementFunc,
	"flatten":         stdlib.FlattenFunc,
	"index":           indexFunc,
	"keys":            stdlib.KeysFunc,
	"length":          lengthFunc,
	"lookup":          lookupFunc,
	"matchkeys":       matchKeysFunc,
	"merge":           stdlib.MergeFunc,
	"one":             oneFunc,
	"range":           stdlib.RangeFunc,
	"reverse":         stdlib.ReverseListFunc,
	"setintersection": stdlib.SetIntersectionFunc,
	"setproduct":      stdlib.SetProductFunc,
	"setsubtract":     stdlib.SetSubtractFunc,
	"setunion":        stdlib.SetUnionFunc,
	"slice":           stdlib.SliceFunc,
	"sort":            stdlib.SortFunc,
	"transpose":       transposeFunc,
	"values":          stdlib.ValuesFunc,
	"zipmap":          stdlib.ZipmapFunc,

	// Encodings and hashes.
	"base64decode":     base64DecodeFunc,
	"base64encode":     encoding.Base64EncodeFunc,
	"base64sha256":     base64HashFunc(sha256.New),
	"base64sha512":     base64HashFunc(sha512.New),
	"csvdecode":        stdlib.CSVDecodeFunc,
	"jsondecode":       stdlib.JSONDecodeFunc,
	"jsonencode":       stdlib.JSONEncodeFunc,
	"md5":              crypto.Md5Func,
	"sha1":             crypto.Sha1Func,
	"sha256":           crypto.Sha256Func,
	"sha512":           crypto.Sha512Func,
	"textdecodebase64": textDecodeBase64Func,
	"textencodebase64": textEncodeBase64Func,
	"urlencode":        encoding.URLEncodeFunc,
	"uuidv5":           uuid.V5Func,
	"yamldecode":       ctyyaml.YAMLDecodeFunc,
	"yamlencode":       ctyyaml.YAMLEncodeFunc,

	// Dates.
	"formatdate": stdlib.FormatDateFunc,
	"timeadd":    stdlib.TimeAddFunc,
	"timecmp":    timeCmpFunc,

	// Networks.
	"cidrhost":    cidrHostFunc,
	"cidrnetmask": cidrNetmaskFunc,
	"cidrsubnet":  cidrSubnetFunc,
	"cidrsubnets": cidr.SubnetsFunc,

	// Types.
	"can":      tryfunc.CanFunc,
	"tobool":   typedNulls(stdlib.MakeToFunc(cty.Bool)),
	"tolist":   typedNulls(stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType))),
	"tomap":    typedNulls(stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType))),
	"tonumber": typedNulls(stdlib.MakeToFunc(cty.Number)),
	"toset":    typedNulls(stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType))),
	"tostring": typedNulls(stdlib.MakeToFunc(cty.String)),
	"try":      tryfunc.TryFunc,
}

// typedNulls makes f refuse the null that has no type, as it is when written
// out: Terraform 1.11 takes it for unknown when it formats, Terragrunt when it
// converts.
func typedNulls(f function.Function) function.Function {
	return function.New(&function.Spec{
		Params:   f.Params(),
		VarParam: f.VarParam(),
		Type: func(args []cty.Value) (cty.Type, error) {
			for i, arg := range args {
				if arg.Type() == cty.DynamicPseudoType && arg.IsNull() {
					return cty.NilType, function.NewArgErrorf(i, "Terraform and Terragrunt disagree about null here")
				}
			}
			return f.ReturnTypeForValues(args)
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return f.Call(args) },
	})
}

// finite gives an error where f, which computes with floating point, would
// panic over a result that is no number: the logarithm of -1.
func finite(f function.Function) function.Function {
	return function.New(&function.Spec{
		Params: f.Params(),
		Type:   function.StaticReturnType(cty.Number),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			result, err := f.Call(args)
			if panicked := (function.PanicError{}); errors.As(err, &panicked) {
				return cty.NilVal, errors.New("the result is not a number")
			}
			return result, err
		},
	})
}
