import {
  to = onprem_harbor_project.team1_prod
  identity = {
    name = "team1-prod"
  }
}
