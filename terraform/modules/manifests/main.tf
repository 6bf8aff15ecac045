# Everything that will be applied as a manifest, computed while planning: downloads that are compared with
# their pinned checksums, and the project's own Kustomize folders.

locals {
  files = merge([
    for group, download in var.downloads : {
      for name, sum in download.sha256 : "${group}/${name}" => { group = group, name = name, url = "${download.base}${name}", sha256 = sum }
    }
  ]...)
}

data "http" "download" {
  for_each = local.files

  url = each.value.url

  retry {
    attempts     = 3
    min_delay_ms = 500
  }

  lifecycle {
    postcondition {
      condition     = sha256(self.response_body) == each.value.sha256
      error_message = "${each.value.url} is not the file that versions.tf pins (expected sha256 ${each.value.sha256}, got ${sha256(self.response_body)}, status ${self.status_code}). Either the download was tampered with or cut, or the pin is out of date."
    }
  }
}

locals {
  # A file holds one or several documents; each becomes one object, keyed by kind and name.
  documents = {
    for group in keys(var.downloads) : group => merge([
      for key, file in local.files : {
        for text in split("\n---", "\n${data.http.download[key].response_body}") :
        "${yamldecode(text).kind}/${yamldecode(text).metadata.name}" => text
        if can(yamldecode(text).kind)
      } if file.group == group
    ]...)
  }
}
