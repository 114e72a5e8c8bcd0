package api

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/mask"
)

// ErrNotFound is the one error that means: the object does not exist. Only the
// client of a system decides that, never a bare 404 of something in between.
var ErrNotFound = errors.New("not found")

var (
	errTimeout = errors.New("no answer")
	errGarbled = errors.New("the answer is not the JSON it claims to be")
)

// neverSentError marks a request that has not left this machine.
type neverSentError struct{ error }

func (e *neverSentError) Unwrap() error { return e.error }

// Error is a request that failed: which, why in the system's own words, and
// what to do about it.
type Error struct {
	System string // as in Config
	Method string
	Path   string
	Status int    // 0 when there was no answer
	Body   string // of the answer, as far as it was read; never shown, since it may be anyone's
	// Message is the system's own explanation, taken out of the body by the
	// system's client. Without one the answer is described, not quoted.
	Message string
	// Err is the cause, or the meaning a client has found: ErrNotFound, say.
	Err error
	// Advice is the next step for the reader; a general one is found when empty.
	Advice string

	setting   string          // where the URL was configured
	root      string          // the URL itself
	mediaType string          // of the answer
	target    string          // of a redirect
	after     time.Duration   // the system asks to wait that long
	secrets   []*mask.Secrets // what must not be shown: of the client and of the request
}

// Error names the request and the cause: `POST /api/v2.0/projects: harbor
// answered 403: "forbidden"`. Secrets of the request and of the client are masked.
func (e *Error) Error() string {
	text := e.cause()
	if e.Method != "" {
		text = fmt.Sprintf("%s %s: %s", e.Method, e.Path, text)
	}
	return e.hide(text)
}

func (e *Error) cause() string {
	switch {
	case e.Status == 0 && e.Err != nil:
		return fmt.Sprintf("%s: %v", e.System, e.Err)
	case e.Status == 0:
		return fmt.Sprintf("%s: %s", e.System, e.Message)
	case e.target != "":
		return fmt.Sprintf("%s answered %d, a redirect to %s, which is not followed", e.System, e.Status, e.target)
	case e.other() != nil:
		return fmt.Sprintf("%s answered %d with %s", e.System, e.Status, e.other())
	case e.Message != "":
		return fmt.Sprintf("%s answered %d: %s", e.System, e.Status, Quote(e.hide(e.Message))) // masked first: quoting is one more spelling
	case e.Body == "":
		return fmt.Sprintf("%s answered %d without an explanation", e.System, e.Status)
	}
	return fmt.Sprintf("%s answered %d with %s", e.System, e.Status, Foreign(e.mediaType, e.hide(e.Body)))
}

