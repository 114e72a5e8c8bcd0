package faulty

import (
	"fmt"
	"net/http"
	"net/http/httputil"
)

// Echo answers with a page that repeats the request, headers and body: as debug
// pages, validators and firewalls do. What is in page's text is the request as
// it came.
func Echo(status int, mediaType string, page func(request string) string) Fault {
	return Fault{name: fmt.Sprintf("%d that repeats the request", status), serve: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		dump, err := httputil.DumpRequest(r, true)
		if err != nil {
			panic(err)
		}
		w.Header().Set("Content-Type", mediaType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(page(string(dump))))
	}}
}
