#include "agent/work/import_keys.h"

#include "agent/names/image_reference.h"
#include "agent/work/new_keys.h"
#include "hsm/file/open_key.h"
#include "tuf/base/error.h"

namespace agent {
namespace {

struct Import {
  hsm::PrivateKey key;
  std::string label;
  std::string gun;
};

Import open(const hsm::KeyPem& pem, const std::string& file, const KeysToImport& wanted, Run& run) {
  const hsm::KeyPemHeaders& headers = pem.headers();
  const std::string label = !headers.role.empty() ? headers.role : wanted.label.value_or("delegation");
  std::string gun = headers.gun;
  if (gun.empty() && wanted.repository) gun = parse_repository(*wanted.repository).text();
  if (gun.empty() && (label == "targets" || label == "snapshot")) {
    throw tuf::Error(tuf::ErrorCode::kUsage,
                     file + " holds a " + label + " key, but not for which repository",
                     "name the repository with --gun REPO");
  }
  Import import{hsm::open_key(pem, file, label, run.secrets()), label, gun};
  run.secrets().passphrase(label);
  return import;
}

}  // namespace

void import_keys(const KeysToImport& wanted, Run& run, const std::function<void(const ImportedKey&)>& tell) {
  std::vector<Import> imports;
  for (const std::string& file : wanted.files) {
    for (const hsm::KeyPem& pem : hsm::read_key_file(file)) imports.push_back(open(pem, file, wanted, run));
  }
  if (run.dry_run()) require_room_for_keys(run);
  for (const Import& import : imports) {
    ImportedKey imported{import.key.public_key(), import.label, import.gun, {}};
    if (!run.dry_run()) {
      imported.location =
          run.key_store().add(import.key, import.label, import.gun, run.secrets().passphrase(import.label));
    }
    tell(imported);
  }
}

}  // namespace agent
