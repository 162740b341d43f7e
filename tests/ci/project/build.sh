#!/bin/sh
# Builds the image IMAGE and pushes it; its digest goes into the file `digest`.
set -eu
buildah build --quiet --isolation chroot -t "$IMAGE" .
buildah push --quiet --digestfile digest "$IMAGE" "docker://$IMAGE"
