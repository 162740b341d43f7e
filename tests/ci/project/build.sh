#!/bin/sh
# Builds the image IMAGE and pushes it.
set -eu
buildah build --quiet --isolation chroot -t "$IMAGE" .
buildah push --quiet "$IMAGE" "docker://$IMAGE"
