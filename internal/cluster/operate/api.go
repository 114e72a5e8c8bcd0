package operate

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
)

const (
	apiManifest = "/etc/kubernetes/manifests/kube-apiserver.yaml"
	apiPort     = "6443"
	// apiName is in every certificate that kubeadm makes for an API server.
	apiName = "kubernetes"

	// requestTimeout bounds one request to the API.
	requestTimeout = 30 * time.Second
	// apiPatience is how long the API may be away: a single control plane's is
	// for most of a minute while kubeadm replaces its manifests.
	apiPatience = 3 * time.Minute
)

// apiBackoff is the first wait between two tries. A variable so that tests need
// not wait.
var apiBackoff = 500 * time.Millisecond

// api talks to a cluster's API through the first control plane that answers,
// and through another one when that goes away. It is safe for concurrent use.
type api struct {
	o        *Operator
	t        Target
	through  []string // control planes
	patience time.Duration

	mu     sync.Mutex
	server *apiServer
}

// apiServer is the API server of one control plane.
type apiServer struct {
	node string
	rest rest.Interface
	ca   []byte
}

// api returns a client of the API. Nothing is contacted before it is used.
func (o *Operator) api(t Target) *api {
	return &api{o: o, t: t, through: t.controlPlanes(), patience: apiPatience}
}

// do carries out a call, which must be idempotent: it is repeated, through other
// control planes where there are any, while the failure is one that passes.
func (a *api) do(ctx context.Context, what string, call func(context.Context, rest.Interface) error) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = apiBackoff, 5*time.Second
	var last error
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := a.try(ctx, call)
		if err == nil {
			return struct{}{}, nil
		}
		if ctx.Err() == nil || last == nil {
			last = err // the end of ctx says less than what went before it
		}
		if !passes(err) {
			return struct{}{}, backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(wait), backoff.WithMaxElapsedTime(a.patience))
	if err == nil {
		return nil
	}
	return &APIError{What: what, Err: last}
}

func (a *api) try(ctx context.Context, call func(context.Context, rest.Interface) error) error {
	server, err := a.connect(ctx)
	if err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	err = call(bounded, server.rest)
	if err != nil && !isAnswer(err) && ctx.Err() == nil {
		a.drop(server)
	}
	return err
}

// isAnswer reports whether an error is the considered answer of an API server:
// another one would say the same.
func isAnswer(err error) bool {
	return apierrors.ReasonForError(err) != metav1.StatusReasonUnknown && !apierrors.IsServiceUnavailable(err) && !isStorageTrouble(err)
}

// isStorageTrouble recognises etcd that has no leader for a moment.
func isStorageTrouble(err error) bool {
	return strings.Contains(err.Error(), "etcdserver: ")
}

// passes reports whether the same call may work in a moment.
func passes(err error) bool {
	var unreachable *UnreachableError
	var expired x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &unreachable):
		return unreachable.passes()
	case errors.As(err, &expired), errors.As(err, &unknown):
		return false
	case apierrors.IsConflict(err), apierrors.IsTooManyRequests(err), apierrors.IsServerTimeout(err), apierrors.IsTimeout(err):
		return true
	}
	return !isAnswer(err)
}

// connect returns the API server that is in use, or finds one.
func (a *api) connect(ctx context.Context) (*apiServer, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.server != nil {
		return a.server, nil
	}
	var err error
	a.server, err = a.race(ctx)
	return a.server, err
}

func (a *api) drop(s *apiServer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.server == s {
		a.server = nil
	}
}

// race asks all control planes at once and takes the first that is ready, so
// that a dead one costs nothing.
func (a *api) race(ctx context.Context) (*apiServer, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type answer struct {
		node   string
		server *apiServer
		err    error
	}
	answers := make(chan answer, len(a.through))
	for _, node := range a.through {
		go func() {
			server, err := a.o.openAPI(ctx, a.t, node)
			answers <- answer{node, server, err}
		}()
	}
	failed := &UnreachableError{Cluster: a.t.Cluster.Name, Reasons: map[string]error{}}
	for range a.through {
		got := <-answers
		if got.err == nil {
			return got.server, nil
		}
		failed.Reasons[got.node] = got.err
	}
	return nil, failed
}

