package guacapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
)

// readers are everything in the client that reads an answer.
var readers = map[string]struct {
	asks string
	// read returns whether what has passed is what was asked for.
	read func(ctx context.Context, c *Client) (bool, error)
	// fine are answers among faulty.Others that do answer the question.
	fine []string
}{
	"login": {asks: "a session", read: func(ctx context.Context, c *Client) (bool, error) {
		s := session{http: c.http, config: Config{Username: "another"}} // another account's login is answered as everything is
		l, err := s.start(ctx)
		return err != nil || l.token != "" && l.source != "", err
	}},
	"connection": {asks: `the connection "3"`, read: func(ctx context.Context, c *Client) (bool, error) {
		found, err := c.readOne(ctx, "3")
		return found.Identifier == "3", err
	}},
	"connections": {asks: "a map of connections", fine: []string{`{}`}, read: func(ctx context.Context, c *Client) (bool, error) {
		all, err := c.connections.list(ctx)
		return known(all), err
	}},
	"created connection": {asks: `the new connection "a"`, read: func(ctx context.Context, c *Client) (bool, error) {
		made, err := c.connections.send(ctx, Connection{Name: "a", ParentIdentifier: Root})
		return made.Name == "a" && made.Identifier != "", err
	}},
	"changed connection": {asks: "nothing", read: func(ctx context.Context, c *Client) (bool, error) {
		return true, c.connections.update(ctx, Connection{Identifier: "3", ParentIdentifier: Root})
	}},
	"deleted connection": {asks: "nothing", read: func(ctx context.Context, c *Client) (bool, error) { return true, c.DeleteConnection(ctx, "3") }},
	"parameters": {
		asks: `the parameters of connection "3"`,
		fine: []string{`{}`, `{"error":"Not Found"}`, `{"id":null,"name":null,"identifier":null}`, `{"id":"another","name":"another","identifier":"another"}`, `{"data":null}`, `{"1":null}`},
		read: func(ctx context.Context, c *Client) (bool, error) {
			v, err := c.parameters(ctx, "3")
			for _, value := range v {
				if value == "" {
					return false, err
				}
			}
			return true, err
		},
	},
	"group": {asks: `the connection group "3"`, read: func(ctx context.Context, c *Client) (bool, error) {
		found, err := c.groups.read(ctx, "3")
		return found.Identifier == "3", err
	}},
	"groups": {asks: "a map of connection groups", fine: []string{`{}`}, read: func(ctx context.Context, c *Client) (bool, error) {
		all, err := c.groups.list(ctx)
		for id := range all {
			pathOf(all, key{id, "name"})
		}
		return known(all), err
	}},
	"created group": {asks: `the new connection group "a"`, read: func(ctx context.Context, c *Client) (bool, error) {
		made, err := c.groups.send(ctx, Group{Name: "a", ParentIdentifier: Root})
		return made.Name == "a" && made.Identifier != "", err
	}},
	"contents of a group": {asks: `the contents of connection group "3"`, read: func(ctx context.Context, c *Client) (bool, error) {
		_, err := c.Contents(ctx, "3")
		return true, err
	}},
	"ended session": {asks: "nothing", read: func(ctx context.Context, c *Client) (bool, error) {
		s := session{http: c.http, begun: []*login{{token: "0123"}}}
		return true, s.end(ctx)
	}},
}

func known[T object](all map[string]T) bool {
	for id, o := range all {
		if o.identifier() != id {
			return false
		}
	}
	return true
}

// answered is a client that gets the same answer to everything but its login.
func answered(tb testing.TB, answer *faulty.Answer) *Client {
	tb.Helper()
	c, err := New(Config{Username: "guacadmin", HTTP: api.Config{
		URL: "http://access.example.internal/guacamole", MaxRetries: -1, Base: faulty.Answers(func(*http.Request) faulty.Answer { return *answer }),
	}})
	if err != nil {
		tb.Fatal(err)
	}
	logIn(tb, c)
	return c
}

