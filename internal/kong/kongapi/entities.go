package kongapi

// Entity is anything that Kong keeps under an id.
type Entity interface {
	EntityID() string
	// EntityKey is what stands for the id in a path: mostly the name; "" where
	// there is none.
	EntityKey() string
}

// EntityID is the id.
func (s Service) EntityID() string { return s.ID }

// EntityKey is the name.
func (s Service) EntityKey() string { return text(s.Name) }

// EntityID is the id.
func (r Route) EntityID() string { return r.ID }

// EntityKey is the name.
func (r Route) EntityKey() string { return text(r.Name) }

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Ref refers to another entity.
type Ref struct {
	ID string `json:"id"`
}

// Service is a gateway service. Nil means null; fields that Kong always has are no pointers.
type Service struct {
	ID                string   `json:"id,omitempty"`
	CreatedAt         int64    `json:"created_at,omitempty"`
	UpdatedAt         int64    `json:"updated_at,omitempty"`
	Name              *string  `json:"name"`
	Protocol          string   `json:"protocol"`
	Host              string   `json:"host"`
	Port              int64    `json:"port"`
	Path              *string  `json:"path"`
	Retries           *int64   `json:"retries"`
	ConnectTimeout    *int64   `json:"connect_timeout"`
	WriteTimeout      *int64   `json:"write_timeout"`
	ReadTimeout       *int64   `json:"read_timeout"`
	Enabled           bool     `json:"enabled"`
	ClientCertificate *Ref     `json:"client_certificate"`
	TLSVerify         *bool    `json:"tls_verify"`
	TLSVerifyDepth    *int64   `json:"tls_verify_depth"`
	CACertificates    []string `json:"ca_certificates"`
	Tags              []string `json:"tags"`
}

// Route is a rule by which requests reach a service. An empty list is not null: Kong keeps the two apart.
type Route struct {
	ID                      string              `json:"id,omitempty"`
	CreatedAt               int64               `json:"created_at,omitempty"`
	UpdatedAt               int64               `json:"updated_at,omitempty"`
	Name                    *string             `json:"name"`
	Protocols               []string            `json:"protocols"`
	Methods                 []string            `json:"methods"`
	Hosts                   []string            `json:"hosts"`
	Paths                   []string            `json:"paths"`
	Headers                 map[string][]string `json:"headers"`
	SNIs                    []string            `json:"snis"`
	Sources                 []Address           `json:"sources"`
	Destinations            []Address           `json:"destinations"`
	HTTPSRedirectStatusCode int64               `json:"https_redirect_status_code"`
	StripPath               bool                `json:"strip_path"`
	PreserveHost            bool                `json:"preserve_host"`
	RequestBuffering        bool                `json:"request_buffering"`
	ResponseBuffering       bool                `json:"response_buffering"`
	RegexPriority           *int64              `json:"regex_priority"`
	PathHandling            *string             `json:"path_handling"`
	Service                 *Ref                `json:"service"`
	Tags                    []string            `json:"tags"`

	// Left out when nil: only the router flavour "expressions" knows them.
	Expression *string `json:"expression,omitempty"`
	Priority   *int64  `json:"priority,omitempty"`
}

// Address is the source or destination of a stream: an IP or range, a port, or both.
type Address struct {
	IP   *string `json:"ip,omitempty"`
	Port *int64  `json:"port,omitempty"`
}
