locals {
  hostile = {
    backticks = "```\n````diff\n- not a line of ours\n`````"
    tags      = "</details></summary><script>alert(1)</script><img src=x onerror=alert(1)>"
    marker    = "<!-- onprem-plan v1 key=stage part=1 run=999999 -->"
    mention   = "@onprem-tools/maintainers fixes #1, closes GH-1 and onprem-tools/terraform-provider-onprem#1"
    table     = "a | b \\| c"
    lines     = "carriage\r\nreturn\rand\ttab"
    control   = "\u0000\u0007\u001b[31mred\u001b[0m\u0008"
    direction = "safe\u202egnp.exe\u2066\u200b\ufeff"
    link      = "[click](javascript:alert(1)) ![x](https://tracker.example.com/x.png) www.example.com"
    heading   = "\n# Approved\n\n---\n\n- [x] reviewed\n"
    entity    = "&lt;b&gt; & &#96;"
    emoji     = "${join("", [for i in range(99) : "ab"])}👩‍👩‍👧‍👦🇰🇷é and more of it"
  }
}

resource "terraform_data" "text" {
  input = local.hostile.backticks
}

resource "terraform_data" "value" {
  for_each = local.hostile
  input    = each.value
}

resource "terraform_data" "key" {
  for_each = toset(values(local.hostile))
}

output "all" {
  value = local.hostile
}

check "hostile" {
  assert {
    condition     = length(terraform_data.text.input) == 0
    error_message = join(" ", values(local.hostile))
  }
}
