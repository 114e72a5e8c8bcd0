# What a team deploys from: with a quota, scanned on push, and nothing with
# severe vulnerabilities can be pulled.
resource "onprem_harbor_project" "team1_prod" {
  name          = "team1-prod"
  storage_limit = 100 * pow(1024, 3) # 100 GiB
  auto_scan     = true
  prevent_vul   = true
  severity      = "high"

  cve_allowlist = {
    items      = ["CVE-2026-0001"]
    expires_at = "2026-12-31T00:00:00Z"
  }
}
