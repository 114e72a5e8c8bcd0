# What is refused before Harbor is asked.
variables {
  registries = {
    dockerhub = { type = "docker-hub", url = "https://hub.docker.com" }
  }
}

run "project_in_capitals" {
  command = plan
  variables {
    projects = { Team1 = {} }
  }
  expect_failures = [var.projects]
}

run "quota_of_nothing" {
  command = plan
  variables {
    projects = { team1-dev = { storage_limit_gib = 0 } }
  }
  expect_failures = [var.projects]
}

run "unknown_severity" {
  command = plan
  variables {
    projects = { team1-dev = { severity = "serious" } }
  }
  expect_failures = [var.projects]
}

run "prevention_without_severity" {
  command = plan
  variables {
    projects = { team1-dev = { prevent_vulnerable = true } }
  }
  expect_failures = [var.projects]
}

run "cache_of_an_unknown_registry" {
  command = plan
  variables {
    projects = { cached-images = { proxy_cache_of = "quay" } }
  }
  expect_failures = [var.projects]
}

run "address_without_protocol" {
  command = plan
  variables {
    registries = { legacy = { type = "docker-registry", url = "legacy-registry.internal:5000" } }
  }
  expect_failures = [var.registries]
}

run "secret_without_account" {
  command = plan
  variables {
    registry_secrets = { dockerhub = "a-token" }
  }
  expect_failures = [var.registry_secrets]
}

run "both_directions" {
  command = plan
  variables {
    replications = { backup = { src_registry = "dockerhub", dest_registry = "dockerhub" } }
  }
  expect_failures = [var.replications]
}

run "no_direction" {
  command = plan
  variables {
    replications = { backup = {} }
  }
  expect_failures = [var.replications]
}

run "unknown_registry" {
  command = plan
  variables {
    replications = { backup = { dest_registry = "quay" } }
  }
  expect_failures = [var.replications]
}

run "unknown_trigger" {
  command = plan
  variables {
    replications = { backup = { dest_registry = "dockerhub", trigger = "nightly" } }
  }
  expect_failures = [var.replications]
}

run "schedule_missing" {
  command = plan
  variables {
    replications = { backup = { dest_registry = "dockerhub", trigger = "scheduled" } }
  }
  expect_failures = [var.replications]
}

run "schedule_without_use" {
  command = plan
  variables {
    replications = { backup = { dest_registry = "dockerhub", cron = "0 0 2 * * *" } }
  }
  expect_failures = [var.replications]
}

run "pull_on_events" {
  command = plan
  variables {
    replications = { mirror = { src_registry = "dockerhub", trigger = "event_based" } }
  }
  expect_failures = [var.replications]
}
