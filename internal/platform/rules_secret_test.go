package platform

import (
	"strings"
	"testing"
)

// inClear is a text that must not be in any message.
const inClear = "hunter2-in-clear"

func TestSecretsByName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"password": "one", "db_password": "one", "adminPassword": "one", "ROOT_PASSWD": "one", "passphrase": "one",
		"secret": "one", "client_secret": "one", "access_token_secret": "one", "api-token": "one", "ssh_private_key": "one",
		"secret_key": "one", "apiKey": "one", "apikey": "one", "password_wo": "one", "token_value": "one", "Authorization": "one",
		"registry_secrets": "many", "bgp_passwords": "many", "tokens": "many", "api_keys": "many",
		"password_version": "", "secrets_version": "", "password_wo_version": "", "token_url": "", "private_key_file": "", "secret_name": "",
		"password_secret": "", "tls_secret": "", "image_pull_secrets": "", "secret_ref": "", "secret_suffix": "", "access_key": "", "key": "",
		"public_key": "", "ssh_username": "", "keystone": "", "tokenizer": "", "passenger": "", "": "", "_": "",
	} {
		one, many := callsSecret(name)
		got := map[bool]string{one: "one", many: "many"}[true]
		if got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

// TestSecretsInClear puts values into the third line of a platform.
func TestSecretsInClear(t *testing.T) {
	t.Parallel()
	pem := "-----BEGIN OPENSSH PRIVATE" + " KEY-----"
	jwt := "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiJhZG1pbiJ9" + ".c2lnbmF0dXJlLWhlcmU"
	cases := map[string]ruleTest{}
	for line, want := range map[string]string{
		`password = "hunter2-in-clear"`:                                             `"password" is the name of a secret, secret("NAME"), change the secret itself`,
		`db = { user = "app", "admin-password" = "hunter2-in-clear" }`:              `"admin-password"`,
		`registry_secrets = { dockerhub = "hunter2-in-clear" }`:                     `"registry_secrets"`,
		`tokens = ["hunter2-in-clear"]`:                                             `"tokens"`,
		`token = env.name == "prod" ? secret("TOKEN") : "hunter2-in-clear"`:         `"token"`,
		`token = coalesce(secret("TOKEN"), "hunter2-in-clear")`:                     `"token"`,
		`notes = [{ deep = { api_key = ("hunter2-in-clear") } }]`:                   `"api_key"`,
		`text = "` + pem + `\nhunter2-in-clear"`:                                    "a private key",
		`text = "AKIA` + `ABCDEFGHIJKLMNOP"`:                                        "an access key of AWS",
		`text = "ghp_` + strings.Repeat("a1B2", 9) + `"`:                            "a token of GitHub",
		`text = "github_pat_` + strings.Repeat("a1B2", 9) + `"`:                     "a token of GitHub",
		`text = "glpat-` + strings.Repeat("a1B2", 5) + `"`:                          "a token of GitLab",
		`text = "` + jwt + `"`:                                                      "a JSON web token",
		`text = "postgres://app:hunter2-in-clear@db.example.internal/app"`:          "a URL with a password",
		`text = "https://${env.name}:hunter2-in-clear@example.com"`:                 "a URL with a password",
		`text = "host=db user=app password=hunter2-in-clear"`:                       "a connection string",
		`storage_key = "` + "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNF" + `"`:        "a long random text",
		`auth = { cookie = 1, key = "` + "9f86d081884c7d659a2feaa0c55ad015" + `" }`: "a long random text",

		`password = ""`:                                      "",
		`password = secret("PASSWORD")`:                      "",
		`credentials = "~/.config/cloud.json"`:               "",
		`text = "postgres://app:$PASSWORD@db"`:               "",
		`text = "password=$PASSWORD"`:                        "",
		`password = null`:                                    "",
		`password_version = "hunter2-in-clear"`:              "",
		`password_secret = "bgp-password"`:                   "",
		`password_secret = { name = "bgp", key = "secret" }`: "",
		`token_url = "https://login.example.com/token"`:      "",
		`access_key = "company-backup"`:                      "",
		`registry_secrets = { dockerhub = secret("TOKEN") }`: "",
		`text = "postgres://app@db.example.internal/app"`:    "",
		`text = "https://example.com:8443/path@2"`:           "",
		`text = "host=db password=${secret("PASSWORD")}"`:    "",
		`text = "https://app:${secret("PASSWORD")}@db"`:      "",
		`public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"`: "",
		`key = "stage/seoul/network/terraform.tfstate"`:                                                   "",
		`auth_mode = "a-long-name-of-some-mode-of-operation"`:                                             "",
	} {
		test := ruleTest{source: "environment \"prod\" {\n  site \"seoul\" {}\n  " + line + "\n}\n" +
			"component \"net\" {\n  per = \"site\"\n  module = \"./net\"\n  inputs = { cidr = \"10.0.0.0/16\" }\n}\n" + header}
		if want != "" {
			test.want = []string{"3 secret-in-clear: " + want}
		}
		cases[line] = test
	}
	testRules(t, cases)
}

func TestSecretsEverywhere(t *testing.T) {
	t.Parallel()
	testRules(t, map[string]ruleTest{
		"state, provider, workflows, locals, overrides": {`platform "acme" {
  state "pg" {
    conn_str = "postgres://terraform:hunter2-in-clear@db/state"
  }
  provider "onprem" {
    harbor = { url = "https://harbor", password = "hunter2-in-clear" }
  }
  provider "helm" {
    kubernetes {
      token = "hunter2-in-clear"
    }
  }
  workflows "github" {
    secrets = ["HARBOR_PASSWORD"]
    env     = { API_TOKEN = "hunter2-in-clear" }
  }
}
locals {
  innocent = "hunter2-in-clear"
}
environment "prod" {}
component "app" {
  per    = "environment"
  module = "./app"
  override "prod" {
    inputs = { password = "hunter2-in-clear" }
  }
}
component "portal" {
  per    = "environment"
  module = "builtin:access-portal"
  inputs = {
    rdp_password         = local.innocent
    rdp_password_version = 1
  }
}`, []string{
			`3 secret-in-clear: "conn_str", backends read their credentials from the environment`,
			`6 secret-in-clear: "password"`,
			`10 secret-in-clear: "token"`,
			`15 secret-in-clear: "API_TOKEN"`,
			`19 secret-in-clear: The module treats its variable "rdp_password" as a secret`,
			`26 secret-in-clear: "password"`,
		}},
		"ignored": {`environment "prod" {
  # onprem:ignore onprem/secret-in-clear because it is printed on the lab's wall
  password = "hunter2-in-clear"
}
component "app" {
  per    = "environment"
  module = "./app"
  inputs = { password = env.password }
}
` + header, nil},
	})
}

// TestSecretsNotRepeated holds all messages to silence about the value.
func TestSecretsNotRepeated(t *testing.T) {
	t.Parallel()
	_, diags := loadBuiltin(map[string]string{"platform.hcl": `environment "prod" {
  password = "hunter2-in-clear"
  url      = "https://a:hunter2-in-clear@example.com"
}
component "app" {
  per    = "environment"
  module = "./app"
  inputs = { password = "x-${env.password}" }
}
` + header})
	if len(diags) != 3 {
		t.Errorf("got %d findings, want 3", len(diags))
	}
	for _, d := range diags {
		if strings.Contains(d.Summary+d.Detail, inClear) {
			t.Errorf("the secret is in the message: %s %s", d.Summary, d.Detail)
		}
	}
	if !Confidential(diags) {
		t.Error("the lines of the files may be shown")
	}
}

func TestSecretFlow(t *testing.T) {
	t.Parallel()
	// The value of the input net, which is an ordinary variable, is in line 4.
	app := func(value string) string {
		return `component "app" {
  per    = "site"
  module = "./app"
  inputs = { net = ` + value + ` }
}
locals { login = { user = "app", word = secret("APP_WORD") } }
environment "prod" {
  site "seoul" { login = local.login }
}
` + header
	}
	testRules(t, map[string]ruleTest{
		"by itself":               {app(`secret("APP_WORD")`), []string{`4 secret-to-plain-variable: secret("APP_WORD"), variable "net", declared at app/main.tf:2`}},
		"in an expression":        {strings.ReplaceAll(app(`{ word = "x-${secret("APP_WORD")}" }`), "net =", "settings ="), []string{`4 secret-to-plain-variable: APP_WORD`}},
		"through attributes":      {app(`site.login.word`), []string{`4 secret-to-plain-variable: APP_WORD`}},
		"what stands beside it":   {app(`site.login.user`), nil},
		"to an ephemeral one":     {strings.ReplaceAll(app(`secret("APP_WORD")`), "net =", "password ="), nil},
		"ignored where it stands": {strings.ReplaceAll(app(`site.login.word`), "locals {", "# onprem:ignore onprem/secret-to-plain-variable because the state is encrypted\nlocals {"), nil},
	})
}
