package kong

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongapi"
)

// explained points a refusal at the attribute it is about, and says of a name that is taken who has it.
func explained[E kongapi.Entity](ctx context.Context, err error, kind string, c *kongapi.Collection[E]) error {
	var refusal *kongapi.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	if field, value := refusal.Taken(); field != "" {
		if holder, lookupErr := c.Get(ctx, value); lookupErr == nil {
			err = &takenError{error: err, kind: kind, field: field, value: value, id: (*holder).EntityID()}
		}
	}
	if field := refusal.At(); field != "" {
		return crud.At(path.Root(field), err)
	}
	return err
}

// takenError is a name that another entity has.
type takenError struct {
	error
	kind, field, value, id string
}

func (e *takenError) Unwrap() error { return e.error }

// Hint names the entity and how to take it over.
func (e *takenError) Hint() string {
	return fmt.Sprintf("Another %s has the %s %q: %s. A run that was killed may have made it. If it is the one meant, import it:\n\n"+
		"  terraform import onprem_kong_%s.<label> %s\n\nOtherwise choose another %s.", e.kind, e.field, e.value, e.id, e.kind, e.id, e.field)
}

// find turns an import id, a UUID or a name, into a UUID.
func find[E kongapi.Entity](ctx context.Context, id string, c *kongapi.Collection[E]) (string, error) {
	if uuidForm.MatchString(id) {
		return strings.ToLower(id), nil
	}
	if why := wrongName(id); why != "" {
		return "", fmt.Errorf("%q is not an import id of this type: it is neither a UUID nor a name\n\nWrite it as <id> or as <name>", id)
	}
	found, err := c.Get(ctx, id)
	if api.IsNotFound(err) {
		return "", fmt.Errorf("nothing is named %q: %w", id, err)
	}
	if err != nil {
		return "", err
	}
	return (*found).EntityID(), nil
}