// openAPI goes to the API server of one control plane: through SSH, to where its
// manifest says it listens, with the credentials of admin.conf.
func (o *Operator) openAPI(ctx context.Context, t Target, node string) (*apiServer, error) {
	conn, err := o.conn(ctx, t, node)
	if err != nil {
		return nil, err
	}
	files, err := conn.ReadFiles(ctx, kubeadm.AdminConf, apiManifest)
	if err != nil {
		return nil, err
	}
	config, err := credentials(files[kubeadm.AdminConf], t.CAHash)
	if err != nil {
		return nil, err
	}
	address := apiAddress(files[apiManifest], t.Cluster.Nodes[node].Address)
	config.Host = "https://" + address
	config.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return conn.DialContext(ctx, network, address)
	}
	return newAPIServer(ctx, node, config)
}

func newAPIServer(ctx context.Context, node string, config *rest.Config) (*apiServer, error) {
	config.NegotiatedSerializer = codecs().WithoutConversion()
	config.QPS = -1 // client-go holds back at five requests a second
	config.WarningHandler = rest.NoWarnings{}
	// A proxy of the environment is for this machine, not for the tunnel's end.
	config.Proxy = func(*http.Request) (*url.URL, error) { return nil, nil } // none is an answer here
	client, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if err := client.Get().AbsPath("/readyz").Do(ctx).Error(); apierrors.IsInternalError(err) {
		return nil, fmt.Errorf("the API server is not ready: %v", err) //nolint:errorlint // no refusal, which it would look like
	} else if err != nil {
		return nil, err
	}
	return &apiServer{node, client, config.CAData}, nil
}

// codecs decode the few kinds of objects that are looked at here. The clientset,
// which knows all kinds, would make the provider a third larger.
var codecs = sync.OnceValue(func() serializer.CodecFactory {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, schema.GroupVersion{Version: "v1"})
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, policyv1.AddToScheme, coordinationv1.AddToScheme} {
		if err := add(scheme); err != nil {
			panic(err) // two kinds of one name
		}
	}
	return serializer.NewCodecFactory(scheme)
})

var errNoAdminConf = errors.New(kubeadm.AdminConf + " is not there: the machine is not a control plane (yet)")

// credentials are those of a control plane's admin.conf, which must be of the
// cluster that is meant.
func credentials(adminConf []byte, want string) (*rest.Config, error) {
	if adminConf == nil {
		return nil, errNoAdminConf
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(adminConf)
	if err != nil {
		return nil, &credentialsError{fmt.Errorf("%s cannot be read: %w", kubeadm.AdminConf, err)}
	}
	config.ServerName = apiName
	ca, err := parseCertificate(config.CAData)
	if err != nil {
		return nil, &credentialsError{fmt.Errorf("the certificate authority in %s cannot be read: %w", kubeadm.AdminConf, err)}
	}
	if hash := caHash(ca); want != "" && hash != want {
		return nil, &credentialsError{fmt.Errorf("the machine belongs to another cluster: its certificate authority is %s, not %s", hash, want)}
	}
	client, err := parseCertificate(config.CertData)
	if err == nil && time.Now().After(client.NotAfter) {
		return nil, &ExpiredError{File: kubeadm.AdminConf, End: client.NotAfter}
	}
	return config, nil
}

// apiAddress is where an API server listens, as its manifest says.
func apiAddress(manifest []byte, node string) string {
	host, port := node, apiPort
	container, _ := firstContainer(manifest)
	for _, a := range arguments(container) {
		switch a.Name {
		case "advertise-address":
			host = a.Value
		case "secure-port":
			port = a.Value
		}
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// get reads an object.
func (a *api) get(ctx context.Context, into runtime.Object, path ...string) error {
	return a.do(ctx, "reading "+last(path), func(ctx context.Context, c rest.Interface) error {
		return c.Get().AbsPath(path...).Do(ctx).Into(into)
	})
}

// create makes an object. One that is there already is left as it is.
func (a *api) create(ctx context.Context, object runtime.Object, path ...string) error {
	body, err := json.Marshal(object)
	if err != nil {
		return err
	}
	err = a.do(ctx, "creating one of "+last(path), func(ctx context.Context, c rest.Interface) error {
		return c.Post().AbsPath(path...).SetHeader("Content-Type", runtime.ContentTypeJSON).Body(body).Do(ctx).Error()
	})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// delete removes an object, which may be gone already.
func (a *api) delete(ctx context.Context, path ...string) error {
	err := a.do(ctx, "deleting "+last(path), func(ctx context.Context, c rest.Interface) error {
		return c.Delete().AbsPath(path...).Do(ctx).Error()
	})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// last is what a path is about: the name of an object, or its kind.
func last(path []string) string {
	whole := path[len(path)-1]
	return whole[strings.LastIndex(whole, "/")+1:]
}
