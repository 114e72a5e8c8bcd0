# Large files: only for clients of version 2, and not buffered on their way.
resource "onprem_kong_service" "files" {
  name = "files"
  url  = "http://files.nicepayment-frs.svc:8080/v2"
}

resource "onprem_kong_route" "files" {
  name               = "files-v2"
  hosts              = ["files.example.internal"]
  headers            = { "x-api-version" = ["2", "2-beta"] }
  path_handling      = "v1"
  request_buffering  = false
  response_buffering = false
  service            = { id = onprem_kong_service.files.id }
}
