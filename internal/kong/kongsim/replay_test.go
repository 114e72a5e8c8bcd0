package kongsim

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	googleuuid "github.com/google/uuid"
)

// unmet are the recorded exchanges the simulator cannot meet, by file, with the reason. The list only shrinks: one that
// is met fails the test until it is taken off.
var unmet = map[string]map[int]string{
	"certificates_snis.json": {33: sniID, 56: sniID},
}

const sniID = "the id of an SNI that is made along with its certificate is in no answer before"

// exchange is one recorded request and the answer a real gateway (3.9.3, PostgreSQL) gave.
type exchange struct {
	Method   string            `json:"method"`
	Path     string            `json:"path"`
	Header   map[string]string `json:"request_headers"`
	Body     any               `json:"request_body"`
	Status   int               `json:"status"`
	Answered map[string]string `json:"response_headers"`
	Answer   any               `json:"response_body"`
}

// TestReplay sends every recorded exchange to a fresh simulator, a file at a time, and compares the answers. What is
// random or a time in a real gateway is dealt to the simulator from the recording, so that bodies, the order of lists
// and offsets have to be the same to the letter.
func TestReplay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			t.Parallel()
			replay(t, file, unmet[filepath.Base(file)])
		})
	}
}

func replay(t *testing.T, file string, excused map[int]string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var exchanges []exchange
	if err := json.Unmarshal(raw, &exchanges); err != nil {
		t.Fatal(err)
	}
	sim := New()
	for i, ex := range exchanges {
		deal(sim, ex)
		diff := play(sim, ex)
		_, isExcused := excused[i]
		switch {
		case diff != "" && !isExcused:
			t.Errorf("%d: %s %s %s: (-recorded +simulated)\n%s", i, ex.Method, ex.Path, encode(ex.Body), diff)
		case diff == "" && isExcused:
			t.Errorf("%d: %s %s is met: take it off the list", i, ex.Method, ex.Path)
		}
	}
}

// deal puts the recorded ids, secrets and time in place of what the simulator would invent.
func deal(sim *Sim, ex exchange) {
	answer, _ := ex.Answer.(object)
	id := answer["id"]
	if fields, ok := answer["fields"].(object); ok && id == nil {
		id = fields["id"]
	}
	dealt := false
	sim.newID = func() string {
		if id, ok := id.(string); ok && !dealt {
			dealt = true
			return id
		}
		return googleuuid.NewString()
	}
	var secrets []string
	sent, _ := ex.Body.(object)
	for _, name := range []string{"key", "client_id", "secret", "client_secret", "request_id"} {
		if s, ok := answer[name].(string); ok && sent[name] == nil {
			secrets = append(secrets, s)
		}
	}
	if config, ok := answer["config"].(object); ok {
		if s, ok := config["provision_key"].(string); ok {
			secrets = append(secrets, s)
		}
	}
	sim.newSecret = func() string {
		if len(secrets) == 0 {
			return "unused"
		}
		s := secrets[0]
		secrets = secrets[1:]
		return s
	}
	sim.newSalt = func() []byte {
		parts := strings.Split(answer["client_secret"].(string), "$")
		salt, err := base64.RawStdEncoding.DecodeString(parts[len(parts)-2])
		if err != nil {
			panic(err)
		}
		return salt
	}
	for _, name := range []string{"created_at", "updated_at"} {
		if at, ok := answer[name].(float64); ok {
			sim.now = func() time.Time { return time.UnixMilli(int64(math.Round(at * 1000))) }
		}
	}
	if id, ok := answer["node_id"].(string); ok {
		sim.nodeID = id
	}
}

// play answers what differs from the recording, or "".
func play(sim *Sim, ex exchange) string {
	var body []byte
	switch b := ex.Body.(type) {
	case nil:
	case string:
		body = []byte(b)
	default:
		body = encode(b)
	}
	// The target is set by hand: NewRequest would clean it.
	req := httptest.NewRequest(ex.Method, "http://kong"+ex.Path, bytes.NewReader(body))
	for k, v := range ex.Header {
		req.Header.Set(k, v)
	}
	rec := httptest.NewRecorder()
	sim.ServeHTTP(rec, req)
	if rec.Code != ex.Status {
		return fmt.Sprintf("status: recorded %d, simulated %d: %s", ex.Status, rec.Code, rec.Body)
	}
	for k, v := range ex.Answered {
		if got := rec.Header().Get(k); got != v {
			return fmt.Sprintf("header %s: recorded %q, simulated %q", k, v, got)
		}
	}
	if ex.Method == http.MethodHead {
		return "" // the server drops the body
	}
	return cmp.Diff(ex.Answer, answered(rec))
}

func answered(rec *httptest.ResponseRecorder) any {
	if rec.Body.Len() == 0 {
		return nil
	}
	var v any
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
		return rec.Body.String()
	}
	return v
}
