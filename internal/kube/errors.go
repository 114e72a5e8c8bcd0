package kube

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
	"github.com/onprem-tools/terraform-provider-onprem/internal/mask"
)

// errNotServed means that the cluster does not have the kind at all, which says
// nothing about the object.
var errNotServed = errors.New("the kind is not served")

// errForeign means that the answer is not in the API server's form.
var errForeign = errors.New("not the API server's answer")

// Error is an operation that failed: which, why in the server's own words, and
// what to do about it.
type Error struct {
	// Status of the answer; 0 when there was none.
	Status int
	// Message is the server's explanation.
	Message string
	// Fields are those the server has refused.
	Fields []FieldError
	// Conflicts are the fields that other managers own.
	Conflicts []Conflict
	// Err is the cause, or the meaning: api.ErrNotFound.
	Err error

	op         operation
	host       string
	heard      bool   // there was an answer
	webhook    string // the admission webhook that refused, or could not be asked
	denied     bool   // it refused
	inside     bool   // a part of the control plane could not be reached
	unreadable bool   // the answer is not the API server's
	foreign    string // what it is, when it is no Status object
	missing    string // what is missing, when it is not the object itself
	after      time.Duration
	tries      int
	took       time.Duration
	secrets    []*mask.Secrets // what must not be shown: of the client and of the operation
}

// FieldError is a field that the server has refused.
type FieldError struct {
	Field   string // as the server names it: "spec.myASN", or Calico's "NodeSelector"
	Message string
	Unknown bool // the server's version does not have the field
}

// Conflict is a field that another manager owns with another value.
type Conflict struct{ Manager, Field string }

// Error names the operation and the cause: `apply BGPPeer "tor-1": kubernetes
// answered 403: "…"`. Secrets of the operation and of the client are masked.
func (e *Error) Error() string {
	s := e.op.String() + ": " + e.summary()
	if e.tries > 1 {
		s += fmt.Sprintf(" (after %d tries in %s)", e.tries, e.took.Round(time.Second/10))
	}
	if e.after > 0 {
		s += fmt.Sprintf(", and asks to wait %s", e.after.Round(time.Second))
	}
	return e.hide(s)
}

func (e *Error) hide(text string) string {
	for _, s := range e.secrets {
		text = s.Text(text)
	}
	return text
}

func (e *Error) summary() string {
	switch {
	case len(e.Conflicts) > 0:
		return e.conflictSummary()
	case errors.Is(e.Err, errNotServed):
		return fmt.Sprintf("%s is not served by this cluster", e.op.kind.GroupVersion())
	case e.isUnsent():
		return e.Err.Error()
	case e.isFinal(), e.isStranger():
		return fmt.Sprintf("kubernetes at %s %v", e.host, e.Err)
	case e.Status == 0:
		return fmt.Sprintf("kubernetes at %s: %v", e.host, e.Err)
	case len(e.Fields) == 1:
		return fmt.Sprintf("kubernetes answered %d: %s: %s", e.Status, e.Fields[0].Field, paragraph(e.Fields[0].Message))
	case e.unreadable:
		return fmt.Sprintf("kubernetes at %s answered %d with %s", e.host, e.Status, e.foreign)
	case e.foreign != "":
		return fmt.Sprintf("kubernetes answered %d with %s", e.Status, e.foreign)
	}
	return fmt.Sprintf("kubernetes answered %d: %s", e.Status, api.Quote(e.Message))
}

// paragraph keeps the lines of a text.
func paragraph(text string) string {
	if strings.Contains(text, "\n") {
		return api.Quote(text)
	}
	return text
}

func (e *Error) conflictSummary() string {
	parts := make([]string, len(e.Conflicts))
	for i, c := range e.Conflicts {
		parts[i] = fmt.Sprintf("%s is managed by %q", c.Field, c.Manager)
	}
	return strings.Join(parts, ", ")
}

// Each takes e apart: one error for each field that was refused or is in
// conflict, or e itself.
func (e *Error) Each() []*Error {
	var parts []*Error
	for i := range e.Fields {
		part := *e
		part.Fields = e.Fields[i : i+1]
		parts = append(parts, &part)
	}
	for i := range e.Conflicts {
		part := *e
		part.Conflicts = e.Conflicts[i : i+1]
		parts = append(parts, &part)
	}
	if len(parts) < 2 {
		return []*Error{e}
	}
	return parts
}

