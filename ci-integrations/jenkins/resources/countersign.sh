#!/bin/sh
# countersign.sh sign|verify: one step for any CI with a POSIX shell. All input comes in variables (README.md lists
# them) and none of it is ever evaluated. Secrets go to countersign through pipes (bash before 5.1: nameless files): they
# stand in no argument, under no name in a file system, and in no environment but the one that the CI gave to this shell.
# Exits with countersign's own status.
{ set +x; } 2>/dev/null  # a CI that traces its scripts would print secrets
set -euf

fail() {  # STATUS CODE MESSAGE HINT
  printf 'error[%s]: %s\nhint: %s\n' "$2" "$3" "$4" >&2
  exit "$1"
}
first_line() {  # VARIABLE FILE -> $line, as countersign reads a mounted secret. FILE may be the secret itself, by mistake
  line=
  { IFS= read -r line <"$2" || [ -n "$line" ]; } 2>/dev/null ||
    fail 3 CONFIG "cannot read the file that $1 names" "is it mounted, and not empty? a secret itself goes into ${1%_FILE}"
}

step=${1:-${COUNTERSIGN_STEP:-sign}}
case $step in sign | verify) ;; *) fail 2 USAGE "the step is neither sign nor verify" "countersign.sh sign" ;; esac

# From here on no child has a secret in its environment.
pin=${COUNTERSIGN_PIN-}
passphrase=${DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE-}
login=${NOTARY_AUTH-}
password=${COUNTERSIGN_PASSWORD-}
key=
unset COUNTERSIGN_PIN DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE NOTARY_AUTH COUNTERSIGN_PASSWORD
if [ -n "${COUNTERSIGN_PIN_FILE-}" ]; then first_line COUNTERSIGN_PIN_FILE "$COUNTERSIGN_PIN_FILE" && pin=$line; fi
if [ -n "${DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE_FILE-}" ]; then
  first_line DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE_FILE "$DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE_FILE" && passphrase=$line
fi
if [ -n "${NOTARY_AUTH_FILE-}" ]; then first_line NOTARY_AUTH_FILE "$NOTARY_AUTH_FILE" && login=$line; fi
if [ -n "${COUNTERSIGN_PASSWORD_FILE-}" ]; then first_line COUNTERSIGN_PASSWORD_FILE "$COUNTERSIGN_PASSWORD_FILE" && password=$line; fi
unset COUNTERSIGN_PIN_FILE DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE_FILE NOTARY_AUTH_FILE

# Some CIs put variables into variables: a tag called $COUNTERSIGN_PIN would be published with the PIN in its name.
holds_secret() { fail 2 USAGE "$1 holds a secret: nothing was run" "$2"; }
for secret in "$pin" "$passphrase" "$login" "$password"; do
  case $secret in
    "") ;;
    ? | ?? | ???) fail 3 CONFIG "a secret has less than 4 characters, which nobody can keep out of results" "choose a longer one" ;;
    *)  # what outsiders may have a say in
      case "${COUNTERSIGN_IMAGE-} ${COUNTERSIGN_IMAGES-} ${COUNTERSIGN_ANNOTATIONS-}" in *"$secret"*)
        holds_secret "the name of an image, or an annotation," "look at what the names of tags are made of" ;;
      esac ;;
  esac
  case $secret in
    ??????*)  # a shorter one stands by chance in pins and paths, which the pipeline's author has chosen
      case "${COUNTERSIGN_SERVER-} ${COUNTERSIGN_CA_CERT-} ${COUNTERSIGN_RECEIPT-} ${COUNTERSIGN_KEY-} \
        ${COUNTERSIGN_TRUST_ROOT-} ${COUNTERSIGN_TRUST_DIR-} ${COUNTERSIGN_POLICY-} ${COUNTERSIGN_ROLES-} \
        ${COUNTERSIGN_METADATA_FILE-} ${COUNTERSIGN_DIGEST_FILE-} ${COUNTERSIGN_OCI_LAYOUT-} ${COUNTERSIGN_IMAGES_FROM-} \
        ${COUNTERSIGN_RESULT-} ${COUNTERSIGN_JUNIT-} ${COUNTERSIGN_DOTENV-}" in *"$secret"*)
        holds_secret "the name of a server, a key, a role or a file" "take it out: it goes into its own variable alone" ;;
      esac ;;
  esac
