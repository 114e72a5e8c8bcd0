# Five teams, each with a project for development and one for production.
variables {
  projects = merge(
    { for team in range(1, 6) : "team${team}-dev" => { auto_scan = true, storage_limit_gib = 20 } },
    { for team in range(1, 6) : "team${team}-prod" => { auto_scan = true, storage_limit_gib = 100, severity = "high" } },
    {
      base-images      = { public = true, auto_scan = true }
      shared-libraries = { public = true, auto_scan = true }
      cached-images    = { proxy_cache_of = "dockerhub", storage_limit_gib = -1 }
    },
  )

  registries = {
    legacy-docker-registry = { type = "docker-registry", url = "http://legacy-registry.internal:5000", insecure = true }
    dockerhub              = { type = "docker-hub", url = "https://hub.docker.com", access_key = "company-backup" }
  }
  registry_secrets = { dockerhub = "a-token" }

  replications = merge(
    { for project in setproduct(range(1, 6), ["dev", "prod"]) : "migrate-team${join("-", project)}" => {
      src_registry = "legacy-docker-registry"
      filters      = { name = "team${join("-", project)}/**" }
      override     = true
    } },
    { for team in range(1, 6) : "dockerhub-backup-team${team}-prod" => {
      dest_registry                = "dockerhub"
      dest_namespace               = "company-backup"
      dest_namespace_replace_count = 1
      filters                      = { name = "team${team}-prod/**", tag = "{v*.*.*,latest}" }
      trigger                      = "event_based"
    } },
  )
}

run "everything" {
  assert {
    condition     = length(output.projects) == 13 && length(output.registries) == 2 && length(output.replications) == 15
    error_message = "There should be 13 projects, 2 registries and 15 replication policies."
  }
  assert {
    condition     = onprem_harbor_project.this["team1-prod"].prevent_vul && !onprem_harbor_project.this["team1-dev"].prevent_vul
    error_message = "A severity should be enough to keep vulnerable images from being pulled."
  }
  assert {
    condition     = onprem_harbor_project.this["team1-dev"].storage_limit == 21474836480 && onprem_harbor_project.this["cached-images"].storage_limit == -1
    error_message = "Quotas should be 20 GiB in bytes, and -1."
  }
  assert {
    condition     = onprem_harbor_project.this["cached-images"].registry_id == output.registries["dockerhub"]
    error_message = "The proxy cache should be one of Docker Hub."
  }
  assert {
    condition = (
      onprem_harbor_replication_policy.this["migrate-team3-dev"].src_registry_id == output.registries["legacy-docker-registry"] &&
      onprem_harbor_replication_policy.this["dockerhub-backup-team3-prod"].dest_registry_id == output.registries["dockerhub"]
    )
    error_message = "Migrations should come from the old registry, and backups go to Docker Hub."
  }
  assert {
    condition = [for f in onprem_harbor_replication_policy.this["dockerhub-backup-team1-prod"].filters : "${f.type} ${f.value}"] == [
      "name team1-prod/**", "tag {v*.*.*,latest}",
    ]
    error_message = "A backup should copy the releases of its project."
  }
}

run "again_without_secrets" {
  variables {
    registry_secrets = { dockerhub = "" }
  }

  assert {
    condition     = onprem_harbor_registry.this["dockerhub"].access_secret_wo_version == 1
    error_message = "A secret whose version is the same should not be needed."
  }
}

run "nothing" {
  variables {
    projects         = {}
    registries       = {}
    registry_secrets = {}
    replications     = {}
  }

  assert {
    condition     = length(output.projects) == 0 && length(output.registries) == 0 && length(output.replications) == 0
    error_message = "Nothing should be left."
  }
}