// logIn begins a session that never ends.
func logIn(tb testing.TB, c *Client) {
	tb.Helper()
	c.session.logins = &api.Flight[*login]{}
	_, err := c.session.logins.Do(tb.Context(), api.ToLook, func(context.Context) (*login, error) { return &login{"0123", "postgresql"}, nil })
	if err != nil {
		tb.Fatal(err)
	}
}

// What is not what was asked for is not taken for it, whatever its status.
func TestAnswersOfSomethingElse(t *testing.T) {
	t.Parallel()
	for name, r := range readers {
		for _, body := range faulty.Others {
			_, err := r.read(t.Context(), answered(t, &faulty.Answer{Body: body}))
			if slices.Contains(r.fine, body) {
				if err != nil {
					t.Errorf("%s, %s: %v", name, body, err)
				}
				continue
			}
			var hinting interface{ Hint() string }
			switch {
			case err == nil || !strings.Contains(err.Error(), r.asks):
				t.Errorf("%s, %s: %v, want %q", name, body, err, r.asks)
			case api.IsNotFound(err) || !errors.As(err, &hinting) || !strings.Contains(hinting.Hint(), "`url`"):
				t.Errorf("%s, %s: %v without a hint", name, body, err)
			}
		}
	}
}

// Groups that are in one another are told, not walked for ever.
func TestGroupsInACircle(t *testing.T) {
	t.Parallel()
	for body, circle := range map[string]bool{
		`{"1":{"identifier":"1","name":"a","parentIdentifier":"1"}}`:                                                             true,
		`{"1":{"identifier":"1","name":"a","parentIdentifier":"2"},"2":{"identifier":"2","name":"b","parentIdentifier":"1"}}`:    true,
		`{"1":{"identifier":"1","name":"a","parentIdentifier":"2"},"2":{"identifier":"2","name":"b","parentIdentifier":"2"}}`:    true,
		`{"1":{"identifier":"1","name":"a","parentIdentifier":"2"},"2":{"identifier":"2","name":"b","parentIdentifier":"ROOT"}}`: false,
		`{"1":{"identifier":"1","name":"a","parentIdentifier":"7"}}`:                                                             false,
		`{"1":{"identifier":"1","name":"a"}}`:                                                                                    false,
	} {
		c := answered(t, &faulty.Answer{Body: body})
		_, err := c.PathOf(t.Context(), "1", "web")
		if (err != nil) != circle || err != nil && !strings.Contains(err.Error(), "is listed as being in itself") {
			t.Errorf("%s: %v", body, err)
		}
		if _, err = c.FindGroup(t.Context(), "b/a"); circle && (err == nil || api.IsNotFound(err)) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// FuzzRead feeds an answer to every reader: none panics or hangs, and what passes is what was asked for.
func FuzzRead(f *testing.F) {
	connection := Connection{Identifier: "3", Name: "a", ParentIdentifier: Root, Protocol: "ssh", Parameters: Values{"port": "22"}}
	group := Group{Identifier: "3", Name: "a", ParentIdentifier: "3", Type: "ORGANIZATIONAL", Attributes: Values{"max-connections": "5"}}
	for _, v := range []any{
		connection, group, map[string]any{"3": connection}, map[string]any{"3": group}, map[string]any{"port": "22", "password": nil},
		map[string]any{"identifier": "3", "childConnections": []any{connection}, "childConnectionGroups": []any{group}},
		map[string]any{"authToken": "0123", "dataSource": "postgresql", "availableDataSources": []string{"postgresql", "postgresql-shared"}},
		map[string]any{"message": endedMessage, "type": "PERMISSION_DENIED", "expected": []any{nil, map[string]any{"name": "a"}}},
	} {
		text, err := json.Marshal(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), 200)
		f.Add(string(text), 403)
	}
	for _, body := range faulty.Others {
		f.Add(body, 200)
	}
	var answer faulty.Answer
	c := answered(f, &answer)
	f.Fuzz(func(t *testing.T, body string, status int) {
		answer = faulty.Answer{Body: body, Status: 200 + (status%400+400)%400}
		for name, r := range readers {
			logIn(t, c)
			if is, err := r.read(t.Context(), c); err == nil && !is {
				t.Errorf("%s takes %s for what it has asked for", name, body)
			}
		}
	})
}
