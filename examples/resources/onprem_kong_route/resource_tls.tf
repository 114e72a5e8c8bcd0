# Connections that are not HTTP: by where they come from and go to, and by the
# server name of TLS.
resource "onprem_kong_service" "settlement" {
  name = "settlement"
  url  = "tcp://settlement.nicepayment-frs.svc:9000"
}

resource "onprem_kong_route" "settlement" {
  name         = "settlement"
  protocols    = ["tcp", "tls"]
  snis         = ["settlement.example.internal"]
  sources      = [{ ip = "192.168.1.0/24" }, { ip = "192.168.1.254", port = 30900 }]
  destinations = [{ ip = "192.168.1.181", port = 9000 }, { port = 9443 }]
  service      = { id = onprem_kong_service.settlement.id }
}
