package harborsim

import (
	"cmp"
	"maps"
	"regexp"
	"strings"
)

type user struct {
	AdminInAuth bool   `json:"admin_role_in_auth"`
	Comment     string `json:"comment,omitempty"`
	Created     stamp  `json:"creation_time"`
	Email       string `json:"email,omitempty"`
	Realname    string `json:"realname,omitempty"`
	Admin       bool   `json:"sysadmin_flag"`
	Updated     stamp  `json:"update_time"`
	ID          int64  `json:"user_id"`
	Name        string `json:"username"`
	password    string
}

// AddUser adds an account without any right.
func (s *Server) AddUser(name, password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addUser(name, password)
}

func (s *Server) addUser(name, password string) *user {
	u := &user{
		ID: s.next("user"), Name: name, Realname: name, Email: name + "@example.test", password: password,
		Created: now(), Updated: now(),
	}
	s.users[u.ID] = u
	return u
}

func (s *Server) userNamed(name string) *user {
	for _, u := range s.users {
		if u.Name == name {
			return u
		}
	}
	return nil
}

func (s *Server) routeUsers() {
	s.handle("GET /users/current", loggedIn, func(c *call) *answer { return ok(c.user) })
	s.handle("GET /users/search", loggedIn, s.searchUsers)
	s.handle("GET /users", sysadmin, s.listUsers)
	s.handle("POST /users", sysadmin, s.createUser)
	s.handle("GET /users/{user_id}", loggedIn, s.user(func(_ *call, u *user) *answer { return ok(u) }))
	s.handle("PUT /users/{user_id}", loggedIn, s.user(s.updateUser))
	s.handle("DELETE /users/{user_id}", loggedIn, s.user(s.deleteUser))
	s.handle("PUT /users/{user_id}/sysadmin", sysadmin, s.user(func(c *call, u *user) *answer {
		in := struct {
			Admin *bool `json:"sysadmin_flag"`
		}{&u.Admin}
		if refused := c.decode("sysadmin_flag", "UserSysAdminFlag", &in); refused != nil {
			return refused
		}
		return done()
	}))
	s.handle("PUT /users/{user_id}/password", loggedIn, s.user(s.changePassword))
}

func (s *Server) user(h func(*call, *user) *answer) func(*call) *answer {
	return func(c *call) *answer {
		id, refused := c.id("user_id")
		if refused != nil {
			return refused
		}
		if !c.user.Admin && c.user.ID != id {
			if s.v215() {
				return refuse(403, "%s", c.user.Name)
			}
			return refuse(403, "Not authorized to read user: %d", id)
		}
		u, found := s.users[id]
		if !found {
			return refuse(404, "user %d not found", id)
		}
		return h(c, u)
	}
}

// listUsers leaves out admin.
func (s *Server) listUsers(c *call) *answer {
	return list(c, sorted(s.users)[1:], "user_id", "username", "email")
}

func (s *Server) searchUsers(c *call) *answer {
	var out []map[string]any
	for _, u := range sorted(s.users)[1:] {
		if strings.Contains(u.Name, c.URL.Query().Get("username")) {
			out = append(out, map[string]any{"user_id": u.ID, "username": u.Name})
		}
	}
	return list(c, out)
}

type userReq struct {
	Name     string `json:"username"`
	Email    string `json:"email"`
	Realname string `json:"realname"`
	Password string `json:"password"`
	Comment  string `json:"comment"`
}

func (s *Server) createUser(c *call) *answer {
	var in userReq
	if refused := c.decode("userReq", "UserCreationReq", &in); refused != nil {
		return refused
	}
	switch {
	case strings.ContainsAny(in.Name, `,"~#%$`):
		return refuse(400, "username contains illegal characters")
	case weak(in.Password):
		return refuse(400, weakPassword)
	case in.Email == "":
		return refuse(400, "email can't be empty")
	}
	for _, u := range s.users {
		if u.Name == in.Name || u.Email == in.Email {
			s.next("user")
			return refuse(409, "user %s or email %s already exists", in.Name, in.Email)
		}
	}
	u := s.addUser(in.Name, in.Password)
	u.Email, u.Realname, u.Comment = in.Email, in.Realname, in.Comment
	return created("/users/%d", u.ID)
}

func (s *Server) updateUser(c *call, u *user) *answer {
	var in userReq
	if refused := c.decode("profile", "UserProfile", &in); refused != nil {
		return refused
	}
	if in.Email == "" {
		return refuse(400, "email can't be empty")
	}
	u.Email, u.Realname, u.Comment, u.Updated = in.Email, in.Realname, in.Comment, now()
	return done()
}

func (s *Server) deleteUser(_ *call, u *user) *answer {
	if u.ID == 1 {
		return refuse(403, "User with ID 1 cannot be deleted")
	}
	delete(s.users, u.ID)
	maps.DeleteFunc(s.members, func(_ int64, m *member) bool { return m.EntityType == "u" && m.EntityID == u.ID })
	return done()
}

const weakPassword = "the password or secret must be 8-128, inclusively, characters long with at least 1 uppercase letter, " +
	"1 lowercase letter and 1 number"

var (
	upper = regexp.MustCompile(`[A-Z]`)
	lower = regexp.MustCompile(`[a-z]`)
	digit = regexp.MustCompile(`[0-9]`)
)

func weak(password string) bool {
	n := len(password)
	return n < 8 || n > 128 || !upper.MatchString(password) || !lower.MatchString(password) || !digit.MatchString(password)
}

func (s *Server) changePassword(c *call, u *user) *answer {
	var in struct {
		New string `json:"new_password"`
	}
	if refused := c.decode("password", "PasswordReq", &in); refused != nil {
		return refused
	}
	switch {
	case weak(in.New):
		return refuse(400, weakPassword)
	case in.New == u.password:
		return refuse(400, "New password is identical to old password")
	}
	u.password = cmp.Or(in.New, u.password)
	return done()
}
