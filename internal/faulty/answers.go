package faulty

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Others are answers that are no object and no listing of anything, whatever
// was asked for: all have the status of success.
var Others = []string{
	`null`, `{}`, `[]`, `[null]`, `[{}]`, `[[]]`, `7`, `"text"`, `true`, `{"error":"Not Found"}`, `{"data":null}`, `{"data":[null]}`, `{"data":{}}`,
	`{"id":null,"name":null,"identifier":null}`, `{"id":"another","name":"another","identifier":"another"}`,
	`{"id":7777,"name":"another","project_id":7777,"repo_count":"none"}`, `{"1":null}`, `{"1":{}}`, `{"1":7}`, `[7]`, `[{"id":null}]`,
	`[{"id":0,"name":""}]`, `{"items":[null]}`,
}

// Answers sends nothing anywhere: every request gets the answer that the
// function gives for it.
type Answers func(*http.Request) Answer

// Answer is a status, a body of JSON, and headers by name.
type Answer struct {
	Status int // 200 when zero
	Body   string
	Header map[string]string
}

// RoundTrip implements http.RoundTripper.
func (a Answers) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	answer := a(r)
	resp := &http.Response{
		StatusCode: answer.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(answer.Body)), ContentLength: int64(len(answer.Body)),
	}
	if resp.StatusCode == 0 {
		resp.StatusCode = http.StatusOK
	}
	for name, value := range answer.Header {
		resp.Header.Set(name, value)
	}
	return resp, nil
}

// Recorded are the bodies of all answers in files of recorded exchanges, for
// fuzzing to begin with.
func Recorded(glob string) ([]string, error) {
	files, err := filepath.Glob(glob)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var exchanges []struct {
			Body json.RawMessage `json:"response_body"`
		}
		if err := json.Unmarshal(text, &exchanges); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, e := range exchanges {
			seen[string(e.Body)] = true
		}
	}
	return slices.Sorted(maps.Keys(seen)), nil
}