// Field names the first field that was refused or is in conflict; "" when the
// fault is no field's.
func (e *Error) Field() string {
	switch {
	case len(e.Fields) > 0:
		return e.Fields[0].Field
	case len(e.Conflicts) > 0:
		return e.Conflicts[0].Field
	}
	return ""
}

// Unwrap returns the cause or meaning.
func (e *Error) Unwrap() error { return e.Err }

// Hint says what to do next, or nothing when the message says it all.
func (e *Error) Hint() string { return e.hide(e.hint()) }

func (e *Error) hint() string {
	switch {
	case e.isUnsent():
		return "Correct the name, or the id that is imported."
	case e.isFinal():
		return e.finalHint()
	case len(e.Conflicts) > 0:
		return "Another manager has set these fields to other values. Leave them out of the configuration, or change them there, " +
			"or set `take_ownership = true` to take them over."
	case errors.Is(e.Err, errNotServed):
		return fmt.Sprintf("Install %s in the cluster, or point the provider's `kubernetes` block at the cluster that has it.", e.op.kind.ServedBy)
	case e.Status == 0:
		return e.connectionHint()
	case e.webhook != "":
		return e.webhookHint()
	case e.missing != "":
		return fmt.Sprintf("Create the %s first.", e.missing)
	}
	return e.statusHint()
}

// isUnsent reports whether nothing was sent, since it could not be meant.
func (e *Error) isUnsent() bool {
	var name *nameError
	return errors.As(e.Err, &name)
}

// isFinal reports whether the answer would be the same another time.
func (e *Error) isFinal() bool {
	var redirect *redirectError
	var large *api.TooLargeError
	return e.isUnsent() || errors.As(e.Err, &redirect) || errors.As(e.Err, &large) || errors.Is(e.Err, errEndless)
}

func (e *Error) isStranger() bool {
	var stranger *strangerError
	return errors.As(e.Err, &stranger)
}

func (e *Error) finalHint() string {
	var redirect *redirectError
	var large *api.TooLargeError
	const address = "Check the address in the provider's `kubernetes` block or the kubeconfig"
	switch {
	case errors.As(e.Err, &redirect):
		return "Credentials are not sent to where an answer points. " + address + ": if the target is the API server's own address, use that; " +
			"a log-in page means that something in front of the API server wants another way in."
	case errors.As(e.Err, &large):
		return "Nothing of that size is asked for: something else may answer. " + address + "; `max_response_mib` in the same block allows more."
	}
	return "A proxy in between, or another service, has answered. " + address + "."
}

func (e *Error) webhookHint() string {
	if e.denied {
		return ""
	}
	return fmt.Sprintf("The admission webhook %q could not be asked. Check that the pods behind it run and are ready, that its service has endpoints, "+
		"and that its certificate is in place (`kubectl get validatingwebhookconfigurations`). Right after an install this passes: run again.", e.webhook)
}

func (e *Error) statusHint() string {
	switch {
	case e.unreadable:
		return "A proxy in between, or another service, has answered. Check the address in the provider's `kubernetes` block."
	case hasUnknown(e.Fields):
		return fmt.Sprintf("The %s in this cluster is older than the field. Upgrade it, or leave the attribute out.", e.op.kind.ServedBy)
	case e.Status == http.StatusUnauthorized:
		return "The credentials in the provider's `kubernetes` block were refused, or have expired during the run. Renew them, and run again."
	case e.Status == http.StatusForbidden:
		return fmt.Sprintf("Give the account a role with %s on %s.%s%s.", verbs(e.op.verb), e.op.kind.Resource, e.op.kind.Group, e.where())
	case e.Status == http.StatusConflict && strings.Contains(e.Message, "uid mismatch"), strings.Contains(e.Message, "metadata.uid"):
		return "The object was deleted, or deleted and made anew, since it was read. Run again to see it as it is now."
	case e.Status == http.StatusServiceUnavailable:
		return fmt.Sprintf("The server of %s is down or starting. Check %s (`kubectl get apiservices`), then run again.",
			e.op.kind.GroupVersion(), orElse(e.op.kind.ServedBy, "its pods"))
	case e.Status == http.StatusTooManyRequests || e.Status >= 500 && len(e.Fields) == 0:
		return "The cluster is overloaded or failing. Look at its control plane, then run again."
	}
	return ""
}

// verbs names the rights an operation needs. Server-side apply is a patch, and
// a create where there is nothing yet.
func verbs(verb string) string {
	if verb == "apply" {
		return "the verbs `patch` and `create`"
	}
	return fmt.Sprintf("the verb `%s`", verb)
}

