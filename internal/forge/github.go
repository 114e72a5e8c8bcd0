package forge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-github/v89/github"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

const (
	// actionsBot is who the token of a workflow is, unless an app has made it.
	actionsBot = "github-actions[bot]"
	// notForIntegration is GitHub's word for a token without the permission.
	notForIntegration = "Resource not accessible by integration"
)

// repository is a repository as the holder of the token sees it.
type repository struct {
	client      *github.Client
	owner, name string
	author      string // the login of the holder: only what it wrote is ours
}

func connect(ctx context.Context, t Target) (*repository, error) {
	transport, err := api.NewTransport(api.Config{System: "GitHub", Log: t.Log})
	if err != nil {
		return nil, err
	}
	base := strings.TrimSuffix(t.APIURL, "/") + "/"
	client, err := github.NewClient(
		github.WithHTTPClient(&http.Client{Transport: limited{transport}, CheckRedirect: checkRedirect}),
		github.WithAuthToken(string(t.Token)),
		github.WithURLs(&base, nil),
		github.WithDisableRateLimitCheck(), // limited waits
	)
	if err != nil {
		return nil, err
	}
	r := &repository{client: client, owner: t.Owner, name: t.Repository}
	r.author, err = r.login(ctx, t.GraphQLURL)
	return r, err
}

// checkRedirect follows a repository that was renamed. The token goes to no
// other host, and a POST does not become a GET.
func checkRedirect(next *http.Request, via []*http.Request) error {
	first := via[0]
	if len(via) > 3 || next.URL.Scheme != first.URL.Scheme || next.URL.Host != first.URL.Host || next.Method != first.Method {
		return http.ErrUseLastResponse
	}
	return nil
}

// login asks who the token belongs to. The token of a workflow or an app may
// not ask for its user; there GraphQL knows the bot's name.
func (r *repository) login(ctx context.Context, graphQL string) (string, error) {
	user, _, err := r.client.Users.Get(ctx, "")
	if err == nil {
		return user.GetLogin(), nil
	}
	if statusOf(err) != http.StatusForbidden {
		return "", explain(err)
	}
	if bot := r.viewer(ctx, graphQL); bot != "" {
		return bot, nil
	}
	return actionsBot, nil
}

// viewer is empty where GraphQL does not answer.
func (r *repository) viewer(ctx context.Context, graphQL string) string {
	if graphQL == "" {
		return ""
	}
	req, err := r.client.NewRequest(api.Idempotent(ctx), http.MethodPost, graphQL, map[string]string{"query": "{viewer{login}}"})
	if err != nil {
		return ""
	}
	var answer struct {
		Data struct{ Viewer struct{ Login string } }
	}
	if _, err := r.client.Do(req, &answer); err != nil {
		return ""
	}
	return answer.Data.Viewer.Login
}

// explain turns an error of go-github into the request that failed, the reason
// and what to do.
func explain(err error) error {
	var refused *github.ErrorResponse
	var primary *github.RateLimitError
	var secondary *github.AbuseRateLimitError
	var sent *api.Error
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		return explainRefusal(refused)
	case errors.As(err, &primary):
		e := answered(primary.Response, primary.Message)
		e.Advice = fmt.Sprintf("The requests of this token are used up until %s. Run again then.", primary.Rate.Reset.UTC().Format("15:04 UTC"))
		return e
	case errors.As(err, &secondary):
		e := answered(secondary.Response, secondary.Message)
		e.Advice = "GitHub limits how much is written in a short time. Run again in some minutes, and let fewer workflows comment at once."
		return e
	case errors.As(err, &sent):
		sent.Advice = "Check GITHUB_API_URL and the network between this machine and GitHub, then run again."
		return sent
	case errors.As(err, &syntax):
		return &api.Error{
			System: "GitHub", Status: http.StatusBadGateway, Message: "an answer that is not JSON",
			Err: err, Advice: "A proxy or another service answers at GITHUB_API_URL. Check the address.",
		}
	}
	return err
}

func explainRefusal(refused *github.ErrorResponse) error {
	words := []string{refused.Message}
	for _, detail := range refused.Errors {
		words = append(words, detail.Message)
	}
	e := answered(refused.Response, strings.TrimSuffix(strings.Join(words, ": "), ": "))
	switch {
	case e.Status == http.StatusUnauthorized:
		e.Advice = "GITHUB_TOKEN is wrong or has expired. Give the step `env: GITHUB_TOKEN: ${{ github.token }}`."
	case e.Status == http.StatusForbidden && refused.Message == notForIntegration:
		e.Err = ErrReadOnly
		e.Advice = "Give the job `permissions: {contents: read, pull-requests: write, issues: write}`. " +
			"Pull requests from forks and by Dependabot have a read-only token whatever the workflow says."
	case e.Status == http.StatusForbidden:
		e.Advice = "The owner of GITHUB_TOKEN may not write here: it needs the right to pull requests and issues, and the conversation must not be locked."
	case e.Status == http.StatusNotFound:
		e.Err = api.ErrNotFound
		e.Advice = "Check GITHUB_REPOSITORY and the number of the pull request, and that GITHUB_TOKEN may see the repository."
	case e.Status == http.StatusGone:
		e.Err = api.ErrNotFound
		e.Advice = "Issues are disabled in the repository, or this one was deleted. Enable them in its settings."
	case strings.Contains(e.Message, "too long"):
		e.Advice = fmt.Sprintf("GitHub takes %d characters. Divide the text into more parts, or leave some of it to the summary.", MaxComment)
	case e.Status >= 500:
		e.Advice = "GitHub has failed several times in a row. See its status page, and run again later."
	default:
		e.Advice = "GitHub has not accepted the request. Its words above say why."
	}
	return e
}

// answered is an error without the answer's body, of which nobody knows what it repeats.
func answered(resp *http.Response, message string) *api.Error {
	if message == "" {
		message = http.StatusText(resp.StatusCode)
	}
	return &api.Error{
		System: "GitHub", Method: resp.Request.Method, Path: resp.Request.URL.Path,
		Status: resp.StatusCode, Message: message,
	}
}

func statusOf(err error) int {
	var refused *github.ErrorResponse
	if errors.As(err, &refused) {
		return refused.Response.StatusCode
	}
	return 0
}
