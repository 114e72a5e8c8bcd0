package guacapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

// databases are the back ends that hold objects, by the names of their
// extensions. The login answer lists them beside others, and names as its own
// data source whichever has authenticated the account.
var databases = []string{"mysql", "postgresql", "sqlserver"}

// login is what logging in has brought.
type login struct {
	token  string
	source string
}

func (l *login) header() http.Header { return http.Header{"Guacamole-Token": {l.token}} }

// session is the one login that all requests of a client share.
type session struct {
	http   *api.Client
	config Config

	mu     sync.Mutex
	ended  *login
	logins *api.Flight[*login] // since then
	begun  []*login            // all of them, to be ended
}

// current returns the login, logging in when there is none yet. ended is one
// whose session is over: the first to notice makes room for another.
func (s *session) current(ctx context.Context, need api.Need, ended *login) (*login, error) {
	s.mu.Lock()
	if s.logins == nil || s.ended != ended && ended != nil {
		s.ended, s.logins = ended, &api.Flight[*login]{}
	}
	logins := s.logins
	s.mu.Unlock()
	return logins.Do(ctx, need, s.start)
}

func (s *session) start(ctx context.Context) (*login, error) {
	form := url.Values{"username": {s.config.Username}, "password": {s.config.Password}}
	for name, value := range s.config.LoginFields {
		form.Set(name, value)
	}
	type begun struct {
		Token       string   `json:"authToken"`
		DataSources []string `json:"availableDataSources"`
	}
	answer := api.Object[begun]{Asked: "a session", Is: func(b *begun) bool { return b.Token != "" }}
	// A login that was carried out twice leaves a session behind that ends by itself.
	err := s.http.Send(api.Idempotent(ctx), api.Request{Method: http.MethodPost, Path: "/api/tokens", Form: form}, &answer)
	if err != nil {
		return nil, err
	}
	l := &login{token: answer.Value.Token}
	s.keep(l)
	if l.source, err = s.source(answer.Value.DataSources); err != nil {
		return nil, err
	}
	return l, nil
}

// keep remembers a session: its token is secret, and it is to be ended.
func (s *session) keep(l *login) {
	s.http.Secrets().Add(l.token)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun = append(s.begun, l)
}

// end ends all sessions side by side. One that is over already is no failure.
func (s *session) end(ctx context.Context) error {
	s.mu.Lock()
	begun := s.begun
	s.begun, s.logins = nil, nil
	s.mu.Unlock()
	failures := make([]error, len(begun))
	var all sync.WaitGroup
	for i, l := range begun {
		all.Go(func() {
			err := s.http.Send(ctx, api.Request{Method: http.MethodDelete, Path: "/api/session", Header: l.header()}, nil)
			if !errors.Is(err, errSessionEnded) {
				failures[i] = err
			}
		})
	}
	all.Wait()
	return errors.Join(failures...)
}

// source chooses the data source among those on offer.
func (s *session) source(offered []string) (string, error) {
	if want := s.config.DataSource; want != "" {
		if slices.Contains(offered, want) {
			return want, nil
		}
		return "", &api.Error{
			System: "guacamole", Message: fmt.Sprintf("there is no data source %q; this portal has %s", want, strings.Join(offered, ", ")),
			Advice: "Correct `data_source` in the provider's `guacamole` block, or leave it out.",
		}
	}
	for _, name := range offered {
		if slices.Contains(databases, name) {
			return name, nil
		}
	}
	return "", &api.Error{
		System: "guacamole", Message: "this portal offers no database that could hold objects, only " + strings.Join(offered, ", "),
		Advice: "Objects can be managed where Guacamole has its PostgreSQL, MySQL or SQL Server extension. " +
			"If the extension goes by another name, give it as `data_source` in the provider's `guacamole` block.",
	}
}