func (e *Error) where() string {
	if e.op.key.Namespace == "" {
		return " (cluster-wide)"
	}
	return fmt.Sprintf(" in namespace %q", e.op.key.Namespace)
}

func (e *Error) connectionHint() string {
	const block = "the provider's `kubernetes` block"
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(e.Err, context.Canceled):
		return "The run was interrupted. Run it again."
	case isLogin(e.Err):
		return "The program that gets the credentials failed. Run it by hand, and check `exec` in " + block + " or the kubeconfig."
	case errors.Is(e.Err, syscall.ECONNREFUSED):
		return "Nothing listens there. Check the address in " + block + " or the kubeconfig, and that the API server is running and reachable from here."
	case errors.As(e.Err, &dns):
		return "The host name cannot be resolved from here. Check it in " + block + " or the kubeconfig, and this machine's DNS."
	case errors.As(e.Err, &unknown):
		return "The API server's certificate is signed by an authority that is not the configured one. Give the cluster's authority with " +
			"`cluster_ca_certificate` in " + block + ", or use the cluster's own kubeconfig."
	case errors.As(e.Err, &host):
		return "The API server's certificate is for other names. Use one of them in `host`, or set `tls_server_name` to one."
	case errors.As(e.Err, &invalid):
		return "The API server's certificate is not valid (expired, or not yet valid). Have it renewed, and check this machine's clock."
	case isPlainHTTP(e.Err):
		return "The server does not speak TLS on this port. Check scheme and port in " + block + "."
	case errors.Is(e.Err, context.DeadlineExceeded), errors.As(e.Err, &timeout) && timeout.Timeout():
		return "The cluster is slow, or something on the way drops the connection. Check the address in " + block + " and the network in between, then run again."
	}
	return "Check the address in " + block + " or the kubeconfig and the network in between, then run again."
}

// failure turns client-go's error into this package's.
func (c *Client) failure(ctx context.Context, op operation, err error, a *answer) *Error {
	e := &Error{
		op: op, host: c.cluster.address(), Err: err, Status: a.status, heard: a.status != 0, after: a.after,
		secrets: []*mask.Secrets{c.secrets, mask.In(ctx)},
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		e.withoutStatus(err, a)
		return e
	}
	s := status.Status()
	if isForeign(s) || int(s.Code) != a.status {
		e.describe(a)
		return e
	}
	s.Message = e.hide(s.Message) // before it is quoted, which is one more spelling
	e.Message = s.Message
	if s.Details != nil {
		e.after = max(e.after, api.Seconds(int64(s.Details.RetryAfterSeconds)))
	}
	e.explain(s)
	return e
}

// errEndless is a listing whose pages lead round in a circle, or on and on.
var errEndless = errors.New("gave a listing that has no end")

func (c *Client) endless(ctx context.Context, op operation) *Error {
	return c.failure(ctx, op, errEndless, &answer{status: http.StatusOK})
}

// withoutStatus takes an error apart that the API server did not word: no
// answer, or one that does not decode.
func (e *Error) withoutStatus(err error, a *answer) {
	var outer *url.Error
	if errors.As(err, &outer) {
		e.Err = outer.Err // without method and URL, which the message has already
	}
	switch {
	case e.isStranger():
		e.unreadable = true
	case outer == nil && a.status != 0 && !e.isFinal(): // client-go's words of an answer quote it
		e.describe(a)
	case !e.isFinal():
		e.Status = 0 // what there was of an answer did not arrive
	}
}

// isForeign reports whether an answer was no Status object.
func isForeign(s metav1.Status) bool {
	return s.Details != nil && slices.ContainsFunc(s.Details.Causes, func(cause metav1.StatusCause) bool {
		return cause.Type == metav1.CauseTypeUnexpectedServerResponse
	})
}

// describe explains an answer that is not in the API server's form. The API
// server gives such a one itself for a path that is not served, and for an
// aggregated server that is down. Others are not quoted: they may repeat the
// request, with all that is secret in it.
func (e *Error) describe(a *answer) {
	e.Err = errForeign
	body := strings.TrimSpace(string(a.start))
	switch {
	case e.Status == http.StatusNotFound && body == "404 page not found":
		e.Err = errNotServed
	case e.Status == http.StatusServiceUnavailable && body == "service unavailable":
		e.Message = body
	default:
		e.foreign = api.Foreign(a.mediaType, e.hide(string(a.start)))
		refusal := e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden || e.Status == http.StatusTooManyRequests
		e.unreadable = !refusal && e.Status < 500
	}
}

