package plan

import (
	"fmt"
	"slices"
	"strings"
)

// Gate is something that a pipeline does not let pass.
type Gate string

// The gates.
const (
	GateDestroy Gate = "destroy" // an object is destroyed
	GateReplace Gate = "replace" // an object is replaced
	GateMock    Gate = "mock"    // a unit was planned on mock outputs
	GateError   Gate = "error"   // a unit has no plan, or none that is whole
)

var gates = []Gate{GateDestroy, GateReplace, GateMock, GateError}

// ParseGates reads a list such as "destroy,mock".
func ParseGates(list string) ([]Gate, error) {
	var parsed []Gate
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		switch gate := Gate(name); {
		case name == "":
		case slices.Contains(gates, gate):
			parsed = append(parsed, gate)
		default:
			return nil, fmt.Errorf("%q is nothing to fail on: choose among destroy, replace, mock and error", name)
		}
	}
	return parsed, nil
}

// Stop is a gate that a unit does not pass.
type Stop struct {
	Gate Gate
	Unit string
	// Count is how many objects are concerned, for destroy and replace.
	Count int
}

// Stops lists what does not pass the gates, unit by unit.
func (r *Report) Stops(gates []Gate) []Stop {
	var stops []Stop
	for _, u := range r.Units {
		for _, gate := range gates {
			if count := gate.hits(u); count > 0 {
				stops = append(stops, Stop{Gate: gate, Unit: u.Name(), Count: count})
			}
		}
	}
	return stops
}

func (g Gate) hits(u *Unit) int {
	stopped := false
	switch g {
	case GateDestroy:
		return u.Counts.Destroy
	case GateReplace:
		return u.Counts.Replace
	case GateMock:
		stopped = u.Mocked
	case GateError:
		stopped = u.State.Unplanned()
	}
	if stopped {
		return 1
	}
	return 0
}
