# A look at a large gateway: at most 20 of its routes.
list "onprem_kong_route" "some" {
  provider = onprem
  limit    = 20
}