var (
	webhookDenied      = lazyregexp.New(`^admission webhook "([^"]+)" denied the request`)
	webhookUnreachable = lazyregexp.New(`failed calling webhook "([^"]+)"`)
	// insideFault finds faults between the parts of the control plane. Those of
	// calico-apiserver's own client, which is slow to talk to kube-apiserver,
	// come as 400.
	insideFault     = lazyregexp.New(`etcdserver: |connection (refused|reset)|client rate limiter|context deadline exceeded`)
	undeclaredField = lazyregexp.New(`\.?([\w.\[\]"-]+): field not declared in schema`)
	wrongType       = lazyregexp.New(`\.?(spec[\w.\[\]"-]*): (expected [^\n]+)`)
	calicoField     = lazyregexp.New(`(?m)(?:error with field |^-\s+)([\w.]+)(?: = '([^\n]*)')?(?: \(([^\n]*)\))?\s*$`)
)

// explain reads a Status object.
func (e *Error) explain(s metav1.Status) {
	details := s.Details
	if details == nil {
		details = &metav1.StatusDetails{}
	}
	for _, cause := range details.Causes {
		if cause.Type == metav1.CauseTypeFieldManagerConflict {
			e.Conflicts = append(e.Conflicts, Conflict{Manager: managerIn(cause.Message), Field: strings.TrimPrefix(cause.Field, ".")})
		} else if cause.Field != "" {
			e.Fields = append(e.Fields, FieldError{Field: cause.Field, Message: cause.Message})
		}
	}
	if m := webhookDenied.FindStringSubmatch(s.Message); m != nil {
		e.webhook, e.denied = m[1], true
	}
	if m := webhookUnreachable.FindStringSubmatch(s.Message); m != nil {
		e.webhook = m[1]
	}
	e.inside = insideFault.MatchString(s.Message)
	switch {
	case s.Code == http.StatusNotFound && details.Kind == e.op.kind.Resource && details.Name == e.op.key.Name && details.Name != "":
		e.Err = fmt.Errorf("%w: %w", api.ErrNotFound, e.Err)
	case s.Code == http.StatusNotFound && details.Kind == "namespaces":
		e.missing = fmt.Sprintf("namespace %q", details.Name)
	case s.Code == http.StatusInternalServerError:
		e.internal(s.Message)
	}
}

// internal reads an error 500: server-side apply and Calico 3.28 use it for
// invalid objects too, and tell which only in the text.
func (e *Error) internal(message string) {
	for _, m := range undeclaredField.FindAllStringSubmatch(message, -1) {
		e.Fields = append(e.Fields, FieldError{Field: m[1], Message: "the server does not know this field", Unknown: true})
	}
	for _, m := range wrongType.FindAllStringSubmatch(message, -1) {
		e.Fields = append(e.Fields, FieldError{Field: m[1], Message: m[2]})
	}
	if strings.HasPrefix(message, "error with ") {
		for _, m := range calicoField.FindAllStringSubmatch(message, -1) {
			e.Fields = append(e.Fields, calicoFieldError(m[1], m[2], m[3]))
		}
	}
}

func calicoFieldError(field, value, reason string) FieldError {
	message := fmt.Sprintf("Calico refuses %q", value)
	if reason != "" {
		message += ": " + strings.TrimPrefix(reason, "Reason: ")
	}
	return FieldError{Field: field, Message: message}
}

// managerIn takes the name out of `conflict with "kubectl" using v1`.
func managerIn(message string) string {
	_, rest, ok := strings.Cut(message, `"`)
	if !ok {
		return message
	}
	name, _, _ := strings.Cut(rest, `"`)
	return name
}

func hasUnknown(fields []FieldError) bool {
	for _, f := range fields {
		if f.Unknown {
			return true
		}
	}
	return false
}

// status of an Error, 0 of any other.
func status(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

func isCertificate(err error) bool {
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	return errors.As(err, &verification) || errors.As(err, &record) || isPlainHTTP(err)
}

// isPlainHTTP recognises net/http's words for an HTTP answer to a TLS hello.
func isPlainHTTP(err error) bool {
	return err != nil && strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
}

// isLogin recognises the failure of a credential plugin, which client-go gives
// no type.
func isLogin(err error) bool {
	return err != nil && strings.Contains(err.Error(), "getting credentials:")
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
