#include "agent/cli/image_options.h"

namespace agent {
namespace {

constexpr const char* kImages = "What to sign; without these, what the registry has as IMAGE";

}  // namespace

void add_images_to_sign(CLI::App* command, ImageOptions& options) {
  add_optional_operand(command, "image", options.images, "IMAGE", "[registry/]repository:tag[@sha256:…]");
  under(command, kImages);
  add_value(command, "--release", options.release, "All images of a release file", "FILE");
}

void add_source_options(CLI::App* command, ImageOptions& options) {
  under(command, kImages);
  add_value(command, "--metadata-file", options.metadata_file,
            "What buildx or bake wrote (no IMAGE: all of it)", "FILE[:TARGET]");
  add_value(command, "--digest-file", options.digest_file, "What buildah, podman, kaniko, ko, skopeo wrote",
            "FILE");
  add_value(command, "--oci-layout", options.oci_layout, "An OCI image layout, folder or tar", "DIR[:REF]");
  add_value(command, "--file", options.file, "This file, as REPO:NAME", "PATH");
  place(add_flag(command, "--check-registry", options.check_registry,
                 "The registry must have this image as the tag"),
        kGuards);
  under(command, kRarely);
  add_value(command, "--manifest", options.manifest_file, "What to sign: this manifest", "FILE");
  add_value(command, "--size", options.size, "Bytes of the manifest, with IMAGE@sha256:…", "N");
  add_flag(command, "--also-children", options.also_children,
           "Sign TAG-OS-ARCH[-VARIANT] for each platform of an index, too");
  add_flag(command, "--platforms", options.platforms, "Show the platforms of an index");
  add_flag(command, "--no-check-registry", options.no_check_registry,
           "Do not look whether a registry that is known here has what was built");
}

}  // namespace agent
