package harborsim

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

func (s *Server) routeSystem() {
	s.handle("GET /ping", anyone, func(*call) *answer { return ok("Pong") })
	s.handle("GET /health", anyone, func(*call) *answer { return ok(health()) })
	s.handle("GET /systeminfo", anyone, s.systemInfo)
	s.handle("GET /systeminfo/volumes", sysadmin, func(*call) *answer {
		return ok(map[string]any{"storage": []any{map[string]any{}}})
	})
	s.handle("GET /statistics", loggedIn, s.statistics)
	s.handle("GET /configurations", sysadmin, func(*call) *answer { return ok(s.viewConfiguration()) })
	s.handle("PUT /configurations", sysadmin, s.updateConfiguration)
	s.handle("GET /system/CVEAllowlist", loggedIn, func(*call) *answer { return ok(s.systemAllowlist) })
	s.handle("PUT /system/CVEAllowlist", sysadmin, s.updateSystemAllowlist)
	s.handle("GET /robots", sysadmin, func(c *call) *answer { return list(c, []any{}) }) // there are none yet
	// Nothing is ever scheduled here, and Harbor then answers with an empty body.
	for _, job := range []string{"gc", "purgeaudit"} {
		s.handle("GET /system/"+job+"/schedule", sysadmin, func(*call) *answer { return done() })
	}
	s.mux.Handle("GET /api/version", handler{anyone, func(*call) *answer {
		return &answer{
			status: 200, header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}},
			body: map[string]string{"version": "v2.0"},
		}
	}})
}

func health() any {
	var components []map[string]string
	for _, name := range strings.Fields("core database jobservice portal redis registry registryctl") {
		components = append(components, map[string]string{"name": name, "status": "healthy"})
	}
	return map[string]any{"components": components, "status": "healthy"}
}

// systemInfo tells the version only to those who are logged in.
func (s *Server) systemInfo(c *call) *answer {
	out := map[string]any{
		"auth_mode": s.config["auth_mode"], "banner_message": s.config["banner_message"], "oidc_provider_name": "",
		"primary_auth_mode": s.config["primary_auth_mode"], "self_registration": s.config["self_registration"],
	}
	if c.user == nil {
		return ok(out)
	}
	out["current_time"] = now()
	out["external_url"] = s.externalURL
	out["harbor_version"] = s.version
	out["has_ca_root"] = false
	out["notification_enable"] = s.config["notification_enable"]
	out["project_creation_restriction"] = s.config["project_creation_restriction"]
	out["read_only"] = s.config["read_only"]
	out["registry_storage_provider_name"] = "filesystem"
	_, out["registry_url"], _ = strings.Cut(s.externalURL, "://")
	return ok(out)
}

func (s *Server) statistics(*call) *answer {
	out := map[string]int64{
		"private_project_count": 0, "private_repo_count": 0, "public_project_count": 0, "public_repo_count": 0,
		"total_project_count": int64(len(s.projects)), "total_repo_count": 0, "total_storage_consumption": 0,
	}
	for _, p := range s.projects {
		kind := "private"
		if p.metadata["public"] == "true" {
			kind = "public"
		}
		out[kind+"_project_count"]++
		out[kind+"_repo_count"] += int64(len(p.repos))
		out["total_repo_count"] += int64(len(p.repos))
	}
	for _, q := range s.quotas {
		out["total_storage_consumption"] += q.Used["storage"]
	}
	return ok(out)
}

// defaultConfiguration is that of a fresh installation; numbers are int64.
func defaultConfiguration() map[string]any {
	out := map[string]any{
		"auth_mode": "db_auth", "http_authproxy_verify_cert": true, "ldap_group_membership_attribute": "memberof",
		"ldap_group_search_scope": int64(2), "ldap_scope": int64(2), "ldap_timeout": int64(5), "ldap_uid": "cn",
		"ldap_verify_cert": true, "notification_enable": true, "oidc_extra_redirect_parms": "{}", "oidc_scope": "openid",
		"oidc_verify_cert": true, "project_creation_restriction": "everyone", "quota_per_project_enable": true,
		"robot_name_prefix": "robot$", "robot_token_duration": int64(30), "session_timeout": int64(60),
		"storage_per_project": int64(-1), "token_expiration": int64(30),
	}
	for key := range strings.FieldsSeq(`http_authproxy_skip_search ldap_group_attach_parallel oidc_auto_onboard oidc_logout
		primary_auth_mode read_only scanner_skip_update_pulltime self_registration skip_audit_log_database uaa_verify_cert`) {
		out[key] = false
	}
	for key := range strings.FieldsSeq(`audit_log_forward_endpoint banner_message disabled_audit_log_event_types
		http_authproxy_admin_groups http_authproxy_admin_usernames http_authproxy_endpoint http_authproxy_server_certificate
		http_authproxy_tokenreview_endpoint ldap_base_dn ldap_filter ldap_group_admin_dn ldap_group_attribute_name
		ldap_group_base_dn ldap_group_search_filter ldap_search_dn ldap_url oidc_admin_group oidc_client_id oidc_endpoint
		oidc_group_filter oidc_groups_claim oidc_name oidc_user_claim uaa_client_id uaa_client_secret uaa_endpoint`) {
		out[key] = ""
	}
	return out
}

