package crud

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

// Timeouts is the attribute `timeouts` of a resource whose writes can be long,
// with the description that the library leaves out.
func Timeouts(ctx context.Context, o timeouts.Opts) schema.Attribute {
	a, _ := timeouts.Attributes(ctx, o).(schema.SingleNestedAttribute)
	a.MarkdownDescription = "How long operations may take, each as a duration such as `90s`."
	return a
}

// withTimeout bounds ctx by the timeout that the user has set for an operation.
func withTimeout[M any](
	ctx context.Context, m *M, of func(timeouts.Value, context.Context, time.Duration) (time.Duration, diag.Diagnostics), diags *diag.Diagnostics,
) (context.Context, context.CancelFunc) {
	configurable, ok := any(m).(interface{ OperationTimeouts() timeouts.Value })
	if !ok {
		return ctx, func() {}
	}
	t, d := of(configurable.OperationTimeouts(), ctx, 0)
	diags.Append(d...)
	if t == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, t)
}
