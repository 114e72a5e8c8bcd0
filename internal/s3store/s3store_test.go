package s3store

import (
	"context"
	"crypto/md5" // what an ETag is made of
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const bucket = "tfstate"

func start(t *testing.T) *Store {
	t.Helper()
	s, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	if err := s.CreateBucket(bucket); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *Store) send(t *testing.T, method, path, body string, header ...string) (status int, answer string, headers http.Header) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for pair := range slices.Chunk(header, 2) {
		request.Header.Set(pair[0], pair[1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content), response.Header
}

func TestListInPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, key := range []string{"a", "b", "c"} {
		s.send(t, "PUT", "/tfstate/"+key, "")
	}
	_, first, _ := s.send(t, "GET", "/tfstate?list-type=2&max-keys=2", "")
	_, rest, _ := s.send(t, "GET", "/tfstate?list-type=2&max-keys=2&start-after=b", "")
	for answer, want := range map[string]string{first: "ab", rest: "c"} {
		var keys string
		for _, match := range regexp.MustCompile("<Key>(.*)</Key>").FindAllStringSubmatch(answer, -1) {
			keys += match[1]
		}
		if keys != want {
			t.Errorf("keys %s, want %s, in %s", keys, want, answer)
		}
	}
}

// What the s3 backends need of the library, in the order of an object's life.
func TestObjects(t *testing.T) {
	t.Parallel()
	s := start(t)
	steps := []struct {
		name, method, path, body string
		header                   []string
		status                   int
		answer                   string // part of it
	}{
		{name: "the bucket is there", method: "HEAD", path: "/tfstate", status: 200},
		{name: "another is not", method: "HEAD", path: "/other", status: 404},
		{name: "no object yet", method: "HEAD", path: "/tfstate/a/state", status: 404},
		{name: "locked", method: "PUT", path: "/tfstate/a/state.tflock", body: "mine", header: []string{"If-None-Match", "*"}, status: 200},
		{name: "locked already", method: "PUT", path: "/tfstate/a/state.tflock", body: "theirs", header: []string{"If-None-Match", "*"}, status: 412, answer: "PreconditionFailed"},
		{name: "the first one holds the lock", method: "GET", path: "/tfstate/a/state.tflock", status: 200, answer: "mine"},
		{name: "written", method: "PUT", path: "/tfstate/a/state", body: "1", status: 200},
		{name: "written again", method: "PUT", path: "/tfstate/a/state", body: "2", status: 200},
		{name: "read", method: "GET", path: "/tfstate/a/state", status: 200, answer: "2"},
		{name: "listed", method: "GET", path: "/tfstate?list-type=2&prefix=a%2F", status: 200, answer: "<Key>a/state</Key>"},
		{name: "listed under another prefix", method: "GET", path: "/tfstate?list-type=2&prefix=env%3A%2F", status: 200, answer: "<MaxKeys>1000</MaxKeys>\n</ListBucketResult>"},
		{name: "unlocked", method: "DELETE", path: "/tfstate/a/state.tflock", status: 204},
		{name: "locked by the next", method: "PUT", path: "/tfstate/a/state.tflock", body: "theirs", header: []string{"If-None-Match", "*"}, status: 200},
	}
	for _, step := range steps {
		status, answer, _ := s.send(t, step.method, step.path, step.body, step.header...)
		if status != step.status || !strings.Contains(answer, step.answer) {
			t.Errorf("%s: %s %s: status %d, want %d; answer %s", step.name, step.method, step.path, status, step.status, answer)
		}
	}
	checkKeys(t, s, "a/state", "a/state.tflock")
}

func TestETag(t *testing.T) {
	t.Parallel()
	s := start(t)
	sum := md5.Sum([]byte("state")) // what an ETag is made of
	want := `"` + hex.EncodeToString(sum[:]) + `"`
	for _, method := range []string{"PUT", "HEAD", "GET"} {
		_, _, header := s.send(t, method, "/tfstate/a", "state")
		if got := header.Get("ETag"); got != want {
			t.Errorf("%s: ETag %s, want %s", method, got, want)
		}
	}
}

func TestOnlyOneOfManyGetsTheLock(t *testing.T) {
	t.Parallel()
	s := start(t)
	var wg sync.WaitGroup
	statuses := make([]int, 50)
	for i := range statuses {
		wg.Go(func() {
			statuses[i], _, _ = s.send(t, "PUT", "/tfstate/lock", "mine", "If-None-Match", "*")
		})
	}
	wg.Wait()
	slices.Sort(statuses)
	want := append([]int{200}, slices.Repeat([]int{412}, len(statuses)-1)...)
	if diff := cmp.Diff(want, statuses); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}

func TestKeysOfMissingBucket(t *testing.T) {
	t.Parallel()
	if keys, err := start(t).Keys("other"); err == nil {
		t.Errorf("keys %v of a bucket that does not exist", keys)
	}
}

func TestCreateBucketTwice(t *testing.T) {
	t.Parallel()
	if err := start(t).CreateBucket(bucket); err == nil {
		t.Error("a bucket was made that exists")
	}
}

func TestStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s, err := Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	waitFor(t, func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			response.Body.Close()
		}
		return err != nil
	})
	s.Stop() // once more does no harm
}