done
lines='
'
case ${COUNTERSIGN_KEY-} in *pin-value=[!"&$lines"]*)
  fail 2 USAGE "COUNTERSIGN_KEY holds a PIN, which would stand in an argument" "take pin-value out of it, and set COUNTERSIGN_PIN" ;;
esac
case ${COUNTERSIGN_USERNAME:+user}${password:+password} in user | password)
  fail 3 CONFIG "of COUNTERSIGN_USERNAME and COUNTERSIGN_PASSWORD only one is set" "set both, or NOTARY_AUTH in their place" ;;
esac

if [ -n "${COUNTERSIGN_USERNAME-}" ]; then
  login=$(tr -d '\n' <<LOGIN | base64 | tr -d '\n'
$COUNTERSIGN_USERNAME:$password
LOGIN
  )
fi
if [ -n "${COUNTERSIGN_KEY_FILE-}" ]; then
  # Not as the shell would say it: somebody may have put the key itself there.
  key=$({ cat <"$COUNTERSIGN_KEY_FILE"; } 2>/dev/null) ||
    fail 3 CONFIG "cannot read the file that COUNTERSIGN_KEY_FILE names" "is it mounted?"
fi

# A result that cannot be told is no result: look before anything is signed. What is there is replaced, never written
# into: a build may have left a link to any file. From here on the files are known by descriptor, whatever becomes of names.
result=${COUNTERSIGN_RESULT:-countersign-$step.json}
cannot_write() { fail 11 LOCAL "cannot write $1" "name another file, or mend its folder"; }
for file in "$result" "${COUNTERSIGN_JUNIT-}" "${COUNTERSIGN_DOTENV-}"; do
  case $file in "" | /dev/*) ;; *) rm -f -- "$file" 2>/dev/null || cannot_write "$file" ;; esac
done
set -C  # a file that is there again is not opened
{ command exec 7>"$result"; } 2>/dev/null || cannot_write "$result"
{ command exec 8>"${COUNTERSIGN_JUNIT:-/dev/null}"; } 2>/dev/null || cannot_write "$COUNTERSIGN_JUNIT"
{ command exec 9>"${COUNTERSIGN_DOTENV:-/dev/null}"; } 2>/dev/null || cannot_write "$COUNTERSIGN_DOTENV"
set +C
if [ -n "${COUNTERSIGN_JUNIT-}${COUNTERSIGN_DOTENV-}" ] && ! command -v jq >/dev/null; then
  fail 3 CONFIG "jq is not installed" "install jq, or leave COUNTERSIGN_JUNIT and COUNTERSIGN_DOTENV empty"
fi

child=
stopped=
work=$(mktemp -d "${TMPDIR:-/tmp}/countersign.XXXXXX") ||
  fail 11 LOCAL "cannot make a folder in ${TMPDIR:-/tmp}" "set TMPDIR"
trap 'rm -rf "$work"' EXIT
# countersign stops cleanly, or finds out whether it has published.
trap 'stopped=143; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null || :' HUP INT TERM

# --name=value is one argument: a value that begins with a dash stays a value.
set -- "$step" --output=json "--trust-dir=${COUNTERSIGN_TRUST_DIR:-$work/trust}"
[ -z "${COUNTERSIGN_SERVER-}" ] || set -- "$@" "--server=$COUNTERSIGN_SERVER"
[ -z "${COUNTERSIGN_CA_CERT-}" ] || set -- "$@" "--tlscacert=$COUNTERSIGN_CA_CERT"
[ -z "${COUNTERSIGN_POLICY-}" ] || set -- "$@" "--policy=$COUNTERSIGN_POLICY"
IFS=$lines
for value in ${COUNTERSIGN_TRUST_ROOT-}; do set -- "$@" "--trust-root=$value"; done
for value in ${COUNTERSIGN_ROLES-}; do set -- "$@" "--role=$value"; done
if [ "$step" = sign ]; then
  [ -z "$key" ] || set -- "$@" --key=/dev/fd/6
  for value in ${COUNTERSIGN_KEY-}; do set -- "$@" "--key=$value"; done
  for value in ${COUNTERSIGN_ANNOTATIONS-}; do set -- "$@" "--annotate=$value"; done
  [ -z "${COUNTERSIGN_METADATA_FILE-}" ] || set -- "$@" "--metadata-file=$COUNTERSIGN_METADATA_FILE"
  [ -z "${COUNTERSIGN_DIGEST_FILE-}" ] || set -- "$@" "--digest-file=$COUNTERSIGN_DIGEST_FILE"
  [ -z "${COUNTERSIGN_OCI_LAYOUT-}" ] || set -- "$@" "--oci-layout=$COUNTERSIGN_OCI_LAYOUT"
  [ -z "${COUNTERSIGN_RECEIPT-}" ] || set -- "$@" "--receipt=$COUNTERSIGN_RECEIPT"
  [ "${COUNTERSIGN_ALLOW_MOVE-}" != true ] || set -- "$@" --allow-move
  [ "${COUNTERSIGN_DRY_RUN-}" != true ] || set -- "$@" --dry-run
else
  [ -z "${COUNTERSIGN_IMAGES_FROM-}" ] || set -- "$@" "--images-from=$COUNTERSIGN_IMAGES_FROM"
fi
IFS=" 	$lines"
# shellcheck disable=SC2086  # names of images hold no blanks; -f is set
set -- "$@" -- ${COUNTERSIGN_IMAGE:+"$COUNTERSIGN_IMAGE"} ${COUNTERSIGN_IMAGES-}
unset IFS

[ -z "$pin" ] || export COUNTERSIGN_PIN_FILE=/dev/fd/3
[ -z "$passphrase" ] || export DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE_FILE=/dev/fd/4
[ -z "$login" ] || export NOTARY_AUTH_FILE=/dev/fd/5
countersign "$@" >"$work/result" 3<<PIN 4<<PASSPHRASE 5<<LOGIN 6<<KEY 7>&- 8>&- 9>&- &
$pin
PIN
$passphrase
PASSPHRASE
$login
LOGIN
$key
KEY
child=$!
[ -z "$stopped" ] || kill -TERM "$child" 2>/dev/null || :
status=0
wait "$child" || status=$?
while kill -0 "$child" 2>/dev/null; do  # a signal ends `wait`, not countersign
  status=0
  wait "$child" || status=$?
done
if [ ! -s "$work/result" ]; then
  code=INTERNAL
  [ "$status" -le 128 ] || code=INTERRUPTED
  printf '{"ok": false, "repositories": [], "error": {"code": "%s", "message": "ended with status %s"}}\n' "$code" "$status" >"$work/result"
fi
cat "$work/result"
cat "$work/result" >&7

[ -z "${COUNTERSIGN_JUNIT-}" ] || jq -r --arg step "countersign $step" '
  def xml: tostring | gsub("[[:cntrl:]]"; " ") | @html;
  . as $all
  | [.repositories[] | .gun as $gun | .targets[]? | {
      name: "\($gun):\(.name)",
      reasons: (if .verdict == null or .verdict == "signed" or .verdict == "allowed" then null
        else [.verdict] + [.reasons[]?.message] | join("; ") end)}]
  | (if $all.ok or any(.reasons) then . else . + [{name: $step, reasons: "\($all.error.code): \($all.error.message)"}] end)
  | "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
    "<testsuite name=\"\($step)\" tests=\"\(length)\" failures=\"\(map(select(.reasons)) | length)\">",
    (.[] | "  <testcase classname=\"\($step)\" name=\"\(.name | xml)\"" +
      if .reasons then "><failure message=\"\(.reasons | xml)\"/></testcase>" else "/>" end),
    "</testsuite>"' "$work/result" >&8
[ -z "${COUNTERSIGN_DOTENV-}" ] || jq -r '
  select(.ok) | [.repositories[] | .gun as $gun | .targets[] | . + {gun: $gun}] as $targets
  | "COUNTERSIGN_DIGEST=\($targets[0].digest)",
    "COUNTERSIGN_DEPLOY=\([$targets[] | "\(.gun)@\(.digest)"] | join(" "))",
    "COUNTERSIGN_SIGNED_ROLES=\([$targets[].roles[]?] | unique | join(" "))",
    "COUNTERSIGN_VERSIONS=\([.repositories[].roles[]? | "\(.name)=\(.version)"] | join(" "))"' \
  "$work/result" >&9
exit "$status"
