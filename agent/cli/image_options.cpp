#include "agent/cli/image_options.h"

namespace agent {

void add_images_to_sign(CLI::App* command, ImageOptions& options) {
  add_optional_operand(command, "image", options.images, "IMAGE", "[registry/]repository:tag[@sha256:…]");
  add_value(command, "--release", options.release, "Sign all images of a release file", "FILE");
}

void add_source_options(CLI::App* command, ImageOptions& options) {
  add_value(command, "--size", options.size, "Bytes of the manifest, with an explicit digest", "N");
  add_value(command, "--oci-layout", options.oci_layout, "Digest and size from an OCI image layout",
            "DIR[:REF]");
  add_value(command, "--metadata-file", options.metadata_file,
            "…from what buildx or bake wrote; without IMAGE: sign all it names", "FILE[:TARGET]");
  add_value(command, "--digest-file", options.digest_file,
            "…from what buildah, podman, kaniko, ko or skopeo wrote", "FILE");
  add_value(command, "--manifest", options.manifest_file, "…from the manifest itself", "FILE");
  add_value(command, "--file", options.file, "Sign this file, as REPO:NAME", "PATH");
  add_flag(command, "--check-registry", options.check_registry,
           "The tag in the registry must be this image, before and after");
  add_flag(command, "--no-check-registry", options.no_check_registry,
           "Do not look whether a registry that is known here has what was built");
  add_flag(command, "--platforms", options.platforms, "Show the platforms of an index");
  add_flag(command, "--also-children", options.also_children,
           "Sign TAG-OS-ARCH[-VARIANT] for each platform of an index, too");
}

}  // namespace agent