// The real tools keep their state in the store, and lock it there.
func TestTerraform(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"terraform", "tofu"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			tool := workspace{tool: find(t, name), dir: t.TempDir(), env: s.Env()}
			tool.write(t, "main.tf", configuration)
			tool.run(t, "init", "-no-color")

			applied := make(chan string)
			go func() { applied <- tool.try(t, "apply", "-auto-approve", "-no-color") }()
			waitFor(t, func() bool {
				_, err := os.Stat(filepath.Join(tool.dir, "started"))
				return err == nil
			})
			checkKeys(t, s, "prod/network/terraform.tfstate.tflock")
			if output := tool.try(t, "apply", "-auto-approve", "-no-color"); !strings.Contains(output, "Error acquiring the state lock") {
				t.Errorf("a second apply was not refused:\n%s", output)
			}
			tool.write(t, "go", "")
			if output := <-applied; !strings.Contains(output, "Apply complete") {
				t.Fatalf("the first apply failed:\n%s", output)
			}
			checkKeys(t, s, "prod/network/terraform.tfstate")
			if output := tool.run(t, "plan", "-no-color"); !strings.Contains(output, "No changes") {
				t.Errorf("state was not read back:\n%s", output)
			}
		})
	}
}

// The apply lasts until a file named go appears.
const configuration = `terraform {
  backend "s3" {
    bucket                      = "tfstate"
    key                         = "prod/network/terraform.tfstate"
    region                      = "us-east-1"
    use_path_style              = true
    use_lockfile                = true
    skip_credentials_validation = true
    skip_requesting_account_id  = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
  }
}

resource "terraform_data" "slow" {
  provisioner "local-exec" {
    command = "touch started; for i in $(seq 600); do test -e go && exit; sleep 0.1; done; exit 1"
  }
}
`

type workspace struct {
	tool, dir string
	env       []string
}

func (w workspace) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run fails the test unless the tool succeeds.
func (w workspace) run(t *testing.T, args ...string) string {
	t.Helper()
	output, err := w.command(t, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", args[0], err, output)
	}
	return string(output)
}

// try returns what the tool says, and how it ended.
func (w workspace) try(t *testing.T, args ...string) string {
	t.Helper()
	output, err := w.command(t, args...).CombinedOutput()
	return fmt.Sprintf("%s%v", output, err)
}

func (w workspace) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), w.tool, args...)
	cmd.Dir, cmd.Env = w.dir, append(os.Environ(), w.env...)
	return cmd
}

// find returns the path of a tool that was built, or else is on PATH.
func find(t *testing.T, name string) string {
	t.Helper()
	built, err := filepath.Abs(filepath.Join("../../.tools/bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(built); err == nil {
		return built
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is neither in .tools/bin nor on PATH", name)
	}
	return path
}

func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited for too long")
		}
	}
}

func checkKeys(t *testing.T, s *Store, want ...string) {
	t.Helper()
	got, err := s.Keys(bucket)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}
