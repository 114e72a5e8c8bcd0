# What is refused before Kong is asked.
run "name_with_a_space" {
  command = plan
  variables {
    services = { "frs api" = { url = "http://frs.example.internal" } }
  }
  expect_failures = [var.services]
}

run "address_without_protocol" {
  command = plan
  variables {
    services = { frs-api = { url = "frs.example.internal:8080" } }
  }
  expect_failures = [var.services]
}

run "route_that_matches_nothing" {
  command = plan
  variables {
    services = { frs-api = { url = "http://frs.example.internal", routes = { frs-api = { hosts = [] } } } }
  }
  expect_failures = [var.services]
}

run "path_without_slash" {
  command = plan
  variables {
    services = { frs-api = { url = "http://frs.example.internal", routes = { frs-api = { paths = ["frs"] } } } }
  }
  expect_failures = [var.services]
}

run "same_route_twice" {
  command = plan
  variables {
    services = {
      frs-api = { url = "http://frs.example.internal", routes = { api = { paths = ["/frs"] } } }
      board   = { url = "http://board.example.internal", routes = { api = { paths = ["/board"] } } }
    }
  }
  expect_failures = [var.services]
}
