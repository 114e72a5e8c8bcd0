# Only signed images can be pulled, each with a bill of materials; what is
# overlooked is decided once, for the whole system.
resource "onprem_harbor_project" "base_images" {
  name                        = "base-images"
  public                      = true
  auto_sbom_generation        = true
  enable_content_trust        = true
  enable_content_trust_cosign = true
  reuse_sys_cve_allowlist     = true
}
