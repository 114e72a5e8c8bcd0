package guacsim

import (
	"encoding/json"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
)

// The faults that are Guacamole's own; package faulty has those of any server.
var (
	// SessionEnded refuses a request as if its session had ended; the session
	// goes on, other than after EndSessions.
	SessionEnded = fault(noSession())
	// InternalError is what Guacamole answers when it did not foresee something.
	InternalError = fault(unexpected())
)

func fault(a *answer) faulty.Fault {
	body, _ := json.Marshal(a.body)
	return faulty.Status(a.status, string(body))
}