func (e *Error) hide(text string) string {
	for _, s := range e.secrets {
		text = s.Text(text)
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// other is what the answer is instead of what was asked for, where it is.
func (e *Error) other() *OtherError {
	var other *OtherError
	errors.As(e.Err, &other)
	return other
}

// Hint says what to do next, or nothing when the message says it all.
func (e *Error) Hint() string {
	switch {
	case e.target != "":
		return fmt.Sprintf("Credentials are not sent to where an answer points. If the target is the system's own address, use it as `%s` in the "+
			"provider's `%s` block (now %q); a log-in page means that something in front of the system wants another way in.", e.setting, e.System, e.root)
	case e.Advice != "":
		return e.hide(e.Advice)
	case e.Status == 0:
		return e.connectionHint()
	}
	return e.statusHint()
}

func (e *Error) connectionHint() string {
	where := fmt.Sprintf("`%s` in the provider's `%s` block (now %q)", e.setting, e.System, e.root)
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var large *TooLargeError
	var noName *noNameError
	switch {
	case e.setting == "": // made by a client, without a request
		return ""
	case errors.As(e.Err, &noName):
		return "Nothing can be called that: in a path it is a step up. Correct the name, or the import id it comes from."
	case errors.As(e.Err, &large):
		return fmt.Sprintf("Nothing of that size is asked for: something else may answer. Check %s; `max_response_mib` in the same block allows more.", where)
	case errors.Is(e.Err, context.Canceled):
		return "The run was interrupted. Run it again."
	case errors.Is(e.Err, syscall.ECONNREFUSED):
		return "Nothing listens there. Check " + where + ", and that the system is running and reachable from here."
	case errors.As(e.Err, &dns):
		return "The host name cannot be resolved from here. Check " + where + " and the machine's DNS."
	case errors.As(e.Err, &unknown):
		return fmt.Sprintf("The server's certificate is signed by an authority this machine does not know. Give the authority's certificate "+
			"with `ca_cert_file` or `ca_cert_pem` in the provider's `%s` block.", e.System)
	case errors.As(e.Err, &host):
		return "The server's certificate is for another name. Use a name the certificate is for in " + where + "."
	case errors.As(e.Err, &invalid):
		return "The server's certificate is not valid (expired, not yet valid, or not for servers). Have it renewed, and check this machine's clock."
	case errors.As(e.Err, &record), isPlainHTTP(e.Err):
		return "The server does not speak TLS on this port. Check the scheme and the port of " + where + "."
	case errors.Is(e.Err, errTimeout), errors.Is(e.Err, context.DeadlineExceeded):
		return fmt.Sprintf("The system is slow or something on the way drops the connection. Check %s; "+
			"`request_timeout` in the same block allows more time.", where)
	}
	return "Check " + where + " and the network in between, then run again."
}

// isPlainHTTP recognises net/http's words for an HTTP answer to a TLS hello.
func isPlainHTTP(err error) bool {
	return err != nil && strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
}

func (e *Error) statusHint() string {
	switch {
	case e.other() != nil:
		return fmt.Sprintf("Something else than %s answers there, or a cache in between. Check `%s` in the provider's `%s` block (now %q).",
			e.System, e.setting, e.System, e.root)
	case e.Status == http.StatusUnauthorized:
		return fmt.Sprintf("The credentials in the provider's `%s` block were refused. Check them, and that the account is not locked or expired.", e.System)
	case e.Status == http.StatusForbidden:
		return fmt.Sprintf("The account in the provider's `%s` block may not do this. Give it the right, or use another account.", e.System)
	case e.Status == http.StatusTooManyRequests:
		return fmt.Sprintf("The system limits requests%s. Lower `max_concurrent_requests` in the provider's `%s` block, or run again later.",
			e.asksToWait(), e.System)
	case strings.Contains(strings.ToLower(e.Body), "<html"):
		return fmt.Sprintf("The answer is a web page, not the API: a proxy in between, or another service. Check `%s` in the provider's `%s` block (now %q).",
			e.setting, e.System, e.root)
	case e.Status >= 500:
		return fmt.Sprintf("The system failed%s. Look into its log, then run again.", e.asksToWait())
	}
	return ""
}

func (e *Error) asksToWait() string {
	if e.after <= 0 {
		return ""
	}
	return fmt.Sprintf(", and asks to wait %s", e.after.Round(time.Second))
}

// Ambiguous reports whether the failed request may have been carried out all
// the same: the answer was lost, or came from something that could not know.
// After a create this means: look before sending again.
func Ambiguous(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	if e.Status == 0 {
		return e.Err != nil && !neverSent(e.Err)
	}
	return e.Status >= 500 || e.Err != nil && errors.Is(e.Err, errGarbled)
}

// neverSent reports whether err happened before any byte of the request could
// have reached the server.
func neverSent(err error) bool {
	var marked *neverSentError
	var op *net.OpError
	if errors.As(err, &marked) || isCertificateError(err) {
		return true
	}
	return errors.As(err, &op) && op.Op == "dial"
}

func isCertificateError(err error) bool {
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	return errors.As(err, &verification) || errors.As(err, &record) || isPlainHTTP(err)
}
