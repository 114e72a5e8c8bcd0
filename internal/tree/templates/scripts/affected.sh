#!/usr/bin/env bash
# Prints the units that a change affects, as filters for Terragrunt, one a line:
#
#   affected.sh BASE [ENVIRONMENT]
#
# A unit is affected when its own files differ between BASE and HEAD, or one
# that it reads. Run it in the root of the repository, with the whole history.
set -euo pipefail
base=$(git rev-parse --verify "$1^{commit}")
head=$(git rev-parse HEAD)
environment=${2:-}

# Only find may get this filter: run would work in temporary work trees, where
# relative paths and local states are others.
filters=(--filter "[$base...$head]")

is_module() { # FOLDER
  compgen -G "$1/*.tf" || compgen -G "$1/*.tf.json" || compgen -G "$1/*.tofu"
}

# Terragrunt knows which .hcl files a unit reads, and the .tf files of its module.
# It does not know templates beside them, nor modules that modules call.
while IFS= read -r -d '' file; do
  module=$(dirname "$file")
  while [[ $module != . ]] && ! is_module "$module" > /dev/null; do
    module=$(dirname "$module")
  done
  [[ $module != . ]] || continue
  filter="reading=$module/**"
  # What no unit reads itself is called by another module: any may be affected.
  [[ -n $(terragrunt find --filter "$filter") ]] || filter='./**'
  filters+=(--filter "$filter")
done < <(git diff -z --name-only "$base" "$head" -- ':!*.hcl' ':!*.md')

units=$(terragrunt find --json "${filters[@]}" | jq -r '.[].path' | sort -u)
while IFS= read -r unit; do
  if [[ -z $unit || -n $environment && $unit != "$environment"/* ]]; then
    continue
  elif [[ -f $unit/terragrunt.hcl ]]; then
    echo "./$unit"
  else
    echo "::warning::$unit is removed, and what it has created stays as it is. To destroy that, check out the commit before and run: terragrunt destroy --working-dir $unit" >&2
  fi
done <<< "$units"