func (s *Server) viewConfiguration() any {
	type item struct {
		Editable bool `json:"editable"`
		Value    any  `json:"value"`
	}
	out := map[string]any{"scan_all_policy": map[string]any{}}
	for key, value := range s.config {
		out[key] = item{key != "auth_mode" || len(s.users) == 1, value}
	}
	return out
}

// updateConfiguration changes the keys that are sent and known, all or none.
func (s *Server) updateConfiguration(c *call) *answer {
	var in map[string]any
	if refused := c.decode("configurations", "Configurations", &in); refused != nil {
		return refused
	}
	changes := map[string]any{}
	for key, value := range in {
		have, known := s.config[key]
		if !known {
			continue
		}
		if number, isNumber := value.(float64); isNumber {
			value = int64(number)
		}
		if fmt.Sprintf("%T", value) != fmt.Sprintf("%T", have) {
			return unprocessable(fmt.Sprintf("parsing configurations body from \"\" failed, because json: cannot unmarshal "+
				"%s into Go struct field Configurations.%s of type %T", jsonKind(value), key, have))
		}
		if text := s.badSetting(key, value); text != "" {
			return refuse(400, "%s", text)
		}
		changes[key] = value
	}
	for key, value := range changes {
		s.config[key] = value
	}
	return done()
}

func jsonKind(value any) string {
	switch value.(type) {
	case string:
		return "string"
	case bool:
		return "bool"
	case int64:
		return "number"
	}
	return "object"
}

func (s *Server) badSetting(key string, value any) string {
	n, _ := value.(int64)
	text, _ := value.(string)
	switch key {
	case "token_expiration", "session_timeout", "robot_token_duration":
		if n <= 0 {
			return fmt.Sprintf("the %s value must be positive", key)
		}
	case "storage_per_project":
		if fault := badStorage(n); fault != "" {
			return "bad request: " + fault
		}
	case "project_creation_restriction":
		if value != "adminonly" && value != "everyone" {
			return "bad request: item name project_creation_restriction: invalid project_creation_restriction, should be adminonly or everyone"
		}
	case "auth_mode":
		if value != s.config[key] && len(s.users) > 1 {
			return "the auth mode cannot be modified as new users have been inserted into database"
		}
	case "skip_audit_log_database":
		if value == true && s.config["audit_log_forward_endpoint"] == "" {
			return "bad request: audit log forward endpoint should be configured before enable skip audit log in database"
		}
	case "audit_log_forward_endpoint":
		if s.endpoints.dead["tcp://"+text] {
			return fmt.Sprintf("bad request: could not connect to the audit endpoint: %s", value)
		}
	case "ldap_url", "ldap_base_dn", "ldap_uid":
		if value == "" {
			return fmt.Sprintf("bad request: item name %s: the configure value can not be empty", key)
		}
	}
	return ""
}

func (s *Server) updateSystemAllowlist(c *call) *answer {
	var body struct {
		Items     []cve  `json:"items"`
		ExpiresAt *int64 `json:"expires_at"`
	}
	if refused := c.decode("allowlist", "CVEAllowlist", &body); refused != nil {
		return refused
	}
	if hasDouble(body.Items) {
		return internalError()
	}
	if s.systemAllowlist.ID == 0 {
		s.systemAllowlist.ID, s.systemAllowlist.Created = s.next("allowlist"), now()
	}
	s.systemAllowlist.Items = append([]cve{}, body.Items...)
	s.systemAllowlist.ExpiresAt, s.systemAllowlist.Updated = body.ExpiresAt, now()
	return done()
}

func hasDouble(items []cve) bool {
	seen := map[string]bool{}
	for _, item := range items {
		if seen[item.ID] {
			return true
		}
		seen[item.ID] = true
	}
	return false
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *stamp) UnmarshalJSON(text []byte) error {
	var at time.Time
	if err := at.UnmarshalJSON(text); err != nil {
		return err
	}
	*t = stamp(at)
	return nil
}
