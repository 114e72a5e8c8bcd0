package synthetic

import (
	"bytes"
	"fmt"
	"strings"
)

// Plan is a plan in JSON of about 1 MB with 400 objects, made up as real ones are: the same objects in
// the changes, in the prior state and in the planned values, and one in a
// hundred with a secret. Five objects are updated, the others have the action.
func Plan(unit, objects int, action string) []byte {
	text := strings.Repeat("a line of a description, as long as they are\\n", 12)
	value := func(i int, suffix string) string {
		return fmt.Sprintf(`{"id":"%d-%d","name":"object-%d%s","labels":{"site":"seoul","team":"payments"},"ports":[80,443,8080],"text":"%s"}`,
			unit, i, i, suffix, text)
	}
	var changes, state bytes.Buffer
	for i := range objects {
		if i > 0 {
			changes.WriteByte(',')
			state.WriteByte(',')
		}
		actions, before, after, sensitive := action, value(i, ""), value(i, ""), "{}"
		switch {
		case i < 5:
			actions, after = `"update"`, value(i, "-new")
		case action == `"create"`:
			before = "null"
		}
		if i%100 == 0 {
			sensitive = `{"id":true}`
		}
		fmt.Fprintf(&changes, `{"address":"onprem_kong_service.this[\"%d\"]","mode":"managed","type":"onprem_kong_service","name":"this","index":"%d","change":{"actions":[%s],"before":%s,"after":%s,"after_unknown":{},"before_sensitive":%s,"after_sensitive":%s}}`,
			i, i, actions, before, after, sensitive, sensitive)
		fmt.Fprintf(&state, `{"address":"onprem_kong_service.this[\"%d\"]","mode":"managed","values":%s,"sensitive_values":%s}`, i, value(i, ""), sensitive)
	}
	return fmt.Appendf(nil, `{"format_version":"1.2","terraform_version":"1.11.4","planned_values":{"root_module":{"resources":[%s]}},"resource_changes":[%s],"prior_state":{"format_version":"1.0","values":{"root_module":{"resources":[%s]}}},"configuration":{"root_module":{}}}`,
		state.Bytes(), changes.Bytes(), state.Bytes())
}
