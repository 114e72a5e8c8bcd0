package guacsim

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

type field struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Options []string `json:"options,omitempty"`
}

type token struct {
	Token       string   `json:"authToken"`
	Username    string   `json:"username"`
	DataSource  string   `json:"dataSource"`
	DataSources []string `json:"availableDataSources"`
}

func (s *Server) routeSession() {
	s.handle("POST /tokens", s.createToken)
	s.handle("DELETE /tokens/{token}", func(c *call) *answer {
		if _, known := s.sessions[c.PathValue("token")]; !known {
			return missing(c.PathValue("token"))
		}
		delete(s.sessions, c.PathValue("token"))
		return done()
	})
	s.handle("DELETE /session", func(c *call) *answer {
		if !s.login(c) {
			return noSession()
		}
		delete(s.sessions, c.token)
		return done()
	})
	if !s.old {
		s.handle("HEAD /session", func(c *call) *answer {
			if !s.login(c) {
				return noSession()
			}
			return done()
		})
	}
	s.handleData("GET", "/self", func(c *call) *answer {
		return ok(map[string]any{"username": c.user, "attributes": map[string]any{}})
	})
}

// createToken logs in. It takes a form, not JSON; basic authentication does as
// well. A token sent along renews its session.
func (s *Server) createToken(c *call) *answer {
	form, err := url.ParseQuery(string(c.body))
	if err != nil || c.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		form = url.Values{}
	}
	if user, known := s.sessions[form.Get("token")]; known {
		return ok(s.tokenOf(form.Get("token"), user))
	}
	name, password := form.Get("username"), form.Get("password")
	if name == "" {
		name, password, _ = c.BasicAuth()
	}
	a, known := s.accounts[name]
	if !known || a.password != password {
		return credentials("INVALID_CREDENTIALS", "Invalid login", field{Name: "username", Type: "USERNAME"}, field{Name: "password", Type: "PASSWORD"})
	}
	if s.totp != "" && form.Get("guac-totp") != s.totp {
		return credentials("INSUFFICIENT_CREDENTIALS", "TOTP.INFO_CODE_REQUIRED", field{Name: "guac-totp", Type: "GUAC_TOTP_CODE"})
	}
	s.issued++
	t := fmt.Sprintf("%064X", s.issued)
	s.sessions[t] = name
	return ok(s.tokenOf(t, name))
}

func (s *Server) tokenOf(t, user string) token {
	return token{t, user, s.databases[0], s.databases}
}

func credentials(kind, message string, expected ...field) *answer {
	a := refuse(403, kind, "%s", message)
	a.body.(*errorBody).Expected = expected
	return a
}

// login finds the session of a call: the header wins over the query.
func (s *Server) login(c *call) bool {
	c.token = c.Header.Get("Guacamole-Token")
	if c.token == "" {
		c.token = c.URL.Query().Get("token")
	}
	user, known := s.sessions[c.token]
	c.user, c.admin = user, s.accounts[user].admin
	return known
}

// EndSessions forgets every session, as a restart of Guacamole does.
func (s *Server) EndSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sessions)
}

// Sessions is the number of sessions that are open.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// Demote takes all rights from an account.
func (s *Server) Demote(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[name]
	a.admin = false
	s.accounts[name] = a
}

// writable reports whether a data source takes changes: the shared half of a
// database and the others do not.
func writable(c *call) bool {
	return c.Method == http.MethodGet || slices.Contains([]string{"mysql", "postgresql", "sqlserver"}, c.PathValue("source"))
}
