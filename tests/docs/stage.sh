# What pages take for granted: functions for their hidden blocks (<!-- prepare NAME … -->).
server=https://notary.example.com:4443
repository=registry.example.com/shop/web

admin() {  # an administrator with both passphrases; with "repository" also the trust data of the page's repository
  export COUNTERSIGN_SERVER=$server DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE=$SECRET DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE=$SECRET
  if [ "${1-}" = repository ]; then countersign repo init "$repository" -o json >init.json; fi
  pinned
}

pinned() {  # whoever has been given the trust root
  export COUNTERSIGN_SERVER=$server
  if [ -f init.json ]; then
    COUNTERSIGN_TRUST_ROOT=$(jq -r '.repositories[0].trust_root' init.json)
    export COUNTERSIGN_TRUST_ROOT
  fi
}

signer() {  # NAME: somebody with a key in a file
  export DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE=$SECRET
  pinned
  countersign key generate "$1"
}

token() {  # an empty token `ci`, whose PIN is known
  export COUNTERSIGN_PKCS11_MODULE=/usr/lib/softhsm/libsofthsm2.so COUNTERSIGN_PIN=$SECRET
  pinned
  pkcs11-tool --module "$COUNTERSIGN_PKCS11_MODULE" --init-token --slot-index 0 --label ci --so-pin env:SECRET
  pkcs11-tool --module "$COUNTERSIGN_PKCS11_MODULE" --token-label ci --init-pin --login --login-type so --so-pin env:SECRET \
    --new-pin env:SECRET
}

let_in() {  # NAME…: the administrator adds them
  for name in "$@"; do countersign signer add "$name" "$repository" --key "$name.pub"; done
}

sign() {  # TAG LAYOUT [OPTION…]
  local tag=$1 layout=$2
  shift 2
  countersign sign "$repository:$tag" --oci-layout "$layout" --no-check-registry "$@"
}
