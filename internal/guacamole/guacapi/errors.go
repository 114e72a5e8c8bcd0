package guacapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

// ErrExists is a name that is taken already.
var ErrExists = errors.New("already exists")

// errSessionEnded is a token that Guacamole does not know (any more).
var errSessionEnded = errors.New("the session has ended")

// endedMessage is all that tells an ended session from lacking rights, which
// has a small d (Guacamole 1.5.5 and 1.6.0).
const endedMessage = "Permission Denied."

// explain completes the error of a refused request from Guacamole's body.
func explain(e *api.Error) {
	var body struct {
		Message  string                  `json:"message"`
		Type     string                  `json:"type"`
		Expected []struct{ Name string } `json:"expected"`
	}
	if json.Unmarshal([]byte(e.Body), &body) != nil || body.Type == "" {
		return // not Guacamole: a proxy's page, say
	}
	e.Message = body.Message
	var names []string
	for _, f := range body.Expected {
		names = append(names, f.Name)
	}
	switch body.Type {
	case "NOT_FOUND":
		e.Err = api.ErrNotFound
	case "INVALID_CREDENTIALS":
		e.Advice = "The user name or password in the provider's `guacamole` block is wrong, or the account is disabled or outside of its hours."
	case "INSUFFICIENT_CREDENTIALS":
		e.Advice = moreCredentials(body.Message, names)
	case "PERMISSION_DENIED":
		if body.Message == endedMessage {
			e.Err = errSessionEnded
			e.Advice = "A session that has just begun was not known to the server that got the request. Behind a load balancer, " +
				"requests of one session must go to the same Guacamole: turn on sticky sessions."
			return
		}
		e.Advice = "The account in the provider's `guacamole` block lacks the right. Give it ADMINISTER, or the right to create, read, " +
			"update and delete these objects."
	case "BAD_REQUEST":
		if e.Status == http.StatusBadRequest && strings.HasSuffix(body.Message, "already exists.") {
			e.Err = ErrExists
		}
	case "INTERNAL_ERROR":
		e.Advice = "Guacamole did not foresee this and says no more. The cause is in its log (catalina.out or the container's output)."
	}
}

// moreCredentials says what to do about a login that wants more than name and
// password: the field of a further factor, or a new password.
func moreCredentials(message string, fields []string) string {
	wants := "more than a user name and password"
	if len(fields) > 0 {
		wants = "the field `" + strings.Join(fields, "`, `") + "` as well"
	}
	if slices.Contains(fields, "new-password") {
		return "The account's password has expired. Log in with a browser and choose a new one."
	}
	return fmt.Sprintf("Guacamole wants %s (%s). Give it with `login_fields` in the provider's `guacamole` block, "+
		"or better use an account for automation that needs no second factor.", wants, strings.TrimSuffix(message, "."))
}

// ParentError is a group that an object was to be put into and that does not
// exist; Guacamole itself only says that something unexpected has happened.
type ParentError struct {
	Identifier string
	Err        error
}

// Error names the group.
func (e *ParentError) Error() string {
	return fmt.Sprintf("parent_identifier %q does not exist (%v)", e.Identifier, e.Err)
}

// Unwrap returns what Guacamole answered.
func (e *ParentError) Unwrap() error { return e.Err }

// Hint says what to write.
func (e *ParentError) Hint() string {
	return fmt.Sprintf("There is no connection group with this identifier. Use the `identifier` of an onprem_guacamole_connection_group, or %q.", Root)
}

// NameError is a name that is taken by an object that this run has not made.
type NameError struct {
	Kind, Name, Parent string
	Identifier         string // of the object that has the name; empty when it cannot be told
	Err                error
}

// Error names the object that is in the way.
func (e *NameError) Error() string {
	if e.Identifier == "" {
		return e.Err.Error()
	}
	return fmt.Sprintf("the %s %q exists in %s already, with the identifier %s (%v)", e.Kind, e.Name, place(e.Parent), e.Identifier, e.Err)
}

// Unwrap returns what Guacamole answered.
func (e *NameError) Unwrap() error { return e.Err }

// Hint says how to take the object over.
func (e *NameError) Hint() string {
	if e.Identifier == "" {
		return "Names are unique within a connection group. Choose another one."
	}
	return fmt.Sprintf("To manage the existing object, import it: terraform import <address> %s. Otherwise choose another name, "+
		"which has to be unique within a connection group, or remove the existing one.", e.Identifier)
}

func place(parent string) string {
	if parent == Root {
		return "the root"
	}
	return "group " + parent
}
