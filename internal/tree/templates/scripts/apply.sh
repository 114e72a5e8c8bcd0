#!/usr/bin/env bash
# Applies what plan.sh has planned, exactly that:
#
#   apply.sh FOLDER [--follow]
#
# A unit that was planned on mock outputs has them in its plan, and Terraform
# would write them into real infrastructure. It waits, and so does every unit
# that comes after it. With --follow those are then planned anew and applied,
# one after the other: for apply, Terragrunt takes no mocks.
set -euo pipefail
umask 077
folder=$1

terragrunt_apply() { # FILTERS NAME ARGUMENT…
  local filters=$1 name=$2 status=0
  shift 2
  [[ -s $filters ]] || return 0
  echo '[]' > "$folder/$name.report.json"
  terragrunt run --all --filters-file "$filters" \
    --report-file "$folder/$name.report.json" --log-format json "$@" -- apply \
    > "$folder/$name.output.json" 2> "$folder/$name.log.json" || status=$?
  jq -r '.[] | "\(.Result)\t\(.Name)\(.Cause // "" | if . == "" then "" else "\n" + . end)"' "$folder/$name.report.json"
  return "$status"
}

planned=$(cd "$folder/json" && find . -name tfplan.json -exec dirname {} \; | sort)

# Either sign of a mock is enough: what Terragrunt has logged, or a value that
# begins as all mocks do.
mocked=$(
  {
    jq -Rr 'fromjson? | select(.level == "warn" and (.msg | contains("mock outputs provided"))) | ."working-dir"' "$folder/log.json" |
      sed "s|^$PWD/||; s|^|./|"
    while IFS= read -r unit; do
      [[ -z $unit ]] || jq -r --arg unit "$unit" \
        'if any(.variables // {} | .. | strings; startswith("mock-")) then $unit else empty end' "$folder/json/$unit/tfplan.json"
    done <<< "$planned"
  } | sort -u
)

waiting=
if [[ -n $mocked ]]; then
  filters=()
  while IFS= read -r unit; do
    filters+=(--filter "...{$unit}")
  done <<< "$mocked"
  after=$(terragrunt find --json "${filters[@]}" | jq -r '"./" + .[].path' | sort -u)
  waiting=$(comm -12 <(echo "$planned") <(echo "$after"))
fi
printf '%s' "${waiting:+$waiting$'\n'}" > "$folder/waiting"
comm -23 <(echo "$planned") <(echo "$waiting") > "$folder/ready"

terragrunt_apply "$folder/ready" apply --out-dir "$folder/plans"
if [[ ${2:-} == --follow ]]; then
  terragrunt_apply "$folder/waiting" follow
elif [[ -s $folder/waiting ]]; then
  echo "::notice::Some units stood on mock outputs. Their real plans are in the summary of this run, and want an approval of their own." >&2
fi
