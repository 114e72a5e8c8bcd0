package mask

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkMasker is what the first use of a set costs: few secrets, in all
// spellings, and many.
func BenchmarkMasker(b *testing.B) {
	for _, n := range []int{1, few, 50_000} {
		values := map[string]struct{}{}
		for i := range n {
			values[fmt.Sprintf("pa/ss<%d>word", 10_000+i)] = struct{}{}
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				newMasker(values).Text(strings.Repeat("text ", 100))
			}
		})
	}
}
