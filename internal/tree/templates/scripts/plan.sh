#!/usr/bin/env bash
# Plans the units that the filters on standard input choose:
#
#   plan.sh FOLDER [ARGUMENT…] < filters
#
# FOLDER gets plans/ for apply.sh, and json/, report.json and log.json for the
# comment. Plans and logs hold secrets in clear: FOLDER is for one job, it is
# never uploaded, and nothing of it is printed here.
set -euo pipefail
umask 077
folder=$1
shift
mkdir -p "$folder/json"
cat > "$folder/filters"
echo '[]' > "$folder/report.json"
: > "$folder/log.json"
changed=false

# Without any filter Terragrunt would plan everything.
if [[ -s $folder/filters ]]; then
  status=0
  terragrunt run --all --filters-file "$folder/filters" \
    --out-dir "$folder/plans" --json-out-dir "$folder/json" --report-file "$folder/report.json" \
    --log-format json -- plan -detailed-exitcode "$@" > "$folder/output.json" 2> "$folder/log.json" || status=$?
  jq -r '.[] | "\(.Result)\t\(.Name)"' "$folder/report.json"
  case $status in
    0) ;;
    2) changed=true ;;
    *)
      echo "::error::Not every unit could be planned." >&2
      exit "$status"
      ;;
  esac
fi
echo "changed=$changed" >> "${GITHUB_OUTPUT:-/dev/stdout}"
