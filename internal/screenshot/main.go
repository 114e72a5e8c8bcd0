// Command screenshot makes the picture of a plan comment that the documentation
// shows: it renders the plans in testdata as GitHub would, in headless Chromium.
//
//	go run ./internal/screenshot
package main

import (
	"bytes"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"html/template"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"

	"github.com/onprem-tools/terraform-provider-onprem/internal/plan"
	"github.com/onprem-tools/terraform-provider-onprem/internal/plan/render"
)

//go:embed page.html
var page string

func main() {
	picture := flag.String("o", ".github/assets/plan-comment.png", "`file` to write")
	folder := flag.String("plans", "internal/screenshot/testdata", "`folder` with plans/, report.json and log.json")
	browser := flag.String("chromium", "chromium-headless-shell", "`program` to render with")
	height := flag.Int("height", 1770, "height in `pixels`")
	flag.Parse()
	if err := run(*picture, *folder, *browser, *height); err != nil {
		fmt.Fprintln(os.Stderr, "screenshot:", err)
		os.Exit(1)
	}
}

func run(picture, folder, browser string, height int) error {
	comment, err := markdown(folder)
	if err != nil {
		return err
	}
	content, err := toHTML(comment)
	if err != nil {
		return err
	}
	name := filepath.Join(os.TempDir(), "plan-comment.html")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		return err
	}
	defer os.Remove(name)
	picture, err = filepath.Abs(picture)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(context.Background(), browser, "--no-sandbox", "--hide-scrollbars", "--virtual-time-budget=2000",
		"--screenshot="+picture, fmt.Sprintf("--window-size=980,%d", height), "file://"+name)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", browser, err, out)
	}
	return nil
}

// markdown is the first part of the comment on the plans.
func markdown(folder string) (string, error) {
	report, err := os.Open(filepath.Join(folder, "report.json"))
	if err != nil {
		return "", err
	}
	defer report.Close()
	log, err := os.Open(filepath.Join(folder, "log.json"))
	if err != nil {
		return "", err
	}
	defer log.Close()
	loaded, err := plan.Load(context.Background(), plan.Source{
		Plans: os.DirFS(filepath.Join(folder, "plans")), RunReport: report, Log: log,
	})
	if err != nil {
		return "", err
	}
	options := render.Options{
		Key: "prod", Commit: "3f1c9e27b1d04a5f8e6a7c1d2b3e4f5061728394",
		URL: "https://github.com/acme/platform/actions/runs/7000",
	}
	return render.Comment(loaded, options)[0], nil
}

// alert is how goldmark writes what GitHub shows as an alert.
var alert = regexp.MustCompile(`(?s)<blockquote>\s*<p>\[!(\w+)\]\s*(.*?)</p>\s*</blockquote>`)

// toHTML renders Markdown like GitHub. Tags are let through: they are the
// comment's own.
func toHTML(comment string) ([]byte, error) {
	var body bytes.Buffer
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))
	if err := md.Convert([]byte(comment), &body); err != nil {
		return nil, err
	}
	text := alert.ReplaceAllString(body.String(), `<div class="alert $1"><p class="kind">$1</p><p>$2</p></div>`)
	parsed, err := template.New("page").Parse(page)
	if err != nil {
		return nil, err
	}
	var whole bytes.Buffer
	err = parsed.Execute(&whole, template.HTML(text)) // see above
	return whole.Bytes(), err
}
