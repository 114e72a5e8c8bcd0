package functions

import (
	"bytes"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// CheckNumbers refuses numbers beyond 1e999 in the text of an HCL file. HCL
// computes with as many digits as a number has, so that a dozen characters can
// keep an evaluation busy for hours.
func CheckNumbers(source []byte, filename string) hcl.Diagnostics {
	tokens, _ := hclsyntax.LexConfig(source, filename, hcl.InitialPos) // the parser has the same errors
	var diags hcl.Diagnostics
	for _, token := range tokens {
		if token.Type == hclsyntax.TokenNumberLit && TooLarge(token.Bytes) {
			diags = diags.Append(&hcl.Diagnostic{
				Severity: hcl.DiagError,
				Summary:  "Number out of range",
				Detail:   fmt.Sprintf("%s has an exponent of more than three digits.", token.Bytes),
				Subject:  &token.Range,
			})
		}
	}
	return diags
}

// TooLarge says whether a number as it is written has more than three digits in
// its exponent.
func TooLarge(number []byte) bool {
	_, exponent, _ := bytes.Cut(bytes.ToLower(number), []byte("e"))
	return len(bytes.TrimLeft(exponent, "+-0")) > 3
}
